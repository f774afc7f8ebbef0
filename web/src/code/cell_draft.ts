/**
 * The draft of a cell: its text with the changes that the server has not confirmed yet, kept as a CodeMirror state, with or without a view.
 *
 * The server is the one authority. A draft sends its changes on top of the version it knows, one request at a time; they count as accepted
 * when they come back as `cell_edited` events with the draft's client name, never because the request was answered. So a line that breaks in
 * between does no harm: after it is back, either the events come (the changes were accepted) or the changes are sent again, and the version in the
 * request makes sure that they are taken once. `stale_version` means that another editor was faster: its events are on their way,
 * CodeMirror rebases, and the next push is on top of them.
 */
import { collab, getSyncedVersion, receiveUpdates, sendableUpdates } from "@codemirror/collab";
import { ChangeSet, EditorState, type Extension, type Transaction, type TransactionSpec } from "@codemirror/state";
import { type EditorView, runScopeHandlers } from "@codemirror/view";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { CellEdited, Changes } from "../rpc/schema.ts";
import type { Draft } from "../session/draft.ts";
import type { SessionStore } from "../session/store.ts";
import { isText, type Press } from "../session/type_ahead.ts";
import { complain } from "../ui/notices.ts";
import { lineEnds } from "./line_ends.ts";

/** Key presses within this time are sent together. */
const GATHER_MS = 60;
/** The server takes at most so many change sets in one request. */
const MOST_CHANGES = 1000;

/** The extensions that every state of a cell needs to be in step with the server. */
function textRules(version: number, client: string): Extension {
  return [collab({ startVersion: version, clientID: client }), lineEnds];
}

/** The one replacement that makes `after` out of `before`, keeping what they share at both ends. */
function difference(before: string, after: string): { from: number; to: number; insert: string } {
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shortest - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  if (/[\ud800-\udbff]$/.test(before.slice(0, head))) head--; // never between the halves of a pair
  if (/^[\udc00-\udfff]/.test(before.slice(before.length - tail))) tail--;
  return { from: head, to: before.length - tail, insert: after.slice(head, after.length - tail) };
}

/** The changes of a draft that the server has not confirmed, with what is needed to go on with them in another page. */
export interface KeptEdits {
  readonly cell: string;
  readonly client: string;
  /** The version that they are on top of, and its text. */
  readonly version: number;
  readonly text: string;
  readonly changes: readonly Changes[];
}

export class CellDraft implements Draft {
  state: EditorState;
  view: EditorView | null = null;
  /** What this draft calls itself in its edits: its own name, or that of the draft whose edits it goes on with. */
  client: string = crypto.randomUUID();
  #sending = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    readonly store: SessionStore,
    readonly cell: string,
    readonly extensions: () => Extension,
  ) {
    this.state = this.#fresh();
    store.drafts.set(cell, this);
  }

  /** What is to be kept when the page ends now; null when the server has everything. */
  kept(): KeptEdits | null {
    const updates = sendableUpdates(this.state);
    const cell = this.store.cellOf(this.cell);
    const version = getSyncedVersion(this.state);
    if (updates.length === 0 || cell?.version !== version) return null;
    const changes = updates.map(update => update.changes.toJSON() as Changes);
    return { cell: this.cell, client: this.client, version, text: cell.source, changes };
  }

  /**
   * Goes on with the edits of another draft, that of a page which has ended. `since` are the edits of the cell after the version that they are on
   * top of: those of the same name are the kept ones, accepted before any page got them; all others move them along.
   */
  resume(kept: KeptEdits, since: readonly CellEdited[]): void {
    this.client = kept.client;
    let state = EditorState.create({ doc: kept.text, extensions: [textRules(kept.version, this.client), this.extensions()] });
    for (const changes of kept.changes) state = state.update({ changes: ChangeSet.fromJSON(changes) }).state;
    this.state = state;
    this.view?.setState(state);
    this.#sending = true; // not before all that happened since is here
    for (const event of since) this.receive(event);
    this.#sending = false;
    this.store.drafted(this.cell);
    this.push();
  }

  #fresh(): EditorState {
    const model = this.store.cellOf(this.cell);
    return EditorState.create({ doc: model?.source ?? "", extensions: [textRules(model?.version ?? 0, this.client), this.extensions()] });
  }

  restart(): void {
    const mine = this.pending() > 0 ? this.text() : null;
    this.state = this.#fresh();
    if (mine !== null && mine !== this.text()) this.state = this.state.update({ changes: difference(this.text(), mine) }).state;
    this.view?.setState(this.state);
    this.store.drafted(this.cell);
  }

  /** Whoever may not edit any more has the text as it is on the server: what they wrote will never be there. */
  #giveUp(): void {
    this.state = this.#fresh();
    this.view?.setState(this.state);
    this.store.drafted(this.cell);
  }

  insert(text: string): boolean {
    const { view } = this;
    if (view === null) return false;
    view.dispatch({ ...view.state.replaceSelection(text), userEvent: "input", scrollIntoView: true });
    view.focus();
    return true;
  }

  caret(): number {
    return this.state.selection.main.head;
  }

  placeAt(x: number, y: number): number | null {
    return this.view?.posAtCoords({ x, y }) ?? null;
  }

  range(from: number, to: number): Range | null {
    if (this.view === null) return null;
    const range = document.createRange();
    const [start, end] = [this.view.domAtPos(from, 1), this.view.domAtPos(to, -1)];
    range.setStart(start.node, start.offset);
    range.setEnd(end.node, end.offset);
    return range;
  }

  putCaret(at: number): boolean {
    const { view } = this;
    if (view === null) return false;
    view.dispatch({ selection: { anchor: Math.min(at, view.state.doc.length) }, scrollIntoView: true });
    view.focus();
    return true;
  }

  press(keys: readonly Press[]): void {
    const { view } = this;
    if (view === null) return;
    const before = this.text();
    for (const press of keys) {
      if ("offset" in press) {
        const since = ChangeSet.of(difference(before, this.text()), before.length);
        view.dispatch({ selection: { anchor: since.mapPos(Math.min(press.offset, before.length), 1) }, scrollIntoView: true });
      } else if (isText(press.key))
        view.dispatch({ ...view.state.replaceSelection(press.key), userEvent: "input.type", scrollIntoView: true });
      else runScopeHandlers(view, new KeyboardEvent("keydown", press), "editor");
    }
  }

  text(): string {
    return this.state.sliceDoc();
  }

  pending(): number {
    return sendableUpdates(this.state).length;
  }

  /** Does what a view wants. One that was taken down has no say, such as with a late answer: the draft has gone on without it. */
  dispatch(transactions: readonly Transaction[], view: EditorView): void {
    if (view !== this.view) return;
    view.update(transactions);
    this.applied(transactions, view.state);
  }

  /** Takes what was done. */
  applied(transactions: readonly Transaction[], state: EditorState): void {
    this.state = state;
    if (!transactions.some(one => one.docChanged)) return;
    this.store.drafted(this.cell);
    this.#timer ??= setTimeout(() => this.push(), GATHER_MS);
  }

  #apply(spec: TransactionSpec | Transaction): void {
    if (this.view !== null) this.view.dispatch(spec);
    else this.state = this.state.update(spec).state;
  }

  receive(event: CellEdited): void {
    if (event.version <= getSyncedVersion(this.state)) return;
    const update = { changes: ChangeSet.fromJSON(event.changes), clientID: event.client ?? "" };
    this.#apply(receiveUpdates(this.state, [update]));
    this.store.drafted(this.cell);
    if (!this.#sending) this.push();
  }

  /** Sends what the server does not have. Does nothing while a request is under way or the line is down. */
  push(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const updates = sendableUpdates(this.state).slice(0, MOST_CHANGES);
    if (this.#sending || updates.length === 0 || this.store.connection.phase !== "live" || !this.store.model.cells.has(this.cell)) return;
    this.#sending = true;
    const changes = updates.map(update => update.changes.toJSON() as Changes);
    void this.#send(getSyncedVersion(this.state), changes);
  }

  async #send(version: number, changes: Changes[]): Promise<void> {
    let expected = version + changes.length;
    try {
      const { session, cell } = { session: this.store.id, cell: this.cell };
      await this.store.connection.call("cell.edit", { session, cell, version, changes, client: this.client });
    } catch (error) {
      expected = this.#refused(error);
    }
    this.#sending = false;
    // The events of this request are on their way and push again. If they are here already, this is the last chance to.
    if (getSyncedVersion(this.state) >= expected) this.push();
  }

  /** The version that is known to be on its way after a failure; infinite when a new line has to come first. */
  #refused(error: unknown): number {
    if (error instanceof LineLost) return Number.POSITIVE_INFINITY;
    if (error instanceof RpcFailure && error.kind === "stale_version") return Number(error.facts.version);
    if (error instanceof RpcFailure && error.kind === "not_found") return Number.POSITIVE_INFINITY; // the cell was deleted meanwhile
    complain(error);
    if (error instanceof RpcFailure && error.kind === "not_permitted") this.#giveUp();
    return Number.POSITIVE_INFINITY;
  }
}
