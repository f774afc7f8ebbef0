/**
 * What was written here and is not on the server yet outlives the page: it is kept in the browser's database, and sent when the session is opened again.
 *
 * Kept are the edits of the drafts, with the version that they are on top of, and the calls on cells that have no answer yet, in their order. A page that
 * opens the session takes over what pages that have ended left there. Both may be sent twice without harm: calls are repeatable, and edits
 * carry the name of their draft, so that those which the server accepted before the page ended are known by the log. Runs are not kept: code that runs
 * hours later, because a page is opened, surprises.
 *
 * A page is known to live by a lock that the browser takes back when it ends. Where there are no locks (a plain HTTP address that is not this machine),
 * what a living page keeps is sent by two, and the log has them apart too.
 */

import type { Extension } from "@codemirror/state";
import { map } from "../model/json.ts";
import { applyChanges } from "../model/source_text.ts";
import { keyHere } from "../rpc/base_url.ts";
import { RpcFailure } from "../rpc/messages.ts";
import type { CellEdited, CellType, InsertCell, Method } from "../rpc/schema.ts";
import type { SessionStore } from "../session/store.ts";
import { outboxWords } from "../text/code.ts";
import { complain, toast } from "../ui/notices.ts";
import { CellDraft, type KeptEdits } from "./cell_draft.ts";

interface KeptCall {
  readonly method: Method;
  readonly params: { readonly session: string; readonly cell?: string | null };
}

/** What one page keeps for one session. `seq` is the last event that it had seen. */
export interface Kept {
  readonly key: string;
  readonly session: string;
  readonly page: string;
  readonly seq: number;
  readonly calls: readonly KeptCall[];
  readonly edits: readonly KeptEdits[];
}

const DATABASE = keyHere("webipy");
const TABLE = "outbox";
const page = crypto.randomUUID();
/** A record is written so long after a change at the latest; what is answered sooner never gets there. Without a line, nothing is. */
const WRITE_MS = 300;
const WRITE_OFFLINE_MS = 50;
const EVENTS_AT_ONCE = 5000;

const CALLS: ReadonlySet<string> = new Set<Method>([
  "cell.clear_outputs",
  "cell.delete",
  "cell.insert",
  "cell.move",
  "cell.restore",
  "cell.set_metadata",
  "cell.set_source",
  "cell.set_type",
]);

function wait<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let database: Promise<IDBDatabase> | null = null;
function opened(): Promise<IDBDatabase> {
  database ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "key" }).createIndex("session", "session");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return database;
}

async function table(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return (await opened()).transaction(TABLE, mode).objectStore(TABLE);
}

/** Holds the lock of this page until the page ends. */
function live(): void {
  const forever = new Promise<never>(() => {});
  navigator.locks?.request(lockOf(page), () => forever).catch(complain);
}

const lockOf = (id: string): string => `webipy-page-${id}`;

async function isAlive(id: string): Promise<boolean> {
  if (id === page) return true;
  return (await navigator.locks?.request(lockOf(id), { ifAvailable: true }, async lock => lock === null)) ?? false;
}

/** What this page would leave behind if it ended now; null when the server has everything. */
export function keptNow(store: SessionStore): Kept | null {
  const edits = [...store.drafts.values()].map(draft => (draft instanceof CellDraft ? draft.kept() : null)).filter(one => one !== null);
  const calls = store.connection.unanswered
    .filter(({ method }) => CALLS.has(method))
    .map(one => one as KeptCall)
    .filter(({ params }) => params.session === store.id);
  if (edits.length === 0 && calls.length === 0) return null;
  return { key: `${store.id}/${page}`, session: store.id, page, seq: store.model.seq, calls, edits };
}

export class Outbox {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isKept = false;
  /** False when this browser keeps nothing (private modes): then leaving the page has to ask. */
  works = true;

  constructor(
    readonly store: SessionStore,
    readonly extensions: (cell: string) => Extension,
  ) {}

  /** Takes over what ended pages left, and keeps what this one has from now on; the function that it returns stops it. */
  start(): () => void {
    live();
    const leave = (): void => this.#write();
    const changed = (): void => this.changed();
    const stops = [this.store.onDrafted(changed), this.store.connection.onUnanswered(changed)];
    let over = false;
    const stopUnsent = this.store.unsent.subscribe(unsent => {
      this.changed();
      if (unsent === 0 && over) queueMicrotask(() => stopUnsent());
    });
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", leave);
    void this.#adopt().catch(error => this.#failed(error));
    return () => {
      over = true;
      if (this.store.unsent.value === 0) stopUnsent();
      for (const stop of stops) stop();
      removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", leave);
      this.#write();
    };
  }

  changed(): void {
    const wait = this.store.connection.phase === "live" ? WRITE_MS : WRITE_OFFLINE_MS;
    this.#timer ??= setTimeout(() => this.#write(), wait);
  }

  #failed(error: unknown): void {
    if (!(error instanceof DOMException)) throw error;
    this.works = false; // no storage in this browser: leaving asks instead
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const kept = keptNow(this.store);
    if (kept === null && !this.#isKept) return;
    this.#isKept = kept !== null;
    void this.#put(kept).catch(error => this.#failed(error));
  }

  async #put(kept: Kept | null): Promise<void> {
    const outbox = await table("readwrite");
    if (kept === null) await wait(outbox.delete(`${this.store.id}/${page}`));
    else await wait(outbox.put(kept));
  }

  async #adopt(): Promise<void> {
    const found = (await wait((await table("readonly")).index("session").getAll(this.store.id))) as Kept[];
    for (const kept of found) {
      if (await isAlive(kept.page)) continue;
      const { sent, misplaced } = await this.#resend(kept);
      this.#write();
      await wait((await table("readwrite")).delete(kept.key));
      if (misplaced > 0) toast(outboxWords.unsentMisplaced(misplaced));
      else if (sent > 0) toast(outboxWords.unsentKept(sent));
    }
  }

  /** Sends what another page kept; gives how much that was, and how many cells had to be made for text whose cell is gone. */
  async #resend(kept: Kept): Promise<{ sent: number; misplaced: number }> {
    let sent = 0;
    for (const call of kept.calls) sent += Number(this.#repeat(call));
    if (kept.edits.length === 0) return { sent, misplaced: 0 };
    const log = await this.#log(kept.seq);
    const known = log?.filter(event => event.seq <= this.store.model.seq) ?? null;
    const outcomes = kept.edits.map(one => this.#resume(one, known));
    sent += outcomes.filter(one => one === "sent").length;
    return { sent, misplaced: outcomes.filter(one => one === "misplaced").length };
  }

  /** Makes a call that an ended page made; a cell is shown before the server has it, as it was there. */
  #repeat({ method, params }: KeptCall): boolean {
    const { store } = this;
    if (method !== "cell.insert") {
      store.connection.durable(method, params as never).catch((error: unknown) => {
        if (!(error instanceof RpcFailure && error.kind === "not_found")) complain(error); // the cell was deleted meanwhile
      });
      return true;
    }
    const { id, after, cell_type, source, metadata, attachments } = params as InsertCell;
    if (id == null || store.cellOf(id) !== undefined) return false;
    const more = { metadata: map(metadata), attachments: map(attachments) };
    store.insert(
      after ?? null,
      cell_type as CellType,
      source ?? "",
      Object.keys(more.attachments).length > 0 ? more : { metadata: more.metadata },
      id,
    );
    return true;
  }

  /** The edits of all cells after an event; null when the log does not go back that far. */
  async #log(since: number): Promise<CellEdited[] | null> {
    const { connection, id, model } = this.store;
    const edits: CellEdited[] = [];
    for (let at = since; at < model.seq; ) {
      const { first, events } = await connection.durable("session.events", { session: id, since: at, limit: EVENTS_AT_ONCE });
      const last = events.at(-1);
      if (first > at + 1 || last === undefined) return null;
      for (const event of events) if (event.type === "cell_edited") edits.push(event);
      at = last.seq;
    }
    return edits;
  }

  /** Puts kept edits into their cell. Where that is gone, or nobody knows how the two go together, their text is put into a new cell. */
  #resume(kept: KeptEdits, log: readonly CellEdited[] | null): "known" | "sent" | "misplaced" {
    const { store } = this;
    const cell = store.cellOf(kept.cell);
    const mine = kept.changes.reduce(applyChanges, kept.text);
    if (cell?.source === mine) return "known";
    const before = store.drafts.get(kept.cell);
    const since = log?.filter(event => event.cell === kept.cell && event.version > kept.version) ?? [];
    const isWhole = cell !== undefined && kept.version + since.length === cell.version;
    const isSame = cell !== undefined && kept.text === cell.source;
    if (cell === undefined || !(isWhole || isSame) || (before?.pending() ?? 0) > 0) {
      store.insert(cell === undefined ? (store.order.at(-1) ?? null) : kept.cell, cell?.type ?? "code", mine);
      return "misplaced";
    }
    const draft = before instanceof CellDraft ? before : new CellDraft(store, kept.cell, () => this.extensions(kept.cell));
    draft.resume(isWhole ? kept : { ...kept, version: cell.version }, isWhole ? since : []);
    return draft.pending() > 0 ? "sent" : "known";
  }
}
