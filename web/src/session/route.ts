/** Which page the address bar asks for, and going from one to another. All addresses here are the browser's: they begin with the base URL. */
import { signal } from "@preact/signals";
import { decoded } from "../model/paths.ts";
import { BASE, outOf } from "../rpc/base_url.ts";

export type Route =
  | { readonly page: "home"; readonly folder: string }
  | { readonly page: "session"; readonly session: string; readonly output?: OutputPlace }
  | { readonly page: "text"; readonly path: string }
  | { readonly page: "file"; readonly path: string; readonly view: string | null }
  | { readonly page: "help"; readonly name: string }
  | { readonly page: "terminal"; readonly terminal: string }
  | { readonly page: "notebook"; readonly path: string }
  | { readonly page: "raw" }
  | { readonly page: "jupyter"; readonly address: string }
  | { readonly page: "nowhere" };

/** An output of a cell: the place among those that its last run, or the document, has put under it. */
export interface OutputPlace {
  readonly cell: string;
  readonly at: number;
}

/** The addresses of JupyterLab's and Notebook's pages: one of them leads here, as `?then=`, when nobody is signed in. */
const OF_JUPYTER = /^\/(lab|doc|tree|notebooks|edit|consoles|terminals)(?=[/?#]|$)/;

/** The page that is shown: a new value each time that one is gone to, the same page again too. */
export const route = signal<Route>({ page: "home", folder: "" });

function outputIn(query: string): { output?: OutputPlace } {
  const asked = new URLSearchParams(query);
  const cell = asked.get("output");
  return cell === null ? {} : { output: { cell, at: Math.max(0, Math.trunc(Number(asked.get("at")) || 0)) } };
}

/**
 * The page of an address.
 *
 * Args:
 *   path: the path of the address, percent-encoded.
 *   query: what stands behind the question mark.
 */
export function routeOf(path: string, query = ""): Route {
  const address = outOf(path);
  return address === null ? { page: "nowhere" } : routeBelow(address, query);
}

function routeBelow(path: string, query: string): Route {
  const match = /^\/s\/([^/]+)\/?$/.exec(path);
  if (match?.[1] !== undefined) return { page: "session", session: decoded(match[1]), ...outputIn(query) };
  if (path.startsWith("/n/")) return { page: "notebook", path: path.slice("/n/".length).split("/").map(decoded).join("/") };
  if (/^\/(files|outputs|exports|nbconvert)\//.test(path)) return { page: "raw" };
  if (path !== "/" && path !== "") return { page: "nowhere" };
  const asked = new URLSearchParams(query);
  const then = asked.get("then");
  if (then !== null) return OF_JUPYTER.test(then) ? { page: "jupyter", address: then } : { page: "nowhere" };
  const text = asked.get("edit");
  if (text !== null) return { page: "text", path: text };
  const terminal = asked.get("terminal");
  if (terminal !== null) return { page: "terminal", terminal };
  const help = asked.get("help");
  if (help !== null) return { page: "help", name: help };
  const file = asked.get("open");
  return file !== null ? { page: "file", path: file, view: asked.get("as") } : { page: "home", folder: asked.get("in") ?? "" };
}

const inQuery = (path: string): string => encodeURIComponent(path).replaceAll("%2F", "/");

/** The address of the page that edits a file as text. */
export const textAddress = (path: string): string => `${BASE}?edit=${inQuery(path)}`;

/** The address of the page that shows a file; in the view that files of its kind have first, if none is named. */
export const fileViewAddress = (path: string, view: string | null = null): string =>
  `${BASE}?open=${inQuery(path)}${view === null ? "" : `&as=${encodeURIComponent(view)}`}`;

/** The address of the home page that shows a folder. */
export const homeAddress = (folder: string): string => (folder === "" ? BASE : `${BASE}?in=${inQuery(folder)}`);

/** The address of a page of the guide. */
export const helpAddress = (name: string): string => `${BASE}?help=${inQuery(name)}`;

/** The address of the page of a terminal. */
export const terminalAddress = (terminal: string): string => `${BASE}?terminal=${encodeURIComponent(terminal)}`;

/** The address of the page of a session. */
export const sessionAddress = (session: string): string => `${BASE}s/${encodeURIComponent(session)}`;

/** The address of the page that shows one output of a session. */
export const outputAddress = (session: string, { cell, at }: OutputPlace): string =>
  `${sessionAddress(session)}?output=${encodeURIComponent(cell)}&at=${at}`;

/** The address of JupyterLab with a file; without a name JupyterLab as it was left. */
export const labAddress = (path: string): string =>
  path === "" ? `${BASE}lab` : `${BASE}lab/tree/${path.split("/").map(encodeURIComponent).join("/")}`;

/** The address of a notebook by its path: it opens the notebook, and becomes that of its session. */
export const notebookAddress = (path: string): string => `${BASE}n/${path.split("/").map(encodeURIComponent).join("/")}`;

/** Shows the page of the address bar after Back or Forward. A page that is shown already stays as it is: only the place in it is another. */
export function showReturn(): void {
  if (JSON.stringify(routeOf(location.pathname, location.search)) !== JSON.stringify(route.value)) showAddress();
}

/** Shows the page of the address bar. */
export function showAddress(): void {
  route.value = routeOf(location.pathname, location.search);
}

/** Puts an address into the address bar, and shows its page. */
export function goTo(address: string): void {
  history.pushState(null, "", address);
  showAddress();
}

/** As `goTo`, in place of the address that is there. */
export function replaceAddress(address: string): void {
  history.replaceState(null, "", address);
  showAddress();
}
