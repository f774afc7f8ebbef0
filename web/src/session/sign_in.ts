/** What is shown instead of the page to whoever is not signed in, and signing out. */
import { signal } from "@preact/signals";
import { keyHere } from "../rpc/base_url.ts";
import { hubSignIn, type Offer, signOut } from "../rpc/http.ts";
import { complain } from "../ui/notices.ts";
import { setGuest } from "./permissions.ts";
import { wantsPush } from "./push_wanted.ts";
import { homeAddress } from "./route.ts";

/** Set while the sign-in form is shown: what went wrong before. */
export const signingIn = signal<{ message: string } | null>(null);
/** Set while a link asks for a name: what the link is for (null: for nothing, with the reason), or that it is an invitation to an account. */
export const joining = signal<{ secret: string; offer: Offer | "invitation" | null; message: string } | null>(null);

const WENT = keyHere("webipy-at-hub");
const AGAIN_MS = 60_000;

/** Goes to the hub's sign-in, and back here. Not when this tab has just come from there: whoever is still not signed in is told, and not sent round in circles. */
export function goToHub(now: number = Date.now()): boolean {
  try {
    if (now - Number(sessionStorage.getItem(WENT) ?? 0) < AGAIN_MS) return false;
    sessionStorage.setItem(WENT, String(now));
  } catch {
    return false; // a browser that keeps nothing keeps no login either
  }
  location.assign(hubSignIn(location.pathname + location.search));
  return true;
}

/** This tab is signed in: it may go to the hub again when that ends. */
export function isBackFromHub(): void {
  try {
    sessionStorage.removeItem(WENT);
  } catch {
    // a browser that keeps nothing
  }
}

/** Ends this browser's login, and loads the page again. */
export async function leave(): Promise<void> {
  try {
    const next = await signOut();
    wantsPush(false);
    setGuest(null);
    location.assign(next ?? homeAddress(""));
  } catch (error) {
    complain(error);
  }
}
