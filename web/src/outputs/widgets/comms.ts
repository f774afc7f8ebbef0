/**
 * What the page knows of widgets: the fold of the events of their comms. No DOM, no clock; widgets.ts connects it with the server and the
 * frames.
 *
 * The journal has both directions of a comm in one order. What the kernel sends counts at once (`confirmed`). What a page sent waits in `pending` until the
 * kernel has echoed it (ipywidgets 8, `echo_update`), or has nothing more to do; so long it stands above what the kernel sends about the same keys, which
 * was sent before it was received. A kernel that does not echo counts at once, as the last sender. Every page folds the same order, so
 * all of them show the same, and a slider that is dragged does not jump back to where it was.
 *
 *     shown = confirmed, pending, then what this page has not sent yet (widgets.ts)
 *
 * Source: Jupyter widget messaging 2.1; the protocol of `jupyter.widget` comms.
 */

import type { Part, Parts, Path } from "../../frame/protocol.ts";
import { map } from "../../model/json.ts";
import { appendOutput, toNbformat, updateOutput } from "../../model/outputs.ts";
import type { Output, RichOutput } from "../../model/types.ts";
import type { AnyEvent, CommClosed, CommMessage, CommOpened, Json, JsonMap } from "../../rpc/schema.ts";

const TARGET = "jupyter.widget";
const SAVED = "application/vnd.jupyter.widget-state+json";
/** The server keeps so many widgets of kernels that have ended (webipy/core/kernel/comm_fold.py). */
const MOST_ENDED = 1000;

export interface Change {
  readonly comm: string;
  readonly kind: "opened" | "state" | "custom" | "closed" | "settled";
  readonly keys: readonly string[];
  readonly content: Json;
  readonly buffers: readonly string[];
}

interface Pending {
  readonly seq: number;
  parts: Parts;
  /** How often the kernel had nothing more to do since. The first time may have been before it received this. */
  idles: number;
}

/** Whether two parts are equal. Binary data is compared as the texts that it is. */
export function same(one: Part | undefined, other: Part | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || one.buffers.length !== other.buffers.length) return false;
  return (
    one.buffers.every(([path, text], at) => text === other.buffers[at]?.[1] && String(path) === String(other.buffers[at]?.[0])) &&
    JSON.stringify(one.value) === JSON.stringify(other.value)
  );
}

export class Comm {
  /** False when its kernel has ended: it can still be shown. */
  alive = true;
  readonly confirmed = new Map<string, Part>();
  readonly pending: Pending[] = [];
  echoes = false;
  /** The outputs of an Output widget, folded as those of an execution are. */
  readonly #outputs: Output[] = [];
  #clearNext = false;
  #outputsStale = false;
  #nextKey = 1;

  constructor(
    readonly id: string,
    readonly openedSeq: number,
  ) {}

  shown(key: string): Part | undefined {
    const pending = this.pending.findLast(one => Object.hasOwn(one.parts, key));
    if (pending !== undefined) return pending.parts[key];
    if (key === "outputs" && this.#outputsStale) {
      this.#outputsStale = false;
      this.confirmed.set(key, { value: this.#outputs.map(toNbformat), buffers: [] });
    }
    return this.confirmed.get(key);
  }

  keys(): string[] {
    const keys = new Set(this.confirmed.keys());
    for (const { parts } of this.pending) for (const key of Object.keys(parts)) keys.add(key);
    return [...keys];
  }

  confirm(parts: Parts): void {
    for (const [key, part] of Object.entries(parts)) {
      this.confirmed.set(key, part);
      if (key === "outputs") {
        this.#replaceOutputs(part.value);
      }
    }
  }

  #replaceOutputs(value: Json): void {
    this.#clearNext = false;
    this.#outputs.length = 0;
    const all = Array.isArray(value) ? value : [];
    for (const one of all) if (typeof one === "object" && one !== null && !Array.isArray(one)) this.addOutput(one, null);
    this.#outputsStale = false;
  }

  addOutput(raw: JsonMap, displayId: string | null): void {
    if (this.#clearNext) this.#outputs.length = 0;
    this.#clearNext = false;
    appendOutput(this.#outputs, raw, displayId, () => this.#nextKey++);
    this.#outputsStale = true;
  }

  /** Empties the outputs: at once, or when the next one comes. */
  clearOutputs(wait: boolean): void {
    this.#clearNext = wait;
    if (!wait) this.#outputs.length = 0;
    this.#outputsStale = true;
  }

  /** Updates what is shown under a display id; false when nothing is. */
  updateOutputs(displayId: string, data: JsonMap, metadata: JsonMap): boolean {
    const shown = this.#outputs.filter(one => one.kind === "rich" && one.displayId === displayId) as RichOutput[];
    for (const one of shown) updateOutput(one, data, metadata);
    if (shown.length > 0) this.#outputsStale = true;
    return shown.length > 0;
  }

  /** Whether the kernel may not have received the last message. */
  get isUnheard(): boolean {
    return this.pending.some(one => one.idles === 0);
  }

  /** The kernel had nothing more to do. One that does not echo is taken at its word; one that does has a second chance to echo. */
  idle(): string[] {
    for (const one of this.pending) one.idles++;
    const waits = this.echoes ? this.pending.findIndex(one => one.idles < 2) : -1;
    return this.settle(waits < 0 ? this.pending.length : waits);
  }

  /** Confirms the pending messages up to this place: the kernel has received them. */
  settle(end: number): string[] {
    const settled = this.pending.splice(0, end);
    for (const { parts } of settled) this.confirm(parts);
    return settled.flatMap(({ parts }) => Object.keys(parts));
  }
}

/** The parts of a message: each key of `state` with its buffers. */
export function partsOf(state: Json | undefined, paths: Json | undefined, buffers: readonly string[]): Parts {
  const found = new Map<string, { value: Json; buffers: [Path, string][] }>();
  if (typeof state === "object" && state !== null && !Array.isArray(state))
    for (const [key, value] of Object.entries(state)) found.set(key, { value, buffers: [] });
  if (Array.isArray(paths))
    paths.forEach((path, at) => {
      const buffer = buffers[at];
      if (!Array.isArray(path) || buffer === undefined) return;
      const [key, ...rest] = path as (string | number)[];
      const part = found.get(String(key)) ?? { value: null, buffers: [] };
      found.set(String(key), part);
      part.buffers.push([rest, buffer]);
    });
  return Object.fromEntries(found);
}

/** The message with those parts: the inverse of `partsOf`. */
export function messageOf(parts: Parts): { content: JsonMap; buffers: string[] } {
  const state: JsonMap = {};
  const paths: Json[] = [];
  const buffers: string[] = [];
  for (const [key, part] of Object.entries(parts)) {
    if (part.buffers.every(([path]) => path.length > 0)) state[key] = part.value;
    for (const [path, buffer] of part.buffers) {
      paths.push([key, ...path]);
      buffers.push(buffer);
    }
  }
  return { content: { method: "update", state, buffer_paths: paths }, buffers };
}

export class Comms {
  readonly all = new Map<string, Comm>();
  /** The event that the kernel of now began with: comms from before it are dead. */
  #kernelSeq = 0;

  /** Whether every widget that its program did not close is here. */
  get isWhole(): boolean {
    let ended = 0;
    for (const comm of this.all.values()) if (!comm.alive && comm.openedSeq > 0) ended++;
    return ended < MOST_ENDED;
  }

  /** Applies an event, if it concerns widgets; returns what it changed. */
  observe(event: AnyEvent): Change[] {
    switch (event.type) {
      case "comm_opened":
        return event.target === TARGET ? [this.#opened(event)] : [];
      case "comm_message":
        return this.#message(event);
      case "comm_closed":
        return this.#closed(event);
      case "widget_output_added":
      case "widget_outputs_cleared": {
        const comm = this.all.get(event.comm);
        if (comm === undefined) return [];
        if (event.type === "widget_output_added") comm.addOutput(event.output, event.display_id ?? null);
        else comm.clearOutputs(event.wait ?? false);
        return [change(comm.id, "state", ["outputs"])];
      }
      case "output_updated": {
        const shown = [...this.all.values()].filter(comm => comm.updateOutputs(event.display_id, map(event.data), map(event.metadata)));
        return shown.map(comm => change(comm.id, "state", ["outputs"]));
      }
      case "kernel_state_changed":
        if (event.state === "idle") return this.#idle();
        return event.state === "restarting" || event.state === "dead" ? this.#ended(event.seq) : [];
      case "kernel_started":
      case "kernel_ready":
      case "kernel_died":
        return this.#ended(event.seq);
      case "notebook_metadata_set":
        return this.#saved(map(event.metadata));
      default:
        return [];
    }
  }

  /** The widgets that a document was saved with: they can be shown, and nobody answers. */
  #saved(metadata: JsonMap): Change[] {
    const saved = map(map(map(metadata.widgets)[SAVED]).state);
    return Object.entries(saved).flatMap(([id, one]) => {
      if (this.all.has(id)) return [];
      const { state, buffers } = map(one);
      const comm = new Comm(id, 0);
      const kept = (Array.isArray(buffers) ? buffers : []).map(map).filter(buffer => buffer.encoding === "base64");
      comm.alive = false;
      comm.confirm(
        partsOf(
          state,
          kept.map(buffer => buffer.path ?? []),
          kept.map(buffer => String(buffer.data)),
        ),
      );
      this.all.set(id, comm);
      return [change(id, "opened", comm.keys())];
    });
  }

  #opened(event: CommOpened): Change {
    const comm = new Comm(event.comm, event.seq);
    const data = map(event.content);
    comm.alive = event.seq > this.#kernelSeq;
    comm.echoes = data.echoes === true; // as a snapshot has it
    comm.confirm(partsOf(data.state, data.buffer_paths, event.buffers ?? []));
    this.all.set(comm.id, comm);
    return change(comm.id, "opened", comm.keys());
  }

  #message(event: CommMessage): Change[] {
    const comm = this.all.get(event.comm);
    if (comm === undefined) return [];
    const data = map(event.content);
    const buffers = event.buffers ?? [];
    if (data.method === "custom") {
      if ((event.by ?? null) !== null) return []; // what pages send to the kernel is not for other pages
      return [{ comm: comm.id, kind: "custom", keys: [], content: data.content ?? null, buffers }];
    }
    if (data.method !== "update" && data.method !== "echo_update") return [];
    const parts = partsOf(data.state, data.buffer_paths, buffers);
    const keys = Object.keys(parts);
    if ((event.by ?? null) !== null) comm.pending.push({ seq: event.seq, parts, idles: 0 });
    else if (data.method === "echo_update") return [...this.#echoed(comm, parts), change(comm.id, "settled", keys)];
    else {
      if (!comm.echoes)
        for (const one of comm.pending) one.parts = Object.fromEntries(Object.entries(one.parts).filter(([key]) => !keys.includes(key)));
      comm.confirm(parts);
    }
    return [change(comm.id, "state", keys)];
  }

  /** The kernel has received the first pending message with this, and all before it. It may echo a part of a message only. */
  #echoed(comm: Comm, parts: Parts): Change[] {
    comm.echoes = true;
    const keys = Object.keys(parts);
    const at = comm.pending.findIndex(one => keys.every(key => same(one.parts[key], parts[key])));
    const settled = at < 0 ? [] : comm.settle(at + 1);
    comm.confirm(parts);
    return [change(comm.id, "state", [...new Set([...settled, ...keys])])];
  }

  #idle(): Change[] {
    const waiting = [...this.all.values()].filter(comm => comm.pending.length > 0);
    return waiting.map(comm => change(comm.id, "settled", comm.idle()));
  }

  #closed(event: CommClosed): Change[] {
    return this.all.delete(event.comm) ? [change(event.comm, "closed", [])] : [];
  }

  #ended(seq: number): Change[] {
    this.#kernelSeq = Math.max(this.#kernelSeq, seq);
    const ended = [...this.all.values()].filter(comm => comm.alive && comm.openedSeq < seq);
    for (const comm of ended) {
      comm.alive = false;
      comm.settle(comm.pending.length);
    }
    return ended.map(comm => change(comm.id, "settled", comm.keys()));
  }
}

function change(comm: string, kind: Change["kind"], keys: readonly string[]): Change {
  return { comm, kind, keys, content: null, buffers: [] };
}
