/** Whether this browser was told to show what comes by Web Push: then the page looks after it (push.ts). */
import { keyHere } from "../rpc/base_url.ts";

const KEY = keyHere("webipy-push");

export function isPushWanted(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false; // a browser that keeps nothing
  }
}

export function wantsPush(wanted: boolean): void {
  try {
    if (wanted) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
  } catch {
    return; // the subscription is there all the same; a page only looks after it less
  }
}
