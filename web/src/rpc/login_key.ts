/**
 * This origin's half of the login.
 *
 * A browser sends the cookie of a host to every port of it, so other servers on this machine may see it; alone it opens nothing. The key is kept
 * here, for this origin and base URL only, and goes out in a header (in the list of subprotocols where a page can set no header). Where the browser itself
 * fetches something (a download, a tab that shows a file), a ticket stands for the key: `ticketed` in http.ts.
 */
import { keyHere } from "./base_url.ts";

export const KEY = keyHere("webipy-key");

let here: string | null = null;

/** The key, or null when this browser is not signed in, or has lost it. */
export function loginKey(): string | null {
  try {
    return localStorage.getItem(KEY) ?? here;
  } catch {
    return here; // a browser that keeps nothing: the key is this page's
  }
}

export function keepKey(key: string | null): void {
  here = key;
  try {
    if (key === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, key);
  } catch {
    // a browser that keeps nothing: whoever reloads the page signs in again
  }
}

/** The headers of a request with the key among them. */
export function withKey(headers: Record<string, string> = {}): Record<string, string> {
  const key = loginKey();
  return key === null ? headers : { ...headers, "x-webipy-key": key };
}

/** The subprotocols of a line: our name, and the key. */
export function subprotocols(): string[] {
  const key = loginKey();
  return key === null ? ["webipy"] : ["webipy", `key.${key}`];
}
