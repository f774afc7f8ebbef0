/** Places in the page for what comes only when it is wanted: the people, what a guest sees instead of the page, files as text. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Open } from "../session/open_session.ts";
import { following, people } from "../store/here.ts";
import { complain } from "../store/ui.ts";

type View = (props: { open: Open }) => ComponentChildren;
type People = typeof import("./People.tsx");

function usePeople(wanted: boolean): People | null {
  const [loaded, load] = useState<People | null>(null);
  useEffect(() => {
    if (wanted && loaded === null) import("./People.tsx").then(load).catch(complain);
  }, [wanted]);
  return wanted ? loaded : null;
}

export function AvatarsSlot({ open }: { open: Open }) {
  const View: View | undefined = usePeople(people.value.length > 0)?.Avatars;
  return View === undefined ? null : <View open={open} />;
}

export function FollowSlot() {
  const View = usePeople(following.value !== null)?.FollowBar;
  return View === undefined ? null : <View />;
}

/** Who asks to edit; for whoever may let them. */
export function AsksSlot({ open, may }: { open: Open; may: boolean }) {
  const [loaded, load] = useState<typeof import("./Asks.tsx") | null>(null);
  const wanted = may && people.value.some(one => one.asks);
  useEffect(() => {
    if (wanted && loaded === null) import("./Asks.tsx").then(load).catch(complain);
  }, [wanted]);
  return wanted && loaded !== null ? <loaded.Asks open={open} /> : null;
}

type Guest = typeof import("./Guest.tsx");

/** What a guest may do, above the cells. */
export function RightSlot({ open }: { open: Open }) {
  const [loaded, load] = useState<typeof import("./RightBanner.tsx") | null>(null);
  useEffect(() => {
    import("./RightBanner.tsx").then(load).catch(complain);
  }, []);
  return loaded === null ? null : <loaded.RightBanner open={open} />;
}

/** One of the pages of guests. */
export function GuestSlot({ which }: { which: "Join" | "Ended" | "GuestHome" }) {
  const [loaded, load] = useState<Guest | null>(null);
  useEffect(() => {
    import("./Guest.tsx").then(load).catch(complain);
  }, []);
  const View = loaded?.[which];
  return View === undefined ? null : <View />;
}

/** A file that is edited as text. */
export function TextSlot({ path }: { path: string }) {
  const [loaded, load] = useState<typeof import("./TextPage.tsx") | null>(null);
  useEffect(() => {
    import("./TextPage.tsx").then(load).catch(complain);
  }, []);
  return loaded === null ? null : <loaded.TextPage path={path} />;
}
