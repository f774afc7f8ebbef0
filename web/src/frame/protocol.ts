/**
 * The messages between the page and the guest in a sealed frame, by `postMessage`. The page trusts none of what it receives: `parseFromFrame` takes
 * only what has the right form, and copies it.
 *
 *     page                                       guest
 *      │ ◄── ready ────────────────────────────── │
 *      │ ─── show {type, body, before, hosts} ──► │  once
 *      │ ◄── size {height} ────────────────────── │  whenever it grows or shrinks
 *      │ ◄── want {name} ──────────────────────── │  a library of ours: an opaque origin shares no cache, so the page hands its copy over
 *      │ ─── library {name, code} ──────────────► │
 *      │ ◄── need {address, beside} ───────────── │  a file that the output names: beside the notebook, or of a well-known library
 *      │ ─── given {…, content, library} ───────► │  a copy of it, or the name of a library of ours that it is
 *      │ ◄── blocked {host} ───────────────────── │  a load that the frame's policy stopped
 *      │ ◄── file {name, content} ─────────────── │  a file that the output would save: the page asks
 *      │ ◄── link {address, text} ─────────────── │  a link that was followed, as it is written and as it reads
 *      │ ─── theme {dark} ──────────────────────► │
 *      │ ─── keys {keys} ───────────────────────► │  keys that the page would have, when the output has no use for them
 *      │ ◄── key {keys} ───────────────────────── │  one of them was pressed
 *      │ ─── paper {on} ────────────────────────► │  it is printed: all of it is drawn, nothing is wider than the frame
 *      │ ◄── settled {height} ─────────────────── │  the answer to that
 *
 * Frames of widgets also send messages about their models:
 *
 *      │ ◄── model {comm} ─────────────────────── │  asks for one
 *      │ ─── model {comm, state, alive} ────────► │  or `state: null`: there is none, or this output has nothing to do with it
 *      │ ◄── set {comm, state, number} ────────── │  a person changed something; numbers grow by one for each comm
 *      │ ─── state {comm, state, acked} ────────► │  what changed elsewhere, after the `set` of that number was taken in
 *      │ ◄── custom {comm, content, buffers} ──── │  a message between the two sides of a widget
 *      │ ─── custom {comm, content, buffers} ───► │
 *      │ ─── opened {comm} ─────────────────────► │  a model without a view that refers to one of the frame (a link)
 *      │ ─── closed {comm} / dead {} ───────────► │
 *      │ ◄── module {name} ────────────────────── │  asks where the JavaScript of a module may be
 *      │ ─── module {name, sources} ────────────► │  in the environment of the kernel; or null: the server cannot be asked
 *      │ ◄── part {path} ──────────────────────── │  asks for a file of a package
 *      │ ─── part {path, content} ──────────────► │  or null: there is none
 *
 * A state is `Parts`: for each key its value, and the binary parts of it as base64 with their paths (Jupyter widget messaging 2.1, buffer_paths).
 */
import type { Json } from "../rpc/schema.ts";

export type Path = readonly (string | number)[];

/** The value of one key of a model's state. */
export interface Part {
  readonly value: Json;
  /** Binary data inside of the value: where, and what as base64. */
  readonly buffers: readonly (readonly [Path, string])[];
}
export type Parts = { readonly [key: string]: Part };

/** The libraries of ours that frames ask for (build.mjs makes their files): programs and style sheets. */
const LIBRARIES = [
  "plotly",
  "plotly-all",
  "vega",
  "widgets",
  "icons",
  "math",
  "mermaid",
  "jquery",
  "require",
  "leaflet",
  "leaflet-css",
  "leaflet-markers",
  "bootstrap",
  "bootstrap-css",
  "bootstrap-3",
  "bootstrap-3-css",
  "bootstrap-3-theme",
  "glyphicons",
] as const;
export type LibraryName = (typeof LIBRARIES)[number];

const libraryOf = (name: unknown): LibraryName | undefined => LIBRARIES.find(one => one === name);

/** Where the JavaScript of a module of widgets may be (webipy/io/kernels/widget_packages.py). */
export interface Source {
  readonly form: "amd" | "federated";
  readonly folder: string;
  readonly name: string;
  readonly entry: string;
  readonly extension: string;
  readonly style: string;
}

/** What the page has for an address: a copy of the file, a library of ours, or neither. */
export interface Supply {
  readonly content: Blob | null;
  readonly library: LibraryName | null;
}

/** An output whose code others build on. */
export interface Piece {
  readonly type: "text/html" | "application/javascript";
  readonly body: string;
}

export interface Show {
  readonly webipy: "show";
  /** `text/html`, `application/javascript`, the name of a figure (model/figure_forms.ts), or `document`: a whole one, for a frame in the frame. */
  readonly type: string;
  readonly body: Json;
  /** Outputs that come before it, out of sight. */
  readonly before: readonly Piece[];
  /** Hosts that a person lets this output load from. */
  readonly hosts: readonly string[];
  readonly dark: boolean;
}

export type ToGuest =
  | Show
  | { readonly webipy: "theme"; readonly dark: boolean }
  | { readonly webipy: "paper"; readonly on: boolean }
  | { readonly webipy: "library"; readonly name: LibraryName; readonly code: Blob | null }
  | { readonly webipy: "keys"; readonly keys: readonly string[] }
  | ({ readonly webipy: "given"; readonly address: string; readonly beside: string } & Supply)
  | { readonly webipy: "model"; readonly comm: string; readonly state: Parts | null; readonly alive: boolean }
  | { readonly webipy: "state"; readonly comm: string; readonly state: Parts; readonly acked: number }
  | { readonly webipy: "custom"; readonly comm: string; readonly content: Json; readonly buffers: readonly string[] }
  | { readonly webipy: "opened"; readonly comm: string }
  | { readonly webipy: "closed"; readonly comm: string }
  | { readonly webipy: "dead" }
  | { readonly webipy: "module"; readonly name: string; readonly sources: readonly Source[] | null }
  | { readonly webipy: "part"; readonly path: string; readonly content: Blob | null };

export type ToPage =
  | { readonly webipy: "ready" }
  | { readonly webipy: "size" | "settled"; readonly height: number }
  | { readonly webipy: "want"; readonly name: LibraryName }
  | { readonly webipy: "need"; readonly address: string; readonly beside: string }
  | { readonly webipy: "key"; readonly keys: string }
  | { readonly webipy: "blocked"; readonly host: string }
  | { readonly webipy: "file"; readonly name: string; readonly content: Blob }
  | { readonly webipy: "link"; readonly address: string; readonly text: string }
  | { readonly webipy: "model"; readonly comm: string }
  | { readonly webipy: "set"; readonly comm: string; readonly state: Parts; readonly number: number }
  | { readonly webipy: "custom"; readonly comm: string; readonly content: Json; readonly buffers: readonly string[] }
  | { readonly webipy: "module"; readonly name: string }
  | { readonly webipy: "part"; readonly path: string };

/** The messages of a frame about its models. */
export type FromModels = Extract<ToPage, { webipy: "model" | "set" | "custom" }>;
/** Those, and what it asks of packages. */
export type FromWidgets = FromModels | Extract<ToPage, { webipy: "module" | "part" }>;

/** A name that DNS knows, with a port if need be. */
export const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?$/;

/** Signs of an address that somebody can still look at. */
const MOST_ADDRESS = 8192;

const isAddress = (value: unknown): value is string => typeof value === "string" && value.length <= MOST_ADDRESS;

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A copy as JSON has it; undefined when it is none (functions, cycles and the like cannot come through, but dates and maps can). */
function json(value: unknown): Json | undefined {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : (JSON.parse(text) as Json);
  } catch {
    return undefined; // a cycle, or a number that JSON has not
  }
}

const isBase64 = (value: unknown): value is string => typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(value);

function partOf(value: unknown): Part | null {
  if (!isRecord(value) || !Array.isArray(value.buffers)) return null;
  const copy = json(value.value);
  const buffers: [Path, string][] = [];
  for (const one of value.buffers as unknown[]) {
    if (!Array.isArray(one) || !Array.isArray(one[0]) || !isBase64(one[1])) return null;
    const path = (one[0] as unknown[]).filter(step => typeof step === "string" || typeof step === "number") as Path;
    buffers.push([path, one[1]]);
  }
  return copy === undefined ? null : { value: copy, buffers };
}

function partsOf(value: unknown): Parts | null {
  if (!isRecord(value)) return null;
  const parts: [string, Part][] = [];
  for (const [key, one] of Object.entries(value)) {
    const part = partOf(one);
    if (part === null) return null;
    parts.push([key, part]);
  }
  return Object.fromEntries(parts);
}

/** Parses a message of a frame; null when it is none of ours. */
export function parseFromFrame(data: unknown): ToPage | null {
  if (!isRecord(data)) return null;
  switch (data.webipy) {
    case "ready":
      return { webipy: "ready" };
    case "size":
    case "settled":
      return typeof data.height === "number" && Number.isFinite(data.height) ? { webipy: data.webipy, height: data.height } : null;
    case "want":
      return libraryOf(data.name) === undefined ? null : { webipy: "want", name: data.name as LibraryName };
    case "need":
      return isAddress(data.address) && isAddress(data.beside) ? { webipy: "need", address: data.address, beside: data.beside } : null;
    case "key":
      return typeof data.keys === "string" ? { webipy: "key", keys: data.keys } : null;
    case "blocked":
      return typeof data.host === "string" && HOST.test(data.host) ? { webipy: "blocked", host: data.host } : null;
    case "file":
      return typeof data.name === "string" && data.content instanceof Blob
        ? { webipy: "file", name: data.name, content: data.content }
        : null;
    case "link":
      return isAddress(data.address) && typeof data.text === "string" ? { webipy: "link", address: data.address, text: data.text } : null;
    case "module":
      return typeof data.name === "string" ? { webipy: "module", name: data.name } : null;
    case "part":
      return typeof data.path === "string" ? { webipy: "part", path: data.path } : null;
    default:
      return typeof data.comm === "string" ? aboutModel(data, data.comm) : null;
  }
}

function aboutModel(data: { readonly [key: string]: unknown }, comm: string): ToPage | null {
  if (data.webipy === "model") return { webipy: "model", comm };
  if (data.webipy === "set") {
    const state = partsOf(data.state);
    if (state === null || typeof data.number !== "number" || !Number.isSafeInteger(data.number)) return null;
    return { webipy: "set", comm, state, number: data.number };
  }
  if (data.webipy !== "custom" || !Array.isArray(data.buffers) || !data.buffers.every(isBase64)) return null;
  const content = json(data.content);
  return content === undefined ? null : { webipy: "custom", comm, content, buffers: [...data.buffers] };
}

/** Parses what the server says of a module; what has another form is left out. */
export function parseSources(data: unknown): readonly Source[] {
  const texts = ["folder", "name", "entry", "extension", "style"] as const;
  return (Array.isArray(data) ? (data as unknown[]) : []).flatMap(one => {
    if (!isRecord(one) || (one.form !== "amd" && one.form !== "federated") || !texts.every(key => typeof one[key] === "string")) return [];
    return [one as unknown as Source];
  });
}
