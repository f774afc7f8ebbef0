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
 *      │ ◄── blocked {host} ───────────────────── │  a load that the frame's policy stopped
 *      │ ◄── file {name, content} ─────────────── │  a file that the output would save: the page asks
 *      │ ─── theme {dark} ──────────────────────► │
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

export type LibraryName = "plotly" | "plotly-all" | "vega" | "widgets" | "icons" | "math";
const LIBRARIES: ReadonlySet<string> = new Set(["plotly", "plotly-all", "vega", "widgets", "icons", "math"] satisfies LibraryName[]);

export interface Show {
  readonly webipy: "show";
  /** `text/html`, `application/javascript`, the name of a figure (model/figure_forms.ts), or `document`: a whole one, for a frame in the frame. */
  readonly type: string;
  readonly body: Json;
  /** Scripts that run first. */
  readonly before: readonly string[];
  /** Hosts that a person lets this output load from. */
  readonly hosts: readonly string[];
  readonly dark: boolean;
}

export type ToGuest =
  | Show
  | { readonly webipy: "theme"; readonly dark: boolean }
  | { readonly webipy: "library"; readonly name: LibraryName; readonly code: Blob | null }
  | { readonly webipy: "model"; readonly comm: string; readonly state: Parts | null; readonly alive: boolean }
  | { readonly webipy: "state"; readonly comm: string; readonly state: Parts; readonly acked: number }
  | { readonly webipy: "custom"; readonly comm: string; readonly content: Json; readonly buffers: readonly string[] }
  | { readonly webipy: "opened"; readonly comm: string }
  | { readonly webipy: "closed"; readonly comm: string }
  | { readonly webipy: "dead" };

export type ToPage =
  | { readonly webipy: "ready" }
  | { readonly webipy: "size"; readonly height: number }
  | { readonly webipy: "want"; readonly name: LibraryName }
  | { readonly webipy: "blocked"; readonly host: string }
  | { readonly webipy: "file"; readonly name: string; readonly content: Blob }
  | { readonly webipy: "model"; readonly comm: string }
  | { readonly webipy: "set"; readonly comm: string; readonly state: Parts; readonly number: number }
  | { readonly webipy: "custom"; readonly comm: string; readonly content: Json; readonly buffers: readonly string[] };

/** The messages of a frame about its models. */
export type FromModels = Extract<ToPage, { webipy: "model" | "set" | "custom" }>;

/** A name that DNS knows, with a port if need be. */
export const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?$/;

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
      return typeof data.height === "number" && Number.isFinite(data.height) ? { webipy: "size", height: data.height } : null;
    case "want":
      return typeof data.name === "string" && LIBRARIES.has(data.name) ? { webipy: "want", name: data.name as LibraryName } : null;
    case "blocked":
      return typeof data.host === "string" && HOST.test(data.host) ? { webipy: "blocked", host: data.host } : null;
    case "file":
      return typeof data.name === "string" && data.content instanceof Blob
        ? { webipy: "file", name: data.name, content: data.content }
        : null;
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
