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
import type { LibraryName, Show, ToGuest, ToPage } from "./protocol.ts";

/** What a library gets to work with. */
export interface Surroundings {
  readonly root: HTMLElement;
  readonly hosts: readonly string[];
  isDark(): boolean;
  onDark(then: () => void): void;
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
const themed: (() => void)[] = [];
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
  for (const then of themed) then();
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

/** Public places of libraries that are ours too. */
const KNOWN: readonly (readonly [RegExp, LibraryName])[] = [
  [/^https:\/\/[^/]+\/(?:npm\/|ajax\/libs\/)?vega(?:-lite|-embed)?[@/]/, "vega"],
  [/^https:\/\/cdn\.plot\.ly\/plotly-/, "plotly-all"],
  [/^https:\/\/[^/]+\/(?:npm\/|ajax\/libs\/)?plotly\.js(?:-dist|-dist-min)?[@/]/, "plotly-all"],
];
const known = (address: string): LibraryName | undefined => KNOWN.find(([pattern]) => pattern.test(address))?.[1];

/** Scripts that code makes by itself get our copies too. */
const source = Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype, "src");
if (source?.set !== undefined && source.get !== undefined) {
  const { set, get } = source;
  Object.defineProperty(HTMLScriptElement.prototype, "src", {
    configurable: true,
    enumerable: true,
    get,
    set(this: HTMLScriptElement, address: string) {
      const name = known(String(address));
      if (name === undefined) set.call(this, address);
      else
        library(name).then(
          () => this.dispatchEvent(new Event("load")),
          () => this.dispatchEvent(new Event("error")),
        );
    },
  });
}

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
  into.append(part);
  for (const one of scripts) {
    const address = one.getAttribute("src");
    const { attributes, text } = one;
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

function runCode(code: string): void {
  const run = new Function("element", `${code}\n//# sourceURL=output.js`);
  run(root);
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
  for (const script of before) runCode(script);
  if (type === "text/html") await showHtml(String(body), root);
  else if (type === "document") await showDocument(String(body));
  else if (type === "application/javascript") runCode(String(body));
  else await surroundings.figure(type, body, root);
}

function show(message: Show): void {
  if (message.type === "document") dark = message.dark;
  else theme(message.dark);
  hosts = message.hosts;
  showMessage(message)
    .catch((error: unknown) => complain(error instanceof Error ? `${error.name}: ${error.message}` : String(error)))
    .finally(sendHeight);
}

// ---- what goes wrong

const reported = new Set<string>();

/** Says once of each server that nothing came from there. */
function refused(address: string): void {
  const { host, hostname, protocol } = new URL(address);
  if (reported.has(host)) return;
  reported.add(host);
  complain(`Nothing was loaded from ${host}: output has no network.`);
  if (hostname.includes(".") && protocol === "https:") send({ webipy: "blocked", host });
}

addEventListener("securitypolicyviolation", event => {
  if (/^https?:/.test(event.blockedURI)) refused(event.blockedURI);
});

addEventListener(
  "error",
  event => {
    if (event instanceof ErrorEvent) complain(event.message);
  },
  true,
);
addEventListener("unhandledrejection", event => complain(String(event.reason)));

watchOutward({ save: (name, content) => send({ webipy: "file", name, content }), say: text => line("said", text) });
watchInline("srcdoc", liftFrames);

const above = {
  show: (text: string): Show => ({ webipy: "show", type: "document", body: text, before: [], hosts, dark }),
  file,
  pass: (message: object) => parent.postMessage(message, "*"),
};

addEventListener("message", (event: MessageEvent<ToGuest>) => {
  if (event.source !== parent) return heardNested(event, above);
  const message = event.data;
  if (message.webipy === "show") show(message);
  else if (message.webipy === "theme") theme(message.dark);
  else if (message.webipy === "library") files.get(message.name)?.settle(message.code);
  else for (const then of listeners) then(message);
});
new ResizeObserver(sendHeight).observe(document.documentElement);
send({ webipy: "ready" });
