/**
 * One session in this page: its model, kept up with the server, and the signals that views are drawn from.
 *
 * Data flow: notification -> `reduce` -> dirty ids -> one flush in a while (flush_scheduler.ts) -> version signals -> views. A subscription starts after
 * the last event that was seen, so a new line brings exactly what was missed. Text that is being edited lives in drafts (code/cell_draft.ts),
 * which receive every `cell_edited` and send their own changes when the line is there.
 */
import { type Signal, signal } from "@preact/signals";
import { clean, emptyModel, reduce, restored } from "../model/reduce.ts";
import { isSaved } from "../model/select.ts";
import { keepUp } from "../model/stream_lines.ts";
import type { Dirty } from "../model/types.ts";
import { type Cell, type Model, type Run, STRAY } from "../model/types.ts";
import type { Connection } from "../rpc/connection.ts";
import { LineLost, type Notification, RpcFailure } from "../rpc/messages.ts";
import type { AnyEvent, CellType, Events, ExecutionFinished, SnapshotEvents, Verb } from "../rpc/schema.ts";
import { complain } from "../ui/notices.ts";
import { lastSeen, saveSeen } from "../ui/settings.ts";
import { CatchUp, type Missed } from "./catch_up.ts";
import { type Chunk, rechunk } from "./cell_chunks.ts";
import type { Draft } from "./draft.ts";
import { FlushScheduler, type Urgency, whenIdle } from "./flush_scheduler.ts";
import { type CellMore, NewCells } from "./new_cells.ts";
import { may } from "./permissions.ts";
import { UnsentEdits } from "./unsent_edits.ts";
import { Versions } from "./versions.ts";

/** Gets every event, right after the model has applied it. */
export interface Subscriber {
  observe(event: AnyEvent): void;
  /** The session is left. */
  close(): void;
}

export type LoadState = "opening" | "ready" | "missing" | "refused";

/** The id of the cell that an empty session gets: fixed, so that two pages that open it make one cell and not two. */
export const FIRST_CELL = "first";

/** Events that come in any number, the one as good as the next; all others happen once. */
const FLOWING: ReadonlySet<AnyEvent["type"]> = new Set(["output_added", "output_updated", "outputs_cleared", "cell_edited"]);

export class SessionStore {
  model: Model = emptyModel();
  readonly loadState = signal<LoadState>("opening");
  /** Why the session could not be opened. */
  readonly problem = signal("");
  /** Title, kernel, queue and prompts changed. */
  readonly head = signal(0);
  /** The text of a text cell, or what is a text cell, changed: the outline with it. */
  readonly textVersion = signal(0);
  readonly chunks = signal<readonly Chunk[]>([]);
  readonly #edits = new UnsentEdits();
  /** Edits and new cells that the server does not have. */
  readonly unsent = this.#edits.count;
  /** The same for the eye. */
  readonly sending = this.#edits.steady;
  /** Whether the file holds everything that the server has. */
  readonly saved = signal(true);
  /** The right of whoever uses this page in this session; null until the server has answered. */
  readonly verb = signal<Verb | null>(null);
  readonly caughtUp = signal<CatchUp | null>(null);
  readonly missed = new Map<string, Missed>();
  readonly drafts = new Map<string, Draft>();
  /** The cells as this page shows them: those of the model, and those that are coming. */
  order: readonly string[] = [];
  #index = new Map<string, number>();
  /** Executions that this page started: only it follows their payloads. */
  readonly mine = new Set<string>();
  onFinished: (run: Run, event: ExecutionFinished, live: boolean) => void = () => {};
  onOrder: () => void = () => {};
  /** Whether the page has opened this session again meanwhile: then the subscription is needed on. */
  isReplaced: () => boolean = () => false;
  #dirty: Dirty = clean();
  readonly #scheduler = new FlushScheduler(() => this.flush());
  #closed = false;
  #textDirty = false;
  #target = Number.POSITIVE_INFINITY;
  #catching: CatchUp | null = null;
  #nextChunk = 1;
  #stops: (() => void)[] = [];
  readonly #cells = new Versions();
  readonly #runs = new Versions();
  readonly #newCells: NewCells;

  constructor(
    readonly connection: Connection,
    readonly id: string,
  ) {
    this.#newCells = new NewCells(connection, id);
  }

  /** Subscribes now and on each new line. */
  open(): void {
    const leave = (): void => {
      if (this.model.seq > 0) saveSeen(this.id, this.model.seq);
    };
    addEventListener("pagehide", leave);
    this.#stops = [
      this.#scheduler.watch(),
      this.connection.onNotification(notification => this.#notified(notification)),
      this.connection.onPhase(phase => {
        if (phase === "live") void this.#subscribe();
        this.touchHead();
      }),
      () => removeEventListener("pagehide", leave),
      () => {
        for (const one of this.#subscribers) one.close();
      },
      leave,
    ];
    if (this.connection.phase === "live") void this.#subscribe();
  }

  /** Leaves the session as soon as the server has every edit that was made here. */
  close(): void {
    for (const draft of this.drafts.values()) draft.push();
    if (this.unsent.value === 0) this.#leave();
    else
      this.unsent.subscribe(unsent => {
        if (unsent === 0) this.#leave();
      });
  }

  #leave(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#scheduler.cancel();
    for (const stop of this.#stops) stop();
    if (this.connection.phase !== "live" || this.isReplaced()) return;
    this.connection.call("session.unsubscribe", { session: this.id }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure || error instanceof LineLost)) throw error;
    }); // the session may be gone or the line down: then nothing is subscribed any more
  }

  cellVersion(id: string): Signal<number> {
    return this.#cells.of(id);
  }

  runVersion(id: string): Signal<number> {
    return this.#runs.of(id);
  }

  cellOf(id: string | null): Cell | undefined {
    return id === null ? undefined : (this.model.cells.get(id) ?? this.#newCells.get(id));
  }

  /** The place of a cell, from 0; -1 when it is not shown. */
  indexOf(id: string | null): number {
    return id === null ? -1 : (this.#index.get(id) ?? -1);
  }

  /** The text of a cell as this page shows it. */
  sourceOf(cell: string): string {
    return this.drafts.get(cell)?.text() ?? this.cellOf(cell)?.source ?? "";
  }

  /** Makes a cell, and shows it before the server has it: who types on without waiting types into the new cell. */
  insert(after: string | null, type: CellType, source: string, more: CellMore = {}, id: string = crypto.randomUUID()): string {
    const made = this.#newCells.make(() => this.model, id, after, type, source, more);
    made.catch((error: unknown) => {
      this.#newCells.drop(id);
      this.#reorder();
      complain(error);
    });
    this.#reorder();
    return id;
  }

  /** Resolves when the server has the cell. */
  async there(cell: string): Promise<void> {
    await this.#newCells.made(cell);
  }

  /** Works out the order with the cells that are coming, and what it changes. */
  #reorder(): void {
    const order = this.#newCells.orderIn(this.model);
    this.#countUnsent();
    const before = this.#index;
    this.order = order;
    this.#index = new Map(order.map((id, at) => [id, at]));
    const moved = order.filter((id, at) => before.get(id) !== at);
    for (const id of moved.slice(0, AT_ONCE)) this.#dirty.cells.add(id);
    this.#renumber(moved.slice(AT_ONCE));
    this.chunks.value = rechunk(this.chunks.value, order, () => this.#nextChunk++);
    this.onOrder();
    this.touchHead();
  }

  /** Resolves when the server has every cell and every edit that was made here up to now. */
  async settled(): Promise<void> {
    await this.#newCells.allMade();
    for (const draft of this.drafts.values()) draft.push();
    await this.#edits.none();
  }

  /** Calls back whenever a draft changed. */
  onDrafted(listener: () => void): () => void {
    this.#drafted.add(listener);
    return () => this.#drafted.delete(listener);
  }
  readonly #drafted = new Set<() => void>();

  /** Says that a draft changed. */
  drafted(cell: string): void {
    this.#countUnsent();
    for (const listener of this.#drafted) listener();
    this.#dirty.cells.add(cell);
    this.#textDirty ||= this.cellOf(cell)?.type === "markdown";
    this.#schedule("flowing");
  }

  #countUnsent(): void {
    let unsent = this.#newCells.count;
    for (const draft of this.drafts.values()) unsent += draft.pending();
    this.#edits.set(unsent);
  }

  touchHead(): void {
    this.#dirty.head = true;
    this.#schedule("soon");
  }

  readonly #subscribers = new Set<Subscriber>();

  /** Sends every event of the session to a subscriber, from now on. */
  onEvent(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  #publish(event: AnyEvent): void {
    for (const one of this.#subscribers) one.observe(event);
  }

  async #subscribe(): Promise<void> {
    const since = this.model.seq;
    this.#target = Number.POSITIVE_INFINITY;
    this.#waitingEvents.length = 0;
    try {
      // Only the first time a snapshot is as good as the history: later, exactly what was missed is wanted, and drafts follow every edit.
      const { seq, snapshot, verb } = await this.connection.call("session.subscribe", { session: this.id, since, snapshot: since === 0 });
      this.verb.value = verb;
      if (snapshot !== null) {
        this.#restore(snapshot);
        void this.#askSaved();
      }
      const shown = since === 0 ? lastSeen(this.id) : since;
      this.#catching = new CatchUp(since === 0 ? "closed" : "offline", shown === 0 ? seq : shown, seq);
      this.#target = seq;
      for (const events of this.#waitingEvents.splice(0)) this.#apply(events);
      this.#checkTarget();
    } catch (error) {
      if (error instanceof LineLost) return; // the next line subscribes again
      this.problem.value = error instanceof Error ? error.message : String(error);
      this.loadState.value = error instanceof RpcFailure && error.kind === "not_found" ? "missing" : "refused";
    }
  }

  #restore(snapshot: SnapshotEvents): void {
    this.model = restored(snapshot);
    for (const event of snapshot.events) this.#publish(event);
    for (const [cell, draft] of this.drafts) {
      if (this.model.cells.has(cell)) draft.restart();
      else this.drafts.delete(cell);
    }
    for (const id of this.model.cells.keys()) this.#dirty.cells.add(id);
    for (const id of this.model.runs.keys()) this.#dirty.runs.add(id);
    this.#dirty.order = true;
    this.#schedule("soon");
  }

  /** Asks how much of the document the file holds, where events do not show it: a snapshot stands for many, a reload for any number of changes. */
  async #askSaved(): Promise<void> {
    if (this.model.file === null) return;
    try {
      const { is_saved, saved_seq, seq } = await this.connection.call("notebook.get", { session: this.id });
      const { file } = this.model;
      if (file === null || this.model.changedSeq > seq || file.savedSeq > saved_seq) return; // newer events have it
      file.savedSeq = saved_seq;
      this.model.changedSeq = is_saved ? saved_seq : saved_seq + 1;
      this.touchHead();
    } catch (error) {
      if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error; // the next save has it
    }
  }

  /** Redraws the views of a run. */
  touchRun(run: string): void {
    this.#dirty.runs.add(run);
    this.#schedule("soon");
  }

  /** Events that came before the answer to the subscription. */
  readonly #waitingEvents: Events[] = [];

  #notified(notification: Notification): void {
    if (notification.method !== "events") return;
    const events = notification.params as Events;
    if (events.session !== this.id) return;
    if (this.#target === Number.POSITIVE_INFINITY) this.#waitingEvents.push(events);
    else this.#apply(events);
  }

  #apply(events: Events): void {
    if (events.first > this.model.seq + 1) {
      void this.#subscribe(); // a gap: what is between is asked for again
      return;
    }
    let urgency: Urgency = "flowing";
    const grown = new Set<string>();
    for (const event of events.events) {
      if (event.seq <= this.model.seq) continue;
      if (!FLOWING.has(event.type)) urgency = "soon";
      if (event.type === "output_added") grown.add(event.execution ?? STRAY);
      reduce(this.model, event, this.#dirty);
      this.#publish(event);
      this.#follow(event);
    }
    for (const run of grown) {
      const last = this.model.runs.get(run)?.outputs.at(-1);
      if (last?.kind === "stream") keepUp(last);
    }
    this.#checkTarget();
    this.#schedule(urgency);
  }

  #follow(event: AnyEvent): void {
    this.#catching?.observe(event);
    if (
      event.type === "cell_type_set" ||
      event.type === "cell_metadata_set" ||
      (event.type === "cell_edited" && this.model.cells.get(event.cell)?.type === "markdown")
    )
      this.#textDirty = true;
    if (event.type === "cell_inserted") {
      this.#newCells.drop(event.cell); // it may be deleted again before the next flush
      this.drafts.get(event.cell)?.push();
    } else if (event.type === "cell_edited") this.drafts.get(event.cell)?.receive(event);
    else if (event.type === "cell_deleted") {
      this.drafts.delete(event.cell);
      this.drafted(event.cell);
    } else if (event.type === "notebook_reloaded") void this.#askSaved();
    else if (event.type === "execution_finished") {
      const run = this.model.runs.get(event.execution);
      if (run !== undefined) this.onFinished(run, event, event.seq > this.#target);
    }
  }

  #checkTarget(): void {
    if (this.model.seq < this.#target || this.#catching === null) return;
    const caught = this.#catching;
    this.#catching = null;
    this.caughtUp.value = caught;
    for (const [run, lines] of caught.runs) {
      this.missed.set(run, { absence: caught.absence, lines });
      this.#dirty.runs.add(run);
    }
    for (const draft of this.drafts.values()) draft.push();
    if (!this.model.hadCells && !this.model.closed && this.model.file === null && may("write"))
      this.connection.durable("cell.insert", { session: this.id, id: FIRST_CELL, after: null }).catch((error: unknown) => {
        this.problem.value = error instanceof Error ? error.message : String(error);
      });
    this.flush();
    this.loadState.value = "ready";
  }

  /** Gives cells that only have another number now their new names, a few at a time while nothing else is to do. */
  #renumber(cells: readonly string[]): void {
    this.#renaming.push(...cells);
    if (cells.length === 0 || this.#renaming.length > cells.length) return;
    const go = (): void => {
      for (const id of this.#renaming.splice(0, AT_ONCE)) this.#cells.bump(id);
      if (this.#renaming.length > 0) whenIdle(go);
    };
    whenIdle(go);
  }
  readonly #renaming: string[] = [];

  #schedule(urgency: Urgency): void {
    if (!this.#closed) this.#scheduler.ask(urgency);
  }

  /** Updates the views now. */
  flush(): void {
    if (this.#dirty.order) this.#reorder();
    const dirty = this.#dirty;
    this.#dirty = clean();
    this.#scheduler.ran();
    if (dirty.order || this.#textDirty) this.textVersion.value++;
    this.#textDirty = false;
    for (const id of dirty.cells) this.#cells.bump(id);
    for (const id of dirty.runs) this.#runs.bump(id);
    if (dirty.head || dirty.order) this.head.value++;
    this.saved.value = isSaved(this.model);
  }
}

/** Cells that are painted again at once when their place changed: more than a screen holds. */
const AT_ONCE = 100;
