/** What the page fetches when it is wanted, and where it stands: the people, what a guest sees instead of the page, the bar that finds, dialogs, text files. */

import { BASE } from "../rpc/base_url.ts";
import type { Open } from "../session/open_session.ts";
import { following, lead, people } from "../session/presence.ts";
import { forActs, LazyModule, lazily, styled, useLazy } from "../ui/lazy.ts";
import { dialog, pager } from "../ui/page_state.ts";

const peopleViews = new LazyModule(styled(() => import("../people/People.tsx")));
const guestPages = new LazyModule(styled(() => import("../people/Guest.tsx")));
const Asks = lazily(async () => (await import("../people/Asks.tsx")).Asks);

/** The bar that finds in all cells. */
export const FindBar = lazily(async () => (await import("../panels/FindBar.tsx")).FindBar);
/** What a guest may do, above the cells. */
export const RightBanner = lazily(async () => (await import("../people/RightBanner.tsx")).RightBanner);
const homePage = new LazyModule(styled(async () => (await import("../home/Home.tsx")).Home));
/** The files, and what runs. */
export const Home = lazily(homePage);
if (location.pathname === BASE && !/[?&](edit|open|help|terminal)=/.test(location.search)) void homePage.fetch().catch(() => {}); // it is wanted at once; who draws it says when it does not come
/** One output in a tab of its own. */
export const OutputPage = lazily(async () => (await import("../outputs/OutputPage.tsx")).OutputPage);
/** A file that is no notebook. */
export const FilePage = lazily(async () => (await import("../home/FilePage.tsx")).FilePage);
/** A terminal. */
export const TerminalPage = lazily(async () => (await import("../home/TerminalPage.tsx")).TerminalPage);
/** A page of the guide. */
export const HelpPage = lazily(async () => (await import("../home/HelpPage.tsx")).HelpPage);

/** Who else is here. */
export function Avatars({ open }: { open: Open }) {
  const views = useLazy(peopleViews, people.value.length > 0);
  return views === null ? null : <views.Avatars open={open} />;
}

/** Whom the page follows, or is asked to. */
export function FollowBar({ open }: { open: Open }) {
  const views = useLazy(peopleViews, (following.value ?? lead.value) !== null);
  return views === null ? null : <views.FollowBar open={open} />;
}

/** Who asks for more; for whoever may let them. */
export function AskBanner({ open, may }: { open: Open; may: boolean }) {
  return may && people.value.some(one => one.asks) ? <Asks open={open} /> : null;
}

/** One of the pages of guests. */
export function GuestPage({ which }: { which: "Join" | "Ended" | "GuestHome" }) {
  const View = useLazy(guestPages)?.[which];
  return View === undefined ? null : <View />;
}

/** What stands where nothing is. */
export const Nothing = lazily(async () => (await import("./Nothing.tsx")).Nothing);
/** Signing in. */
export const SignIn = lazily(async () => (await import("./SignIn.tsx")).SignIn);
/** A file that is opened by its address. */
export const Raw = lazily(async () => (await import("../home/Raw.tsx")).Raw);

const dialogs = forActs(() => import("./Dialogs.tsx"));

/** The dialog that is open. */
export function Dialogs({ open }: { open: Open }) {
  const views = useLazy(dialogs, dialog.value !== null);
  return views === null ? null : <views.Dialogs open={open} />;
}

/** Documentation that the kernel wants to show, under the cells. */
export function PagerPanel() {
  const views = useLazy(dialogs, pager.value !== null);
  return views === null ? null : <views.PagerPanel />;
}

/** Fetches the code of the palette; once it is there, the palette takes the very next key. */
export async function fetchPalette(): Promise<void> {
  await (await dialogs.fetch()).fetchPalette();
}
