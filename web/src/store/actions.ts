/**
 * What a person can do with the cells, as calls. Cells get their ids here, so that every call may be repeated when the line breaks, and the page
 * knows the cell that is coming. Nothing else is changed locally: the server's event is what changes the page.
 *
 * The selection is one cell, or all cells from `anchor` to `selected`.
 */
import { RpcFailure } from "../api/rpc.ts";
import type { CellType } from "../api/schema.ts";
import { outputsHidden, withOutputsHidden } from "../model/select.ts";
import { t } from "../text/en.ts";
import { asText, type CopiedCell, copied, keep, pasted } from "./clipboard.ts";
import { Filing } from "./filing.ts";
import { may } from "./right.ts";
import { Running } from "./running.ts";
import { lineNumbers } from "./settings.ts";
import type { SessionStore } from "./store.ts";
import { anchor, attempt, caret, mode, numberedOtherwise, selected, toast } from "./ui.ts";

export class Actions {
  readonly runs: Running;
  readonly file: Filing;
  /** The cells that were deleted here, in the groups that come back together. */
  readonly #removed: string[][] = [];
  #last = 0;

  constructor(readonly store: SessionStore) {
    this.runs = new Running(store);
    this.file = new Filing(store);
    this.runs.insertAfter = (cell, source) => this.insert(cell, "code", source);
    store.onOrder = () => this.#ordered();
  }

  #do(call: Promise<unknown>): void {
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
    mode.value = edit && cell !== null && may("write") ? "edit" : "command";
  }

  edit(where: typeof caret.value = null): void {
    if (this.#at() < 0 || !may("write")) return;
    anchor.value = null;
    caret.value = where;
    mode.value = "edit";
  }

  move(by: number): void {
    const { order } = this.store;
    this.select(order[Math.min(order.length - 1, Math.max(0, this.#at() + by))] ?? null);
  }

  /** Makes the selection end so many cells further. */
  extend(by: number): void {
    const { order } = this.store;
    this.extendTo(order[Math.min(order.length - 1, Math.max(0, this.#at() + by))] ?? null);
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

  /** Selects the first cell when nothing is selected, or the one that took the place of a deleted one. */
  #ordered(): void {
    const { order } = this.store;
    if (this.#at() < 0) this.select(order[Math.max(0, Math.min(this.#last, order.length - 1))] ?? null);
    if (anchor.value !== null && this.store.indexOf(anchor.value) < 0) anchor.value = null;
    this.#last = Math.max(0, this.#at());
  }

  // ---- making and deleting

  /** Makes a cell and selects it. */
  insert(after: string | null, type: CellType, source = "", edit = true): void {
    if (this.store.connection.phase !== "live") toast(t.later);
    this.select(this.store.insert(after, type, source), edit);
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
    const cells = this.chosen();
    const [first] = cells;
    if (first === undefined) return;
    this.#removed.push(cells);
    const { order, connection, id } = this.store;
    this.#last = this.store.indexOf(first);
    anchor.value = null;
    if (order.length === cells.length) this.insert(null, "code", "", false);
    else selected.value = order[this.#last + cells.length] ?? order[this.#last - 1] ?? null;
    const remove = (cell: string): Promise<unknown> =>
      connection.durable("cell.delete", { session: id, cell }).catch((error: unknown) => {
        if (!(error instanceof RpcFailure && error.kind === "not_found")) throw error; // somebody else, or this call's first try, was faster
      });
    this.#do(Promise.all(cells.map(cell => this.store.there(cell).then(() => remove(cell)))));
    toast(t.cellsDeleted(cells.length), { action: { title: t.undo, run: () => this.undoRemove() } });
  }

  /** Brings the cells back that were deleted last, with their outputs. */
  undoRemove(): void {
    const back = this.#removed.pop();
    if (back === undefined) {
      toast(t.nothingToUndo);
      return;
    }
    const restore = async (): Promise<void> => {
      const { connection, id } = this.store;
      // The server knows after which cell each one stood when it went: the last one first.
      for (const cell of [...back].reverse()) await connection.durable("cell.restore", { session: id, cell });
      this.select(back[0] ?? null);
    };
    this.#do(restore());
  }

  #copyOf(id: string): CopiedCell | null {
    const cell = this.store.cellOf(id);
    if (cell === undefined) return null;
    return { type: cell.type, source: this.store.sourceOf(id), metadata: cell.metadata, attachments: cell.attachments };
  }

  /** Copies the selected cells; gives their text, for the clipboard of the system. */
  copy(): string {
    const cells = this.chosen()
      .map(id => this.#copyOf(id))
      .filter(one => one !== null);
    keep(cells);
    return asText(cells);
  }

  /** Copies by a key, which has to tell the system too; where that is refused, cells can still be pasted here. */
  copyByKey(cut = false): void {
    const text = this.copy();
    navigator.clipboard?.writeText(text).catch(() => {});
    if (cut) this.remove();
  }

  paste(above: boolean, cells: readonly CopiedCell[] = copied()): void {
    let after = above ? this.#before() : (this.chosen().at(-1) ?? this.store.order.at(-1) ?? null);
    if (cells.length > 0 && this.store.connection.phase !== "live") toast(t.later);
    for (const { type, source, metadata, attachments } of cells) {
      const more = Object.keys(attachments).length === 0 || type === "code" ? { metadata } : { metadata, attachments };
      after = this.store.insert(after, type, source, more);
    }
    if (cells.length > 0) this.select(after);
  }

  pasteText(text: string): void {
    if (text !== "") this.paste(false, pasted(text));
  }

  // ---- changing

  setType(type: CellType): void {
    for (const cell of this.chosen()) this.#setType(cell, type);
  }

  #setType(cell: string, type: CellType): void {
    if (this.store.cellOf(cell)?.type === type) return;
    const { connection, id } = this.store;
    this.#do(this.store.there(cell).then(() => connection.durable("cell.set_type", { session: id, cell, cell_type: type })));
  }

  /** Makes the selected cells text cells whose first line is a heading of that level. */
  heading(level: number): void {
    for (const cell of this.chosen()) {
      this.#setType(cell, "markdown");
      const source = this.store.sourceOf(cell);
      this.setSource(cell, `${"#".repeat(level)} ${source.replace(/^\s*#*[ \t]*/, "")}`);
    }
  }

  /** Replaces the text of a cell. */
  setSource(cell: string, source: string): void {
    if (source === this.store.sourceOf(cell)) return;
    const { connection, id } = this.store;
    const set = async (): Promise<void> => {
      await this.store.settled();
      await connection.durable("cell.set_source", { session: id, cell, source });
    };
    this.#do(set());
  }

  /** Moves the selected cells one up (-1) or down (1). */
  shift(by: -1 | 1): void {
    const { order } = this.store;
    const cells = this.chosen();
    const first = this.store.indexOf(cells[0] ?? null);
    if (first < 0 || first + by < 0 || first + cells.length - 1 + by >= order.length) return;
    this.place(cells, order[by < 0 ? first - 2 : first + cells.length] ?? null);
  }

  /** Puts cells after another one (null: first), in their order. */
  place(cells: readonly string[], after: string | null): void {
    const { connection, id } = this.store;
    const moved = async (): Promise<void> => {
      let last = after;
      for (const cell of cells) {
        await this.store.there(cell);
        await connection.durable("cell.move", { session: id, cell, after: last });
        last = cell;
      }
    };
    if (after !== null && cells.includes(after)) return;
    this.#do(moved());
  }

  /** Splits the cell that is edited at a place in its text (UTF-16 units), and goes on in the second half. */
  split(at: number): void {
    const cell = selected.value;
    if (cell === null) return;
    const { store } = this;
    const split = async (): Promise<void> => {
      await store.settled();
      const version = store.model.cells.get(cell)?.version ?? 0;
      const made = await store.connection.durable("cell.split", { session: store.id, cell, version, at, id: crypto.randomUUID() });
      if (selected.value === cell) this.select(made.cell);
    };
    mode.value = "command";
    this.#do(split());
  }

  /** Joins the selected cells; a single one with the one below (1) or above (-1). */
  merge(by: -1 | 1 = 1): void {
    const { store } = this;
    let cells = this.chosen();
    if (cells.length === 1) {
      const other = store.order[this.#at() + by];
      if (other === undefined) return;
      cells = by < 0 ? [other, ...cells] : [...cells, other];
    }
    const [first] = cells;
    if (first === undefined) return;
    const merge = async (): Promise<void> => {
      await store.settled();
      await store.connection.call("cell.merge", { session: store.id, cells });
      this.#removed.push(cells.slice(1));
    };
    this.select(first);
    this.#do(merge());
  }

  clearOutputs(cell: string | null): void {
    this.#do(this.store.connection.durable("cell.clear_outputs", { session: this.store.id, cell }));
  }

  /** Shows the outputs of the selected cells, or puts them out of sight; that is kept in the document. */
  toggleOutputs(): void {
    const cells = this.chosen().filter(id => this.store.cellOf(id)?.type === "code");
    const hide = cells.some(id => !this.#hidden(id));
    for (const id of cells) if (this.#hidden(id) !== hide) this.showOutputs(id, !hide);
  }

  #hidden(id: string): boolean {
    const cell = this.store.cellOf(id);
    return cell !== undefined && outputsHidden(cell);
  }

  showOutputs(id: string, shown: boolean): void {
    const cell = this.store.cellOf(id);
    if (cell === undefined) return;
    const metadata = withOutputsHidden(cell.metadata, !shown);
    const { connection, id: session } = this.store;
    this.#do(this.store.there(id).then(() => connection.durable("cell.set_metadata", { session, cell: id, metadata })));
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
