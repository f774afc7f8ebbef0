/** Which page the address bar asks for, and going from one to another. */
import { signal } from "@preact/signals";

export type Route =
  | { readonly page: "home"; readonly folder: string }
  | { readonly page: "session"; readonly session: string }
  | { readonly page: "text"; readonly path: string }
  | { readonly page: "raw" }
  | { readonly page: "nowhere" };

/** The page that is shown: a new value each time that one is gone to, the same page again too. */
export const route = signal<Route>({ page: "home", folder: "" });

/**
 * The page of an address.
 *
 * Args:
 *   path: the path of the address, percent-encoded.
 *   query: what stands behind the question mark.
 */
export function routeOf(path: string, query = ""): Route {
  const match = /^\/s\/([^/]+)\/?$/.exec(path);
  if (match?.[1] !== undefined) return { page: "session", session: decodeURIComponent(match[1]) };
  if (/^\/(files|outputs|exports)\//.test(path)) return { page: "raw" };
  if (path !== "/" && path !== "") return { page: "nowhere" };
  const asked = new URLSearchParams(query);
  const text = asked.get("edit");
  return text !== null ? { page: "text", path: text } : { page: "home", folder: asked.get("in") ?? "" };
}

const inQuery = (path: string): string => encodeURIComponent(path).replaceAll("%2F", "/");

/** The address of the page that edits a file as text. */
export const textAddress = (path: string): string => `/?edit=${inQuery(path)}`;

/** The address of the home page that shows a folder. */
export const homeAddress = (folder: string): string => (folder === "" ? "/" : `/?in=${inQuery(folder)}`);

/** The address of the page of a session. */
export const sessionAddress = (session: string): string => `/s/${encodeURIComponent(session)}`;

/** Shows the page of the address bar. */
export function showAddress(): void {
  route.value = routeOf(location.pathname, location.search);
}

/** Puts an address into the address bar, and shows its page. */
export function goTo(address: string): void {
  history.pushState(null, "", address);
  showAddress();
}
