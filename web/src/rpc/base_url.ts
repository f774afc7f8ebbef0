/**
 * The base URL: the path that all addresses of this server are below, as the browser has it. The server puts the way there from the page's own address
 * (`../`) into the document; so it is right behind any proxy, whatever that takes away.
 *
 *     "/files/a.csv"                what the API and all texts call an address of this server: the page writes these
 *     "/a%40b/files/a.csv"          the same for the browser: `inside`, at the last step before it is fetched, shown as a link or gone to
 */
const page = typeof document === "undefined" ? null : document; // what is pure is tested without one, or with a part of one
const way = page?.documentElement?.dataset.base ?? "/";

/** With a slash at both ends, spelled as in the address bar: cookies are bound to it. An exported document may have no address of its own. */
export const BASE = URL.canParse(way, page?.baseURI) ? new URL(way, page?.baseURI).pathname : "/";

/**
 * The address as the browser needs it.
 *
 * Args:
 *   address: of this server, from its slash on, percent-encoded.
 *   base: the base URL.
 */
export const inside = (address: string, base: string = BASE): string => base + address.slice(1);

/**
 * The address of this server for a path of this origin; null for one that is not below the base URL.
 *
 * Args:
 *   path: as in the address bar, with or without a query.
 *   base: the base URL.
 */
export function outOf(path: string, base: string = BASE): string | null {
  if (path.startsWith(base)) return path.slice(base.length - 1);
  return `${path}/` === base ? "/" : null;
}

/** The name under which something is kept for this server in a storage that all servers of an origin share. */
export const keyHere = (name: string, base: string = BASE): string => (base === "/" ? name : `${name} ${base}`);
