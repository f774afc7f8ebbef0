/**
 * The widgets of one session in this page: the fold of their comms, the frames that show them, and what goes out.
 *
 *     journal ──► Comms ──► frames: what changed, sent once for each animation frame, to those that have not got it
 *     frame ──► outbox of the comm ──► comm.send ──► journal (and so, to every page)
 *
 * One message of a comm is on its way at a time: what is changed meanwhile is gathered, so a slider that is dragged sends its latest value when the
 * kernel has received the one before. A message of a widget's own (a click) is never gathered or dropped, and keeps its place after the
 * changes before it. Without a line changes wait; a click is refused, with a note. So is what names a model that the frame has nothing to do with.
 */

import type { FromModels, FromWidgets, Part, Parts, ToGuest } from "../../frame/protocol.ts";
import { LineLost, RpcFailure } from "../../rpc/messages.ts";
import type { AnyEvent, Json } from "../../rpc/schema.ts";
import type { SessionStore } from "../../session/store.ts";
import { r } from "../../text/rich.ts";
import { complain, toast } from "../../ui/notices.ts";
import type { SealedFrame } from "../sealed_frame.ts";
import { type Change, Comms, messageOf, same } from "./comms.ts";
import { namesIn, reachable } from "./graph.ts";
import { Packages } from "./packages.ts";

/** Messages of one widget's own that are kept for the first frame that shows it, and characters of them all. */
const MOST_EARLY = 5000;
const MOST_EARLY_CHARACTERS = 8_000_000;

/** Characters of one message; the server takes a little more. */
const MOST_CHARACTERS = 15_000_000;

type Outgoing =
  | { readonly kind: "set"; readonly parts: { [key: string]: Part } }
  | { readonly kind: "custom"; readonly content: Json; readonly buffers: readonly string[] };

/** What waits to be sent on one comm. */
interface Outbox {
  readonly waiting: Outgoing[];
  sending: Outgoing | null;
  /** The event of what was sent last, until it has come back. */
  awaited: number;
}

/** One frame, and what it has of the models. */
class Port {
  readonly has = new Map<string, Map<string, Part>>();
  readonly acked = new Map<string, number>();
  readonly dirty = new Map<string, Set<string>>();

  constructor(
    readonly root: string,
    readonly frame: SealedFrame,
  ) {}

  touch(comm: string, keys: readonly string[]): void {
    if (!this.has.has(comm)) return;
    const dirty = this.dirty.get(comm) ?? new Set();
    for (const key of keys) dirty.add(key);
    this.dirty.set(comm, dirty);
  }
}

export class Widgets {
  readonly comms = new Comms();
  readonly #packages: Packages;
  readonly #ports = new Map<SealedFrame, Port>();
  readonly #outboxes = new Map<string, Outbox>();
  readonly #reached = new Map<string, Set<string>>();
  /**
   * What the kernel said on a comm before any frame had its model, and all it says to a model without a view, which serves many (those of ipycanvas are
   * drawn on by one): each frame that comes hears it first.
   */
  readonly #early = new Map<string, { messages: ToGuest[]; characters: number }>();
  readonly #shownOnce = new Set<string>();
  #scheduled = false;
  #seq = 0;
  /** Told when a model comes, goes or dies. */
  readonly watchers = new Set<() => void>();

  /** Ends what `new` began. */
  readonly close: () => void;

  constructor(readonly store: SessionStore) {
    this.#packages = new Packages(store.id);
    this.close = store.connection.onPhase(phase => {
      if (phase === "live") for (const comm of this.#outboxes.keys()) this.#pump(comm);
    });
  }

  // ---- events

  observe(event: AnyEvent): void {
    this.#seq = Math.max(this.#seq, event.seq);
    for (const change of this.comms.observe(event)) this.#changed(change);
    for (const [comm, outbox] of this.#outboxes)
      if (outbox.sending !== null && outbox.awaited > 0 && outbox.awaited <= this.#seq) this.#sent(comm, outbox);
  }

  #changed(change: Change): void {
    if (change.kind === "custom") this.#tell(change);
    else this.#apply(change);
  }

  #apply(change: Change): void {
    this.#reached.clear();
    for (const port of this.#ports.values()) port.touch(change.comm, change.keys);
    if (change.kind === "opened") this.#announceLink(change.comm);
    else if (change.kind === "closed") this.#announceClosed(change.comm);
    else if (this.comms.all.get(change.comm)?.alive === false) this.#announceDead(change.comm);
    if (change.kind !== "state") for (const watch of this.watchers) watch();
    this.#schedule();
    this.#pump(change.comm);
  }

  #tell({ comm, content, buffers }: Change): void {
    const message = { webipy: "custom", comm, content, buffers } as const;
    const ports = [...this.#ports.values()].filter(port => port.has.has(comm));
    for (const port of ports) port.frame.send(message);
    if (this.#shownOnce.has(comm) && this.#hasView(comm)) return;
    const early = this.#early.get(comm) ?? { messages: [], characters: 0 };
    early.characters += JSON.stringify(message).length;
    if (early.messages.length >= MOST_EARLY || early.characters > MOST_EARLY_CHARACTERS) return;
    early.messages.push(message);
    this.#early.set(comm, early);
  }

  #announceLink(comm: string): void {
    for (const port of this.#ports.values())
      if (!port.has.has(comm) && this.#reach(port.root).has(comm)) port.frame.send({ webipy: "opened", comm });
  }

  #announceClosed(comm: string): void {
    this.#outboxes.delete(comm);
    this.#early.delete(comm);
    this.#shownOnce.delete(comm);
    for (const port of this.#ports.values()) if (port.has.delete(comm)) port.frame.send({ webipy: "closed", comm });
  }

  #announceDead(comm: string): void {
    this.#outboxes.delete(comm);
    for (const port of this.#ports.values()) if (port.has.has(comm)) port.frame.send({ webipy: "dead" });
  }

  // ---- frames

  /** Handles a message of a frame that shows a view of `root`. */
  receive(root: string, frame: SealedFrame, message: FromWidgets): void {
    if (message.webipy === "module" || message.webipy === "part") void this.#deliver(frame, message);
    else this.#receive(root, frame, message);
  }

  /** Hands over what the packages of the kernel's environment have. */
  async #deliver(frame: SealedFrame, message: Extract<FromWidgets, { webipy: "module" | "part" }>): Promise<void> {
    if (message.webipy === "part") frame.send({ webipy: "part", path: message.path, content: await this.#packages.file(message.path) });
    else frame.send({ webipy: "module", name: message.name, sources: await this.#packages.sources(message.name) });
  }

  #receive(root: string, frame: SealedFrame, message: FromModels): void {
    let port = this.#ports.get(frame);
    if (port === undefined) {
      port = new Port(root, frame);
      this.#ports.set(frame, port);
    }
    if (message.webipy === "model") this.#give(port, message.comm);
    else if (port.has.has(message.comm) && this.comms.all.get(message.comm)?.alive === true) {
      if (this.#namesOthers(port, message)) this.#refuse(port, message);
      else if (message.webipy === "custom") this.#custom(message.comm, message.content, message.buffers);
      else this.#set(port, message.comm, message.state, message.number);
    }
  }

  /** Whether a frame names a model that it has nothing to do with. Told to the kernel, it would come back as the kernel's own word. */
  #namesOthers(port: Port, message: Exclude<FromModels, { webipy: "model" }>): boolean {
    const values = message.webipy === "custom" ? [message.content] : Object.values(message.state).map(one => one.value);
    const names = values.flatMap(namesIn);
    return names.length > 0 && names.some(id => !this.#reach(port.root).has(id));
  }

  /** Sends nothing, shows a note, and resets the frame to the true state. */
  #refuse(port: Port, message: Exclude<FromModels, { webipy: "model" }>): void {
    toast(r.namesOthers, { bad: true });
    if (message.webipy === "custom") return;
    port.acked.set(message.comm, message.number);
    const has = port.has.get(message.comm);
    for (const [key, part] of Object.entries(message.state)) has?.set(key, part);
    port.touch(message.comm, Object.keys(message.state));
    this.#schedule();
  }

  leave(frame: SealedFrame): void {
    this.#ports.delete(frame);
  }

  #reach(root: string): Set<string> {
    let reached = this.#reached.get(root);
    if (reached === undefined) {
      reached = reachable(this.comms, root);
      this.#reached.set(root, reached);
    }
    return reached;
  }

  #give(port: Port, id: string): void {
    const comm = this.comms.all.get(id);
    if (comm === undefined || !this.#reach(port.root).has(id)) {
      port.frame.send({ webipy: "model", comm: id, state: null, alive: false });
      return;
    }
    const has = new Map<string, Part>();
    for (const key of comm.keys()) {
      const part = this.#shown(id, key);
      if (part !== undefined) has.set(key, part);
    }
    port.has.set(id, has);
    port.frame.send({ webipy: "model", comm: id, state: Object.fromEntries(has), alive: comm.alive });
    this.#shownOnce.add(id);
    for (const message of this.#early.get(id)?.messages ?? []) port.frame.send(message);
    if (id !== port.root) return;
    for (const other of this.#reach(id)) {
      if (!this.#hasView(other)) port.frame.send({ webipy: "opened", comm: other });
    }
  }

  #hasView(comm: string): boolean {
    return (this.comms.all.get(comm)?.shown("_view_name")?.value ?? null) !== null;
  }

  #set(port: Port, comm: string, parts: Parts, number: number): void {
    port.acked.set(comm, number);
    const has = port.has.get(comm);
    for (const [key, part] of Object.entries(parts)) has?.set(key, part);
    const outbox = this.#outbox(comm);
    const last = outbox.waiting.at(-1);
    if (last?.kind === "set") Object.assign(last.parts, parts);
    else outbox.waiting.push({ kind: "set", parts: { ...parts } });
    this.#reached.clear();
    for (const other of this.#ports.values()) other.touch(comm, Object.keys(parts));
    this.#schedule();
    this.#pump(comm);
  }

  #custom(comm: string, content: Json, buffers: readonly string[]): void {
    if (this.store.connection.phase !== "live") {
      toast(r.notSent, { bad: true });
      return;
    }
    this.#outbox(comm).waiting.push({ kind: "custom", content, buffers });
    this.#pump(comm);
  }

  /** A key as this page shows it: with what it has not sent yet. */
  #shown(comm: string, key: string): Part | undefined {
    const outbox = this.#outboxes.get(comm);
    if (outbox !== undefined)
      for (const one of [outbox.sending, ...outbox.waiting].reverse())
        if (one?.kind === "set" && Object.hasOwn(one.parts, key)) return one.parts[key];
    return this.comms.all.get(comm)?.shown(key);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = (): void => {
      this.#scheduled = false;
      this.#flush();
    };
    if (document.hidden) setTimeout(flush, 100);
    else requestAnimationFrame(flush);
  }

  #flush(): void {
    for (const port of this.#ports.values()) {
      for (const [comm, keys] of port.dirty) {
        const has = port.has.get(comm);
        if (has === undefined) continue;
        const state: { [key: string]: Part } = {};
        for (const key of keys) {
          const part = this.#shown(comm, key);
          if (part === undefined || same(part, has.get(key))) continue;
          has.set(key, part);
          state[key] = part;
        }
        port.frame.send({ webipy: "state", comm, state, acked: port.acked.get(comm) ?? 0 });
      }
      port.dirty.clear();
    }
  }

  // ---- out

  #outbox(comm: string): Outbox {
    let outbox = this.#outboxes.get(comm);
    if (outbox === undefined) {
      outbox = { waiting: [], sending: null, awaited: 0 };
      this.#outboxes.set(comm, outbox);
    }
    return outbox;
  }

  /** Sends the next message of a comm when it may go. */
  #pump(comm: string): void {
    const outbox = this.#outboxes.get(comm);
    const next = outbox?.waiting[0];
    if (outbox === undefined || next === undefined || outbox.sending !== null || this.store.connection.phase !== "live") return;
    if (next.kind === "set" && outbox.waiting.length === 1 && this.comms.all.get(comm)?.isUnheard === true) return;
    outbox.sending = next;
    outbox.waiting.shift();
    void this.#send(comm, outbox, next);
  }

  async #send(comm: string, outbox: Outbox, one: Outgoing): Promise<void> {
    const { content, buffers } =
      one.kind === "set" ? messageOf(one.parts) : { content: { method: "custom", content: one.content }, buffers: one.buffers };
    const message = { session: this.store.id, comm, content, metadata: {}, buffers: [...buffers] };
    try {
      if (JSON.stringify(message).length > MOST_CHARACTERS) throw new RangeError(r.tooLarge);
      outbox.awaited = (await this.store.connection.call("comm.send", message)).seq;
      if (outbox.awaited <= this.#seq) this.#sent(comm, outbox);
    } catch (error) {
      this.#failed(comm, outbox, one, error);
    }
  }

  #sent(comm: string, outbox: Outbox): void {
    outbox.sending = null;
    outbox.awaited = 0;
    this.#pump(comm);
  }

  /** Changes are sent again with the next line; what the server refuses is taken back. */
  #failed(comm: string, outbox: Outbox, one: Outgoing, error: unknown): void {
    outbox.sending = null;
    outbox.awaited = 0;
    const keys = one.kind === "set" ? Object.keys(one.parts) : [];
    if (error instanceof LineLost && one.kind === "set") {
      const next = outbox.waiting[0];
      if (next?.kind === "set") outbox.waiting[0] = { kind: "set", parts: { ...one.parts, ...next.parts } };
      else outbox.waiting.unshift(one);
      return;
    }
    if (error instanceof LineLost) toast(r.notSent, { bad: true });
    else if (error instanceof RpcFailure || error instanceof RangeError) {
      complain(error);
      outbox.waiting.length = 0;
    } else throw error;
    for (const port of this.#ports.values()) port.touch(comm, keys);
    this.#schedule();
  }
}
