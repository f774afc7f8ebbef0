/** The parts of cells that are put out of sight, or that scroll: kept in the document, as Jupyter keeps them. */

import { isScrolled, outputsHidden, sourceHidden, withHidden, withScrolled } from "../model/select.ts";
import type { Cell } from "../model/types.ts";
import type { JsonMap } from "../rpc/schema.ts";
import type { CellEditing } from "./cell_editing.ts";

export type Aspect = "outputs" | "source" | "scrolled";

const IS: Readonly<Record<Aspect, (cell: Cell) => boolean>> = { outputs: outputsHidden, source: sourceHidden, scrolled: isScrolled };
const WITH: Readonly<Record<Aspect, (metadata: JsonMap, on: boolean) => JsonMap>> = {
  outputs: (metadata, on) => withHidden(metadata, "outputs", on),
  source: (metadata, on) => withHidden(metadata, "source", on),
  scrolled: withScrolled,
};

export class CellVisibility {
  constructor(readonly cells: CellEditing) {}

  #are(aspect: Aspect, cells: readonly string[]): boolean {
    return cells.every(id => {
      const cell = this.cells.store.cellOf(id);
      return cell === undefined || IS[aspect](cell);
    });
  }

  /** Changes a aspect of the selected code cells: of all of them to the same. */
  toggle(aspect: Aspect): void {
    const chosen = this.cells.chosen().filter(id => this.cells.store.cellOf(id)?.type === "code");
    const on = !this.#are(aspect, chosen);
    for (const id of chosen) this.set(aspect, id, on);
  }

  setAll(aspect: Aspect, on: boolean): void {
    for (const id of this.cells.store.order) if (this.cells.store.cellOf(id)?.type === "code") this.set(aspect, id, on);
  }

  set(aspect: Aspect, id: string, on: boolean): void {
    const cell = this.cells.store.cellOf(id);
    if (cell !== undefined && IS[aspect](cell) !== on) this.cells.setMetadata(id, WITH[aspect](cell.metadata, on));
  }
}
