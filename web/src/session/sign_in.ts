/** What is shown instead of the page to whoever is not signed in, and signing out. */
import { signal } from "@preact/signals";
import { type Offer, signOut } from "../rpc/http.ts";
import { complain } from "../ui/notices.ts";
import { setGuest } from "./permissions.ts";
import { homeAddress } from "./route.ts";

/** Set while the sign-in form is shown: what went wrong before. */
export const signingIn = signal<{ message: string } | null>(null);
/** Set while a link asks for a name: what the link is for (null: for nothing, with the reason). */
export const joining = signal<{ secret: string; offer: Offer | null; message: string } | null>(null);

/** Ends this browser's login, and loads the page again. */
export async function leave(): Promise<void> {
  try {
    await signOut();
    setGuest(null);
    location.assign(homeAddress(""));
  } catch (error) {
    complain(error);
  }
}
