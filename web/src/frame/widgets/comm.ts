/**
 * The comm of one model inside of a frame. To the model it looks like a comm to the kernel; its other end is the page, which answers every `set`.
 *
 * What a person changes here while an older state is on its way from the page must not be undone by it: keys that were set after
 * the last `set` that the page has applied are left out of what it sends, and so are those that the model has not sent yet. The page says
 * them again if it comes to another result.
 */
import type { Json, JsonMap } from "../../rpc/schema.ts";
import type { Part, Parts, Path, ToPage } from "../protocol.ts";

interface Callbacks {
  readonly iopub?: { readonly status?: (message: unknown) => void };
}
interface Model {
  _msg_buffer?: { readonly [key: string]: unknown } | null;
}
type Binary = ArrayBuffer | ArrayBufferView;
type Listener = (message: unknown) => void;

export function base64Of(binary: Binary): string {
  const bytes = ArrayBuffer.isView(binary) ? new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength) : new Uint8Array(binary);
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export function viewOf(base64: string): DataView {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return new DataView(bytes.buffer);
}

/** A state as a message of the widget protocol has it. */
export function messageOf(parts: Parts): { state: JsonMap; buffer_paths: Path[]; buffers: DataView[] } {
  const state: JsonMap = {};
  const paths: Path[] = [];
  const buffers: DataView[] = [];
  for (const [key, { value, buffers: inside }] of Object.entries(parts)) {
    state[key] = structuredClone(value);
    for (const [path, base64] of inside) {
      paths.push([key, ...path]);
      buffers.push(viewOf(base64));
    }
  }
  return { state, buffer_paths: paths, buffers };
}

function partsOf(state: JsonMap, paths: readonly Path[], buffers: readonly Binary[]): Parts {
  const parts: { [key: string]: { value: Json; buffers: [Path, string][] } } = {};
  for (const [key, value] of Object.entries(state)) parts[key] = { value, buffers: [] };
  paths.forEach((path, at) => {
    const key = String(path[0]);
    const buffer = buffers[at];
    if (buffer === undefined) return;
    parts[key] ??= { value: null, buffers: [] };
    parts[key].buffers.push([path.slice(1), base64Of(buffer)]);
  });
  return parts;
}

export class FrameComm {
  readonly target_name = "jupyter.widget";
  model: Model | null = null;
  #number = 0;
  #onMessage: Listener = () => {};
  /** What came while the model was being made, which takes a while when its package has to be loaded; null when it is there. */
  #early: unknown[] | null = [];
  #onClose: Listener = () => {};
  readonly #latest = new Map<string, number>();
  readonly #waiting: { readonly number: number; readonly callbacks: Callbacks | undefined }[] = [];

  constructor(
    readonly comm_id: string,
    readonly post: (message: ToPage) => void,
  ) {}

  // ---- as a model uses it

  send(data: JsonMap, callbacks?: Callbacks, _metadata?: unknown, buffers: readonly Binary[] = []): string {
    if (data.method === "update") {
      const number = ++this.#number;
      const state = partsOf(data.state as JsonMap, (data.buffer_paths ?? []) as unknown as Path[], buffers);
      for (const key of Object.keys(state)) this.#latest.set(key, number);
      this.#waiting.push({ number, callbacks });
      this.post({ webipy: "set", comm: this.comm_id, state, number });
    } else this.post({ webipy: "custom", comm: this.comm_id, content: data.content ?? null, buffers: buffers.map(base64Of) });
    return `${this.comm_id}-${this.#number}`;
  }

  open(): string {
    return "";
  }

  close(): string {
    return "";
  }

  on_msg(listener: Listener): void {
    this.#onMessage = listener;
  }

  on_close(listener: Listener): void {
    this.#onClose = listener;
  }

  // ---- messages of the page

  state(parts: Parts, acked: number): void {
    while ((this.#waiting[0]?.number ?? Number.POSITIVE_INFINITY) <= acked)
      this.#waiting.shift()?.callbacks?.iopub?.status?.({ content: { execution_state: "idle" } });
    const newer = ([key]: [string, Part]): boolean =>
      (this.#latest.get(key) ?? 0) > acked || Object.hasOwn(this.model?._msg_buffer ?? {}, key);
    const current = Object.fromEntries(Object.entries(parts).filter(entry => !newer(entry)));
    if (Object.keys(current).length === 0) return;
    const { state, buffer_paths, buffers } = messageOf(current);
    this.#hear({ content: { data: { method: "update", state, buffer_paths } }, buffers });
  }

  custom(content: Json, buffers: readonly string[]): void {
    this.#hear({ content: { data: { method: "custom", content } }, buffers: buffers.map(viewOf) });
  }

  #hear(message: unknown): void {
    if (this.#early === null) this.#onMessage(message);
    else this.#early.push(message);
  }

  /** The model is there: it hears what came meanwhile. */
  begin(): void {
    for (const message of this.#early ?? []) this.#onMessage(message);
    this.#early = null;
  }

  closed(): void {
    this.#onClose({});
  }
}
