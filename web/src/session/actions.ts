/**
 * What a person can do with the cells, as calls. Cells get their ids here, so that every call may be repeated when the line breaks, and the page
 * knows the cell that is coming. Nothing else is changed locally: the server's event is what changes the page.
 *
 * The selection is one cell, or all cells from `anchor` to `selected`.
 */
import type { CellType, JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { attempt, sayLater, toast } from "../ui/notices.ts";
import { lineNumbers } from "../ui/settings.ts";
import { CellCalls } from "./cell_calls.ts";
import { CellVisibility } from "./cell_visibility.ts";
import { asText, type CopiedCell, copied, keep, pasted } from "./clipboard.ts";
import { FileActions } from "./file_actions.ts";
import { focusCell } from "./key_place.ts";
import { guestOf, may } from "./permissions.ts";
import { RunActions } from "./run_actions.ts";
import { Sections } from "./section_folding.ts";
import { anchor, caret, mode, numberedOtherwise, selected } from "./selection.ts";
import { type CellSteps, SplitMerge } from "./split_merge.ts";
import type { SessionStore } from "./store.ts";
import { Undo } from "./undo.ts";

/** Where a pasted cell has its outputs from. A guest is in one session, and sees no other. */
function outputsOf(from: CopiedCell["from"], session: string): { outputs_of?: string; outputs_from?: string } {
  if (from === undefined || (from.session !== session && guestOf.value !== null)) return {};
  return from.session === session ? { outputs_of: from.cell } : { outputs_of: from.cell, outputs_from: from.session };
}

export class Actions implements CellSteps {
  readonly runs: RunActions;
  readonly file: FileActions;
  readonly visibility = new CellVisibility(this);
  readonly sections = new Sections(this);
  readonly undo = new Undo(
    call => this.do(call),
    (step, undone) =>
      toast(step === null ? (undone ? t.nothingToUndo : t.nothingToRedo) : undone ? t.undone(step.what) : t.redone(step.what)),
  );
  readonly splitMerge = new SplitMerge(this);
  readonly calls: CellCalls;
  /** The cells as they stood when their order changed last. */
  #stood: readonly string[] = [];

  constructor(readonly store: SessionStore) {
    this.calls = new CellCalls(store);
    this.runs = new RunActions(store);
    this.file = new FileActions(store);
    this.runs.insertAfter = (cell, source) => this.insert(cell, "code", source);
    store.onOrder = () => this.#ordered();
  }

  /** Makes a call, and reports its failure. */
  do(call: Promise<unknown>): void {
    attempt(this.store.connection, call);
  }

  // ---- the selection

  #at(): number {
    return this.store.indexOf(selected.value);
  }

  /** The selected cells, in the order of the notebook. */
  chosen(): string[] {
    const { store } = this;
    const [one, other] = [this.#at(), store.indexOf(anchor.value)];
    if (one < 0) return [];
    return other < 0 ? store.order.slice(one, one + 1) : store.order.slice(Math.min(one, other), Math.max(one, other) + 1);
  }

  select(cell: string | null, edit = false): void {
    selected.value = cell;
    anchor.value = null;
    caret.value = null;
    mode.value = edit && cell !== null && may("write") ? "edit" : "command";
  }

  /** Gives the focus back to the selected cell, or to its editor. */
  focus(): void {
    const draft = mode.value === "edit" ? this.store.drafts.get(selected.value ?? "") : undefined;
    if (draft?.putCaret(draft.caret()) !== true) focusCell();
  }

  /** Leaves the editor, wherever the focus is. */
  leaveEditor(): void {
    mode.value = "command";
  }

  /** Edits the selected cell. The caret goes to a place, or to where it was; in a cell that was not edited yet, to the end. */
  edit(where: typeof caret.value = null): void {
    if (this.#at() < 0 || !may("write")) return;
    anchor.value = null;
    caret.value = where ?? (this.store.drafts.has(selected.value ?? "") ? null : "end");
    mode.value = "edit";
  }

  /** The cell so many further, among those that are not folded away. */
  #further(by: number): string | null {
    const { store } = this;
    const away = this.sections.away.value;
    if (away.size === 0) return store.order[Math.min(store.order.length - 1, Math.max(0, this.#at() + by))] ?? null;
    const order = store.order.filter(id => !away.has(id) || id === selected.value);
    return order[Math.min(order.length - 1, Math.max(0, order.indexOf(selected.value ?? "") + by))] ?? null;
  }

  move(by: number): void {
    this.select(this.#further(by));
  }

  /**
   * Goes from one cell to the next one and edits it, as arrows do at the first and the last line; false when there is none.
   *
   * Args:
   *   by: to the cell above (-1), or below (1).
   *   column: where in the line the caret goes, in UTF-16 units.
   */
  cross(by: -1 | 1, column: number): boolean {
    const next = this.#further(by);
    if (next === null || next === selected.value) return false;
    const source = this.store.sourceOf(next);
    const from = by > 0 ? 0 : source.lastIndexOf("\n") + 1;
    const to = by > 0 ? (source.indexOf("\n") + 1 || source.length + 1) - 1 : source.length;
    this.select(next);
    this.edit({ offset: Math.min(from + column, to) });
    return true;
  }

  /** Makes the selection end so many cells further. */
  extend(by: number): void {
    this.extendTo(this.#further(by));
  }

  extendTo(cell: string | null): void {
    if (cell === null || this.#at() < 0) return;
    const from = anchor.value ?? selected.value;
    mode.value = "command";
    selected.value = cell;
    anchor.value = from === cell ? null : from;
  }

  selectAll(): void {
    const { order } = this.store;
    selected.value = order.at(-1) ?? null;
    anchor.value = order.length > 1 ? (order[0] ?? null) : null;
  }

  /** The cell that takes the place of one that is gone: the next that is still there, else the one before; the first for one that never was. */
  #inPlaceOf(gone: string | null): string | null {
    const at = gone === null ? -1 : this.#stood.indexOf(gone);
    const isThere = (id: string): boolean => this.store.indexOf(id) >= 0;
    return (
      this.#stood.slice(at + 1).find(isThere) ?? this.#stood.slice(0, Math.max(0, at)).findLast(isThere) ?? this.store.order[0] ?? null
    );
  }

  /** Selects a cell when none is selected, or when somebody deleted the one that was. */
  #ordered(): void {
    if (this.#at() < 0) this.select(this.#inPlaceOf(selected.value));
    if (anchor.value !== null && this.store.indexOf(anchor.value) < 0) anchor.value = null;
    this.#stood = this.store.order;
  }

  // ---- making and deleting

  /** Makes a cell and selects it. */
  insert(after: string | null, type: CellType, source = "", edit = true): void {
    if (this.store.connection.phase !== "live") sayLater();
    const made = this.store.insert(after, type, source);
    this.#inserted([made]);
    this.select(made, edit);
  }

  #inserted(cells: readonly string[]): void {
    this.undo.did({ what: t.steps.insertion(cells.length), undo: () => this.calls.delete(cells), redo: () => this.restore(cells) });
  }

  insertAbove(type: CellType): void {
    this.insert(this.#before(), type, "", false);
  }

  insertBelow(type: CellType, edit: boolean): void {
    this.insert(this.chosen().at(-1) ?? this.store.order.at(-1) ?? null, type, "", edit);
  }

  /** The cell before the selected ones. */
  #before(): string | null {
    return this.store.order[this.store.indexOf(this.chosen()[0] ?? null) - 1] ?? null;
  }

  /** Deletes the selected cells; when none is left there is an empty one, since a page without cells can do nothing. */
  remove(): void {
    const cells = this.#withFolded(this.chosen());
    const [first] = cells;
    if (first === undefined) return;
    const { order } = this.store;
    const at = this.store.indexOf(first);
    anchor.value = null;
    if (order.length === cells.length) this.select(this.store.insert(null, "code", ""));
    else selected.value = order[at + cells.length] ?? order[at - 1] ?? null;
    this.do(this.calls.delete(cells));
    this.undo.did({ what: t.steps.deletion(cells.length), undo: () => this.restore(cells), redo: () => this.calls.delete(cells) });
    this.undo.offer(t.cellsDeleted(cells.length));
  }

  /** A folded section goes as a whole, as one sees it. */
  #withFolded(cells: string[]): string[] {
    const { store, sections } = this;
    let end = store.indexOf(cells.at(-1) ?? null) + 1;
    while (sections.away.value.has(store.order[end] ?? "")) end++;
    const from = store.indexOf(cells[0] ?? null);
    return from < 0 ? cells : store.order.slice(from, Math.max(end, from + cells.length));
  }

  /** Brings deleted cells back, with their outputs, and selects the first. */
  async restore(cells: readonly string[]): Promise<void> {
    await this.calls.restore(cells);
    this.select(cells[0] ?? null);
  }

  #copyOf(id: string): CopiedCell | null {
    const cell = this.store.cellOf(id);
    if (cell === undefined) return null;
    const { type, metadata, attachments } = cell;
    return { type, source: this.store.sourceOf(id), metadata, attachments, from: { session: this.store.id, cell: id } };
  }

  /** Copies the selected cells; gives their text, for the clipboard of the system. */
  copy(): string {
    const cells = this.chosen()
      .map(id => this.#copyOf(id))
      .filter(one => one !== null);
    keep(cells);
    return asText(cells);
  }

  /** Copies by a key, which has to write the system's clipboard too; where that is refused, cells can still be pasted here. */
  copyByKey(cut = false): void {
    const text = this.copy();
    navigator.clipboard?.writeText(text).catch(() => {});
    if (cut) this.remove();
  }

  paste(above: boolean, cells: readonly CopiedCell[] = copied()): void {
    let after = above ? this.#before() : (this.chosen().at(-1) ?? this.store.order.at(-1) ?? null);
    if (cells.length > 0 && this.store.connection.phase !== "live") sayLater();
    const made: string[] = [];
    for (const { type, source, metadata, attachments, from } of cells) {
      const attached = Object.keys(attachments).length === 0 || type === "code" ? {} : { attachments };
      const shown = type === "code" ? outputsOf(from, this.store.id) : {};
      after = this.store.insert(after, type, source, { metadata, ...attached, ...shown });
      made.push(after);
    }
    if (made.length === 0) return;
    this.#inserted(made);
    this.select(after);
  }

  pasteText(text: string): void {
    if (text !== "") this.paste(false, pasted(text));
  }

  // ---- changing

  setType(type: CellType): void {
    const before = this.chosen().flatMap(id => {
      const was = this.store.cellOf(id)?.type;
      return was === undefined || was === type ? [] : [{ id, was }];
    });
    if (before.length === 0) return;
    const redo = (): Promise<unknown> => Promise.all(before.map(({ id }) => this.calls.setType(id, type)));
    this.do(redo());
    this.undo.did({ what: t.steps.type, undo: () => Promise.all(before.map(({ id, was }) => this.calls.setType(id, was))), redo });
  }

  /** Makes the selected cells text cells whose first line is a heading of that level. */
  heading(level: number): void {
    this.setType("markdown");
    this.setSources(
      this.chosen().map(cell => [cell, `${"#".repeat(level)} ${this.store.sourceOf(cell).replace(/^\s*#*[ \t]*/, "")}`]),
      t.steps.heading,
    );
  }

  /** Replaces the texts of cells, as one step. */
  setSources(sources: readonly (readonly [string, string])[], what: string): void {
    const changes = sources.map(([id, to]) => ({ id, from: this.store.sourceOf(id), to })).filter(({ from, to }) => from !== to);
    if (changes.length === 0) return;
    const redo = (): Promise<unknown> => Promise.all(changes.map(({ id, to }) => this.calls.setSource(id, to)));
    this.do(redo());
    this.undo.did({ what, undo: () => Promise.all(changes.map(({ id, from }) => this.calls.setSource(id, from))), redo });
  }

  setMetadata(cell: string, metadata: JsonMap): void {
    const { connection, id: session } = this.store;
    this.do(this.store.there(cell).then(() => connection.durable("cell.set_metadata", { session, cell, metadata })));
  }

  /** Moves the selected cells one up (-1) or down (1). */
  shift(by: -1 | 1): void {
    const { order } = this.store;
    const away = this.sections.away.value;
    const cells = this.#withFolded(this.chosen());
    const first = this.store.indexOf(cells[0] ?? null);
    const end = first + cells.length;
    if (first < 0 || (by < 0 ? first === 0 : end >= order.length)) return;
    let place = by < 0 ? first - 2 : end;
    if (by < 0) while (away.has(order[place + 1] ?? "")) place--;
    else while (away.has(order[place + 1] ?? "")) place++;
    this.place(cells, order[place] ?? null);
  }

  /** Puts cells after another one (null: first), in their order. */
  place(cells: readonly string[], after: string | null): void {
    if (after !== null && cells.includes(after)) return;
    const { order } = this.store;
    const before = cells.map(cell => ({ cell, after: order[this.store.indexOf(cell) - 1] ?? null }));
    const redo = async (): Promise<void> => {
      let last = after;
      for (const cell of cells) {
        await this.calls.move(cell, last);
        last = cell;
      }
    };
    const undo = async (): Promise<void> => {
      for (const one of before) await this.calls.move(one.cell, one.after);
    };
    this.do(redo());
    this.undo.did({ what: t.steps.move, undo, redo });
  }

  /** Clears the outputs of cells, or of all (null), as one step. */
  clearOutputs(cells: readonly string[] | null): void {
    const { order, model } = this.store;
    const shown = (cells ?? order).filter(id => model.cells.get(id)?.run != null);
    const clear = (): Promise<unknown> => Promise.all((cells ?? [null]).map(cell => this.calls.clearOutputs(cell)));
    this.do(clear());
    if (shown.length === 0) return;
    this.undo.did({ what: t.steps.clearing, undo: () => this.calls.restoreOutputs(shown), redo: clear });
    if (cells === null) this.undo.offer(t.outputsCleared);
  }

  clearChosen(): void {
    this.clearOutputs(this.chosen());
  }

  toggleLines(): void {
    const changed = new Set(numberedOtherwise.value);
    for (const cell of this.chosen()) if (!changed.delete(cell)) changed.add(cell);
    numberedOtherwise.value = changed;
  }

  toggleAllLines(): void {
    numberedOtherwise.value = new Set();
    lineNumbers.value = !lineNumbers.value;
  }

  // ---- running

  /** Runs the selected cells; text cells are shown. */
  runSelected(then: "stay" | "next" | "insert"): void {
    const cells = this.chosen();
    const last = cells.at(-1);
    if (last === undefined) return;
    if (cells.length > 1) this.runs.runMany(cells);
    else this.runs.run(last);
    const next = this.store.order[this.store.indexOf(last) + 1];
    if (then === "insert" || (then === "next" && next === undefined)) this.insert(last, "code");
    else if (then === "next" && next !== undefined) this.select(next);
    else if (cells.length === 1) this.select(last);
  }
}
