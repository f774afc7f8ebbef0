/** What the page fetches when it is wanted, and where it stands: the people, what a guest sees instead of the page, the bar that finds, text files. */

import type { Open } from "../session/open_session.ts";
import { following, people } from "../session/presence.ts";
import { LazyModule, lazily, useLazy } from "../ui/lazy.ts";

const peopleViews = new LazyModule(() => import("../people/People.tsx"));
const guestPages = new LazyModule(() => import("../people/Guest.tsx"));
const Asks = lazily(async () => (await import("../people/Asks.tsx")).Asks);

/** The bar that finds in all cells. */
export const FindBar = lazily(async () => (await import("../panels/FindBar.tsx")).FindBar);
/** What a guest may do, above the cells. */
export const RightBanner = lazily(async () => (await import("../people/RightBanner.tsx")).RightBanner);
/** A file that is edited as text. */
export const TextPage = lazily(async () => (await import("../home/TextPage.tsx")).TextPage);

/** Who else is here. */
export function Avatars({ open }: { open: Open }) {
  const views = useLazy(peopleViews, people.value.length > 0);
  return views === null ? null : <views.Avatars open={open} />;
}

/** Whom the page follows. */
export function FollowBar() {
  const views = useLazy(peopleViews, following.value !== null);
  return views === null ? null : <views.FollowBar />;
}

/** Who asks to edit; for whoever may let them. */
export function AskBanner({ open, may }: { open: Open; may: boolean }) {
  return may && people.value.some(one => one.asks) ? <Asks open={open} /> : null;
}

/** One of the pages of guests. */
export function GuestPage({ which }: { which: "Join" | "Ended" | "GuestHome" }) {
  const View = useLazy(guestPages)?.[which];
  return View === undefined ? null : <View />;
}
