/**
 * Files that an output names and that the page has: those beside the notebook, by their relative addresses; those of well-known libraries, by their
 * public ones. The page is asked for each (`need`), and hands a copy over or says that it has none; then the browser tries the address itself, and the
 * frame's policy decides.
 *
 *     script.src, link.href, img.src …  set by code or standing in markup  ──► need ──► given ──► blob: address
 *     import "https://…", import "./a.js" in a module                       ──► the same
 *     fetch("data.json"), an XMLHttpRequest (requests.ts)                   ──► the same
 *
 * What a file names in turn (`./b.js` in a.js, `url(c.png)` in a.css) is read from where that file lies: the page gets its address, too, and looks whether it
 * stands in that file.
 *
 * Scripts that run in their order (`async = false`) get their addresses in that order, whatever comes first.
 */
import { addressOf } from "./inline.ts";
import type { LibraryName, Supply } from "./protocol.ts";
import { watchRequests } from "./requests.ts";

/** Who has the files. */
export interface Store {
  /** Asks for what an address means that stands in a file of the output, or, with an empty `beside`, in the output itself. */
  need(address: string, beside: string): Promise<Supply>;
  file(name: LibraryName): Promise<Blob>;
  /** Runs a library of ours, once. */
  library(name: LibraryName): Promise<unknown>;
}
type Sourced = HTMLScriptElement | HTMLLinkElement | HTMLImageElement | HTMLMediaElement | HTMLSourceElement;

const base = (): string => document.baseURI;
const isRelative = (address: string): boolean => !/^(?:[a-z][a-z0-9+.-]*:|\/\/|#|$)/i.test(address.trim());
const isPublic = (address: string): boolean => /^(?:https?:)?\/\//i.test(address.trim());

/** Whether an address is one of this server, which no frame may load from. */
export const isOurs = (address: string): boolean => new URL(address).origin === new URL(base()).origin;

let store: Store | null = null;
let queue: Promise<unknown> = Promise.resolve();
const asked = new Map<string, Promise<Supply>>();
const NOTHING: Supply = { content: null, library: null };
/** What the script was to load, while a copy is on its way and after. */
const wishes = new WeakMap<Element, string>();
let loading = 0;
const quiet: (() => void)[] = [];

function supply(address: string, beside = ""): Promise<Supply> {
  const written = address.trim();
  const key = JSON.stringify([written, beside]);
  let answer = asked.get(key);
  if (answer === undefined) {
    answer = store?.need(written, beside) ?? Promise.resolve(NOTHING);
    asked.set(key, answer);
  }
  return answer;
}

/** The file itself; null when the page has none. */
async function fileAt(address: string, beside = ""): Promise<Blob | null> {
  const { content, library } = await supply(address, beside);
  return library === null ? content : ((await store?.file(library)) ?? null);
}

/** Resolves when no script is on its way. */
export async function settled(): Promise<void> {
  for (;;) {
    if (loading > 0) await new Promise<void>(resolve => quiet.push(resolve));
    await new Promise(resolve => setTimeout(resolve));
    if (loading === 0) return;
  }
}

function track(script: HTMLScriptElement): void {
  loading += 1;
  const done = (): void => {
    loading -= 1;
    if (loading === 0) for (const then of quiet.splice(0)) then();
  };
  script.addEventListener("load", done, { once: true });
  script.addEventListener("error", done, { once: true });
}

// ---- style sheets

const URL_IN_CSS = /url\(\s*(["']?)(?!data:|blob:|#)([^"')]+)\1\s*\)/g;
/** `@import "a.css" print;` and `@import url(a.css);`. */
const IMPORT_IN_CSS = /@import\s+(?:url\(\s*(["']?)([^"')]+)\1\s*\)|(["'])([^"']+)\3)\s*([^;]*);/g;
/** Style sheets inside of each other. */
const MOST_SHEETS = 8;

async function dataOf(content: Blob): Promise<string> {
  return await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("A file could not be read."));
    reader.readAsDataURL(content);
  });
}

/** A style sheet with the files that it names beside itself inside; other sheets stand where it imports them. */
async function wholeSheet(content: Blob, address: string, depth = 0): Promise<string> {
  const text = await withSheets(await content.text(), address, depth);
  const names = [...new Set([...text.matchAll(URL_IN_CSS)].map(match => match[2] ?? ""))];
  const found = new Map<string, string>();
  for (const name of names) {
    const file = isRelative(name) || isPublic(name) ? await fileNamedIn(name, address) : null;
    if (file !== null) found.set(name, await dataOf(file));
  }
  return text.replace(URL_IN_CSS, (match, _, name: string) => (found.has(name) ? `url("${found.get(name)}")` : match));
}

async function withSheets(text: string, address: string, depth: number): Promise<string> {
  const parts: string[] = [];
  let at = 0;
  for (const match of text.matchAll(IMPORT_IN_CSS)) {
    const name = match[2] ?? match[4] ?? "";
    const isFound = depth < MOST_SHEETS && (isRelative(name) || isPublic(name));
    const file = isFound ? await fileNamedIn(name, address) : null;
    if (file === null) continue;
    const sheet = await wholeSheet(file, besideOf(name, address), depth + 1);
    const media = match[5] ?? "";
    parts.push(text.slice(at, match.index), media === "" ? sheet : `@media ${media} {${sheet}}`);
    at = match.index + match[0].length;
  }
  return parts.join("") + text.slice(at);
}

/** What a file of the output names: that file lies at `address`. */
function fileNamedIn(name: string, address: string): Promise<Blob | null> {
  return isPublic(name) || isPublic(address) ? fileAt(besideOf(name, address)) : fileAt(name, address);
}

/** The address of what lies beside something, itself relative or not. */
function besideOf(name: string, address: string): string {
  if (isPublic(name)) return name;
  if (isPublic(address)) return new URL(name, address.startsWith("//") ? `https:${address}` : address).href;
  return name.startsWith("/") ? name : address.replace(/[^/]*$/, "") + name;
}

// ---- elements

const isSheet = (element: Element): boolean => element instanceof HTMLLinkElement && /\bstylesheet\b/i.test(element.rel);

/** Whether the page is asked for what an element would load from there: scripts and style sheets of anywhere, other files of this server. */
function isAskedFor(element: Element, address: string): boolean {
  if (element instanceof HTMLLinkElement && !isSheet(element)) return false;
  if (element instanceof HTMLScriptElement || isSheet(element)) return isPublic(address) || isRelative(address);
  return isRelative(address);
}

async function load(element: Sourced, address: string, set: (address: string) => void): Promise<void> {
  const { library } = await supply(address);
  if (library !== null && element instanceof HTMLScriptElement) {
    const ran = store?.library(library).then(() => "load");
    element.dispatchEvent(new Event((await ran?.catch(() => "error")) ?? "error"));
    return;
  }
  let content = await fileAt(address);
  if (content !== null && isSheet(element)) content = new Blob([await wholeSheet(content, address)], { type: "text/css" });
  if (content !== null && element instanceof HTMLScriptElement && element.type === "module" && isRelative(address))
    content = new Blob([await withImports(await content.text(), address)]);
  if (content === null) return set(address);
  element.removeAttribute("integrity");
  element.removeAttribute("crossorigin");
  set(element instanceof HTMLScriptElement ? addressOf(content) : URL.createObjectURL(content));
}

/** Lets an attribute wait for the page's answer. */
function follow(element: Sourced, address: string, set: (address: string) => void): void {
  wishes.set(element, address);
  if (!(element instanceof HTMLScriptElement)) {
    void load(element, address, set);
    return;
  }
  track(element);
  const loads = supply(address);
  if (element.async) void loads.then(() => load(element, address, set));
  else {
    queue = Promise.all([queue, loads]).then(() => load(element, address, set));
  }
}

/** Lets the property and the attribute of that name wait. */
function watchProperty(prototype: Element, name: "src" | "href"): void {
  const own = Object.getOwnPropertyDescriptor(prototype, name);
  const { set, get } = own ?? {};
  if (set === undefined || get === undefined) return;
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: Sourced) {
      return wishes.get(this) ?? get.call(this);
    },
    set(this: Sourced, value: unknown) {
      const address = String(value);
      wishes.delete(this);
      if (isAskedFor(this, address)) follow(this, address, one => set.call(this, one));
      else set.call(this, value);
    },
  });
  const { setAttribute } = Element.prototype;
  prototype.setAttribute = function (this: Sourced, attribute: string, value: string) {
    const address = String(value);
    if (attribute.toLowerCase() !== name || !isAskedFor(this, address)) setAttribute.call(this, attribute, value);
    else follow(this, address, one => setAttribute.call(this, name, one));
  };
}

/** Takes the addresses out of a part of a document before it is put into one, and asks for them. Scripts are run by whoever puts it in. */
export function supplyPart(part: Element | DocumentFragment): void {
  for (const element of part.querySelectorAll("img[src], audio[src], video[src], source[src], link[href]")) supplyElement(element);
  if (part instanceof Element) supplyElement(part);
}

function supplyElement(element: Element): void {
  const name = element instanceof HTMLLinkElement ? "href" : "src";
  const address = element.getAttribute(name);
  const isSourced =
    element instanceof HTMLImageElement ||
    element instanceof HTMLMediaElement ||
    element instanceof HTMLSourceElement ||
    element instanceof HTMLLinkElement;
  if (!isSourced || address === null || !isAskedFor(element, address)) return;
  element.removeAttribute(name);
  follow(element, address, one => {
    element.setAttribute(name, one);
    if (element instanceof HTMLSourceElement && element.parentElement instanceof HTMLMediaElement) element.parentElement.load();
  });
}

// ---- modules and requests

const IMPORT = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])((?:https:)?\/\/[^"'\s]+|\.{0,2}\/[^"'\s]+)\2/g;
/** The addresses of the copies of modules that lie beside the notebook, by their own. Each is one module, however many name it. */
const modules = new Map<string, string>();
/** One text after the other: two that name each other would wait for each other. */
let importing: Promise<unknown> = Promise.resolve();

/**
 * The text of a module with the addresses of the copies that the page has.
 *
 * Args:
 *   text: of the module.
 *   address: of its file; empty for one that stands in the output.
 */
export function withImports(text: string, address = ""): Promise<string> {
  const made = importing.then(() => imported(text, address, [address]));
  importing = made.catch(() => {});
  return made;
}

/** The same; `within` are the modules that import this one. A circle stays open, and the browser says so: a copy has no address before it is whole. */
async function imported(text: string, address: string, within: readonly string[]): Promise<string> {
  const found = new Map<string, string>();
  for (const [, , , name = ""] of text.matchAll(IMPORT)) {
    if (found.has(name)) continue;
    const copy = isPublic(name) ? await publicModule(name) : await moduleNamedIn(name, address, within);
    if (copy !== null) found.set(name, copy);
  }
  return text.replace(IMPORT, (match, word: string, quote: string, address: string) =>
    found.has(address) ? word + quote + found.get(address) + quote : match,
  );
}

async function publicModule(address: string): Promise<string | null> {
  const { content, library } = await supply(address);
  if (library !== null) await store?.library(library);
  if (library !== null) return addressOf(asModule(library, address));
  return content === null ? null : addressOf(content);
}

/** The globals of libraries of ours. */
const GLOBALS: { readonly [name in LibraryName]?: string } = {
  plotly: "Plotly",
  "plotly-all": "Plotly",
  jquery: "jQuery",
  leaflet: "L",
  bootstrap: "bootstrap",
};

/** A library of ours as a module. */
function asModule(library: LibraryName, address: string): string {
  const vega = /vega-embed/.test(address) ? "vegaEmbed" : /vega-lite/.test(address) ? "vegaLite" : "vega";
  const global = library === "vega" ? vega : GLOBALS[library];
  const all: unknown = global === undefined ? undefined : Reflect.get(window, global);
  if ((typeof all !== "object" && typeof all !== "function") || all === null) return "export {}";
  const names = Object.keys(all).filter(name => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default");
  const each = names.map((name, at) => `const v${at} = all[${JSON.stringify(name)}]; export { v${at} as ${name} };`);
  return `const all = window.${global}; export default all; ${each.join(" ")}`;
}

async function moduleNamedIn(name: string, address: string, within: readonly string[]): Promise<string | null> {
  const there = new URL(besideOf(name, address), "https://files.invalid/").pathname;
  const known = modules.get(there);
  if (known !== undefined || within.includes(there)) return known ?? null;
  const content = await fileNamedIn(name, address);
  if (content === null) return null;
  const copy = addressOf(await imported(await content.text(), besideOf(name, address), [...within, there]));
  modules.set(there, copy);
  return copy;
}

/** Begins to ask for what elements and requests of the output name. In a tab of its own, the document has nobody to ask. */
export function watchSupplies(from: Store): void {
  if (parent === window) return;
  store = from;
  watchProperty(HTMLScriptElement.prototype, "src");
  watchProperty(HTMLLinkElement.prototype, "href");
  watchProperty(HTMLImageElement.prototype, "src");
  watchProperty(HTMLMediaElement.prototype, "src");
  watchProperty(HTMLSourceElement.prototype, "src");
  watchRequests(fileAt);
}
