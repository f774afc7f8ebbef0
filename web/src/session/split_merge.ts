/** Cells that are split in two, and cells that are joined: each is one call, and one step that can be undone. */
import { t } from "../text/en.ts";
import type { CellCalls } from "./cell_calls.ts";
import type { CellEditing } from "./cell_editing.ts";
import { mode, selected } from "./selection.ts";
import type { Undo } from "./undo.ts";

/** What splitting and joining need of the actions on cells. */
export interface CellSteps extends CellEditing {
  readonly calls: CellCalls;
  readonly undo: Undo;
  /** Makes a call, and reports its failure. */
  do(call: Promise<unknown>): void;
  /** Brings deleted cells back, with their outputs, and selects the first. */
  restore(cells: readonly string[]): Promise<void>;
}

export class SplitMerge {
  /** Splits the cell that is edited where the caret is; set by the editor while there is one. */
  splitHere: (() => void) | null = null;

  constructor(readonly actions: CellSteps) {}

  /** Splits the cell that is edited at a place in its text (UTF-16 units), and goes on in the second half. */
  split(at: number): void {
    const cell = selected.value;
    if (cell === null) return;
    const { actions } = this;
    const { store } = actions;
    const half = crypto.randomUUID();
    let whole = "";
    const split = async (): Promise<void> => {
      await store.settled();
      whole = store.sourceOf(cell);
      const version = store.model.cells.get(cell)?.version ?? 0;
      await store.connection.durable("cell.split", { session: store.id, cell, version, at, id: half });
      if (selected.value === cell) actions.select(half);
    };
    mode.value = "command";
    const done = split();
    actions.do(done);
    const undo = async (): Promise<void> => {
      await done;
      await actions.calls.delete([half]);
      await actions.calls.setSource(cell, whole);
      actions.select(cell);
    };
    const redo = async (): Promise<void> => {
      await actions.restore([half]);
      await actions.calls.setSource(cell, whole.slice(0, at).replace(/\r?\n$/, ""));
    };
    actions.undo.did({ what: t.steps.split, undo, redo });
  }

  /** Joins the selected cells; a single one with the one below (1) or above (-1). */
  merge(by: -1 | 1 = 1): void {
    const { actions } = this;
    const { store } = actions;
    let cells = actions.chosen();
    if (cells.length === 1) {
      const other = store.order[store.indexOf(cells[0] ?? null) + by];
      if (other === undefined) return;
      cells = by < 0 ? [other, ...cells] : [...cells, other];
    }
    const [first] = cells;
    if (first === undefined) return;
    let alone = "";
    let before = store.cellOf(first);
    const redo = async (): Promise<void> => {
      await store.settled();
      alone = store.sourceOf(first);
      const cell = store.cellOf(first);
      before = cell === undefined ? undefined : { ...cell };
      await store.connection.call("cell.merge", { session: store.id, cells });
    };
    actions.select(first);
    const done = redo();
    actions.do(done);
    const undo = async (): Promise<void> => {
      await done;
      await actions.restore(cells.slice(1));
      await actions.calls.setSource(first, alone);
      const now = store.cellOf(first);
      if (now?.attachments !== before?.attachments) await actions.calls.setAttachments(first, before?.attachments ?? {});
      if (now?.run !== before?.run) await actions.calls.restoreOutputs([first]);
      actions.select(first);
    };
    actions.undo.did({ what: t.steps.merge, undo, redo });
  }
}
