/**
 * The guest of a sealed frame: shows one output and reports its height. It runs in an opaque origin; nothing it does reaches the page but the
 * messages of protocol.ts. Built into frame.html as an inline script; what it needs besides (plotly, vega, the widgets) it asks the page for, which
 * hands over a copy of its own file: so the frame's policy names no place at all that scripts may come from.
 *
 * Scripts of an HTML output run one after the other in their order, as in a document. Well-known libraries that they would load from a
 * public server are ours instead.
 */
import "./seal.ts"; // first of all
import type { Json } from "../rpc/schema.ts";
import { addressOf, isRunnable, runScript, setHandlers, watchInline } from "./inline.ts";
import { heardNested, liftFrames } from "./nested.ts";
import { watchOutward } from "./outward.ts";
import { watchKeys } from "./page_keys.ts";
import type { LibraryName, Piece, Show, Supply, ToGuest, ToPage } from "./protocol.ts";
import { isOurs, settled, supplyPart, watchSupplies, withImports } from "./supplies.ts";

/** What a library gets to work with. */
export interface Surroundings {
  readonly root: HTMLElement;
  readonly hosts: readonly string[];
  isDark(): boolean;
  /** What draws again for the other theme; the end of it is waited for before the page is printed. */
  onDark(then: () => Promise<unknown>): void;
  onMessage(then: (message: ToGuest) => void): void;
  send(message: ToPage): void;
  library(name: LibraryName): Promise<Library>;
  /** The file of a library as text or the like, when it is no script. */
  file(name: LibraryName): Promise<Blob>;
  complain(reason: string): void;
  showHtml(html: string, into: HTMLElement): Promise<void>;
  /** Draws a figure of model/figure_forms.ts. */
  figure(type: string, body: Json, into: HTMLElement): Promise<void>;
}
export interface Library {
  show?(type: string, body: Json, surroundings: Surroundings): Promise<void> | void;
  /** Sets the formulas in an element. */
  typeset?(element: HTMLElement): void;
}

declare global {
  interface Window {
    /** Where a library puts itself. */
    webipy: { [name: string]: Library };
  }
}

let root = document.getElementById("output") ?? document.body;
const listeners: ((message: ToGuest) => void)[] = [];
const themed: (() => Promise<unknown>)[] = [];
let dark = false;
let hosts: readonly string[] = [];
let sentHeight = -1;
window.webipy = {};

const send = (message: ToPage): void => parent.postMessage(message, "*");

function sendHeight(): void {
  const height = document.documentElement.getBoundingClientRect().height;
  if (Math.abs(height - sentHeight) < 1) return;
  sentHeight = height;
  send({ webipy: "size", height });
}

function theme(now: boolean): void {
  dark = now;
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const drawn = themed.map(then => then().catch((error: unknown) => complain(String(error))));
  showing = Promise.all([showing, ...drawn]);
}

function line(className: string, text: string): void {
  const element = document.createElement("pre");
  element.className = className;
  element.textContent = text;
  root.append(element);
}

const complain = (reason: string): void => line("error", reason);

// ---- libraries

const files = new Map<LibraryName, { promise: Promise<Blob>; settle(code: Blob | null): void }>();
const loading = new Map<LibraryName, Promise<Library>>();

function file(name: LibraryName): Promise<Blob> {
  let wanted = files.get(name);
  if (wanted === undefined) {
    let settle: (code: Blob | null) => void = () => {};
    const promise = new Promise<Blob>((resolve, reject) => {
      settle = code => (code === null ? reject(new Error("A part of webipy could not be loaded. Reload the page.")) : resolve(code));
    });
    wanted = { promise, settle };
    files.set(name, wanted);
    send({ webipy: "want", name });
  }
  return wanted.promise;
}

async function load(name: LibraryName): Promise<Library> {
  await runScript({ src: addressOf(await file(name)) });
  return window.webipy[name] ?? {};
}

function library(name: LibraryName): Promise<Library> {
  let promise = loading.get(name);
  if (promise === undefined) {
    promise = load(name);
    loading.set(name, promise);
  }
  return promise;
}

const needs = new Map<string, (supply: Supply) => void>();
const keyOf = (address: string, beside: string): string => JSON.stringify([address, beside]);

/** Asks the page for a file that the output names, or a file beside which another one lies. */
function need(address: string, beside: string): Promise<Supply> {
  return new Promise(resolve => {
    needs.set(keyOf(address, beside), resolve);
    send({ webipy: "need", address, beside });
  });
}

/** What outputs expect to be there, as in Jupyter: loaded when their code names it. */
const EXPECTED: readonly (readonly [RegExp, string, LibraryName])[] = [
  [/\b(?:require|requirejs|define)\s*(?:\(|\.config\b)/, "require", "require"],
  [/(?:^|[^\w$.])(?:\$|jQuery)\s*(?:\(|\.)/, "jQuery", "jquery"],
];

async function expectedBy(texts: readonly string[]): Promise<void> {
  for (const [pattern, global, name] of EXPECTED)
    if (!(global in window) && texts.some(text => text.length < MOST_SEARCHED && pattern.test(text) && !DOES_WITHOUT.test(text)))
      await library(name);
}
/** Code that looks whether they are there; most of it takes another way when they are not, which is the better one here. */
const DOES_WITHOUT = /\btypeof\s*\(?\s*(?:define|require|requirejs|jQuery|\$)|\bJupyter\b|window\.(?:jQuery|require)\b/;
/** Libraries that stand in the output themselves are not searched for others. */
const MOST_SEARCHED = 300_000;

// ---- showing

async function showHtml(html: string, into: HTMLElement): Promise<void> {
  const template = document.createElement("template");
  template.innerHTML = html;
  await insert(template.content, into);
}

/** Puts a part of a document in, and runs its scripts. */
async function insert(part: DocumentFragment, into: Element): Promise<void> {
  const scripts = [...part.querySelectorAll("script")].filter(isRunnable);
  setHandlers(part);
  liftFrames(part);
  supplyPart(part);
  await expectedBy(scripts.map(one => one.text));
  into.append(part);
  for (const one of scripts) {
    const address = one.getAttribute("src");
    const { attributes } = one;
    const text = one.type === "module" ? await withImports(one.text) : one.text;
    const ran = runScript(address === null ? { text, attributes } : { src: address, attributes }, one);
    if (address !== null && !one.hasAttribute("async")) await ran;
  }
}

/** Shows a whole document in place of this one: in a nested frame. */
async function showDocument(html: string): Promise<void> {
  const { documentElement, head, body } = new DOMParser().parseFromString(html, "text/html");
  for (const one of document.querySelectorAll("head > style, head > meta[name=color-scheme], body > *")) one.remove();
  for (const [from, to] of [
    [documentElement, document.documentElement],
    [body, document.body],
  ] as const)
    for (const { name, value } of from.attributes) to.setAttribute(name, value);
  root = document.body;
  for (const [from, into] of [
    [head, document.head],
    [body, document.body],
  ] as const) {
    const part = document.createDocumentFragment();
    part.append(...from.childNodes);
    await insert(part, into);
  }
  document.dispatchEvent(new Event("DOMContentLoaded", { bubbles: true }));
  dispatchEvent(new Event("load"));
}

/** In a document that is there already `document.write` would begin a new one: what it writes stands after the script that runs, or at the end. */
function writeHere(...markup: string[]): void {
  const { currentScript } = document;
  const place = document.createElement("div");
  place.style.display = "contents";
  if (currentScript !== null && root.contains(currentScript)) currentScript.after(place);
  else root.append(place);
  void showHtml(markup.join(""), place);
}
document.write = writeHere;
document.writeln = writeHere;

async function runCode(code: string, element: HTMLElement): Promise<void> {
  await expectedBy([code]);
  const run = new Function("element", `${code}\n//# sourceURL=output.js`);
  run(element);
}

/** Runs the outputs that this one builds on, out of sight; what they load is there when it begins. */
async function runBefore(pieces: readonly Piece[]): Promise<void> {
  if (pieces.length === 0) return;
  const hidden = document.createElement("div");
  hidden.hidden = true;
  document.body.append(hidden);
  for (const { type, body } of pieces) {
    const place = document.createElement("div");
    hidden.append(place);
    try {
      if (type === "text/html") await showHtml(body, place);
      else await runCode(body, place);
    } catch (error) {
      reportError(error);
    }
  }
  await settled();
}

const surroundings: Surroundings = {
  get root() {
    return root;
  },
  get hosts() {
    return hosts;
  },
  isDark: () => dark,
  onDark: then => themed.push(then),
  onMessage: then => listeners.push(then),
  send,
  library,
  file,
  complain,
  showHtml,
  figure: async (type, body, into) => await (await library(drawer(type, body))).show?.(type, body, { ...surroundings, root: into }),
};

/** The library that draws a figure of that type. */
function drawer(type: string, body: Json): LibraryName {
  if (type === "plotly") return isSimple(body) ? "plotly" : "plotly-all";
  if (type === "mermaid") return "mermaid";
  return type === "widget" ? "widgets" : "vega";
}

/** The traces that the smaller of the two plotly bundles draws. */
const SIMPLE = new Set(
  "scatter bar pie box heatmap histogram histogram2d histogram2dcontour contour violin funnel funnelarea waterfall image scatterternary quiver"
    .split(" ")
    .concat(""),
);

function isSimple(body: Json): boolean {
  const found: string[] = [];
  const gather = (traces: unknown): void => {
    if (Array.isArray(traces)) for (const trace of traces as { type?: string }[]) found.push(trace?.type ?? "");
  };
  const figure = body as { data?: unknown; frames?: { data?: unknown }[]; layout?: object };
  gather(figure.data);
  for (const frame of figure.frames ?? []) gather(frame.data);
  const text = JSON.stringify({ ...figure.layout, template: null });
  return found.every(type => SIMPLE.has(type)) && !/"(scene|geo|map|mapbox|polar|smith)\d*":/.test(text);
}

async function showMessage({ type, body, before }: Show): Promise<void> {
  await runBefore(before);
  if (type === "text/html") await showHtml(String(body), root);
  else if (type === "document") await showDocument(String(body));
  else if (type === "application/javascript") await runCode(String(body), root);
  else await surroundings.figure(type, body, root);
}

/** What is being shown. */
let showing: Promise<unknown> = Promise.resolve();

function show(message: Show): void {
  if (message.type === "document") dark = message.dark;
  else theme(message.dark);
  hosts = message.hosts;
  showing = showMessage(message)
    .catch((error: unknown) => complain(error instanceof Error ? `${error.name}: ${error.message}` : String(error)))
    .finally(sendHeight);
}

// ---- paper

/** Libraries draw anew so long after the frame has another width (plotly: 100 ms). */
const REDRAW_MS = 200;

const isWide = (): boolean => root.scrollWidth > root.clientWidth + 1;

const painted = (): Promise<unknown> => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));

/** Draws all there is, no wider than the frame, and says how high it is. */
async function paper(on: boolean): Promise<void> {
  await showing;
  root.style.removeProperty("zoom");
  await Promise.allSettled([...document.images].map(one => one.decode()));
  await painted();
  if (on && isWide()) await new Promise(resolve => setTimeout(resolve, REDRAW_MS));
  if (on && isWide()) root.style.zoom = String(root.clientWidth / root.scrollWidth);
  await painted();
  send({ webipy: "settled", height: document.documentElement.getBoundingClientRect().height });
}

// ---- what goes wrong

const reported = new Set<string>();

/** Says once of each server that nothing came from there. */
function refused(address: string): void {
  if (isOurs(address)) return; // the page was asked, and has none
  const { host, hostname, protocol } = new URL(address);
  if (reported.has(host)) return;
  reported.add(host);
  if (hostname.includes(".") && protocol === "https:") send({ webipy: "blocked", host });
  else complain(`Nothing was loaded from ${host}: output has no network.`);
}

addEventListener("securitypolicyviolation", event => {
  if (/^https?:/.test(event.blockedURI)) refused(event.blockedURI);
});

addEventListener(
  "error",
  event => {
    if (event instanceof ErrorEvent && reported.size === 0) complain(event.message); // what was not loaded is missed: the page says it
  },
  true,
);
addEventListener("unhandledrejection", event => {
  if (reported.size === 0) complain(String(event.reason));
});

watchOutward({
  save: (name, content) => send({ webipy: "file", name, content }),
  open: (address, text) => send({ webipy: "link", address, text }),
  say: text => line("said", text),
});
watchInline("srcdoc", part => {
  liftFrames(part);
  supplyPart(part);
});
watchSupplies({ need, file, library });
const pageKeys = watchKeys(keys => send({ webipy: "key", keys }));

const above = {
  show: (text: string): Show => ({ webipy: "show", type: "document", body: text, before: [], hosts, dark }),
  file,
  need,
  keys: pageKeys.now,
  pass: (message: object) => parent.postMessage(message, "*"),
};

addEventListener("message", (event: MessageEvent<ToGuest>) => {
  if (event.source !== parent) return heardNested(event, above);
  const message = event.data;
  if (message.webipy === "show") show(message);
  else if (message.webipy === "theme") theme(message.dark);
  else if (message.webipy === "paper") void paper(message.on);
  else if (message.webipy === "library") files.get(message.name)?.settle(message.code);
  else if (message.webipy === "given") {
    const key = keyOf(message.address, message.beside);
    needs.get(key)?.(message);
    needs.delete(key);
  } else if (message.webipy === "keys") pageKeys.set(message.keys);
  else for (const then of listeners) then(message);
});
new ResizeObserver(sendHeight).observe(document.documentElement);
send({ webipy: "ready" });
