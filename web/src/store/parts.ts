/** The parts of cells that are put out of sight, or that scroll: kept in the document, as Jupyter keeps them. */

import type { JsonMap } from "../api/schema.ts";
import { isScrolled, outputsHidden, sourceHidden, withHidden, withScrolled } from "../model/select.ts";
import type { Cell } from "../model/types.ts";
import type { Actions } from "./actions.ts";

export type Part = "outputs" | "source" | "scrolled";

const IS: Readonly<Record<Part, (cell: Cell) => boolean>> = { outputs: outputsHidden, source: sourceHidden, scrolled: isScrolled };
const WITH: Readonly<Record<Part, (metadata: JsonMap, on: boolean) => JsonMap>> = {
  outputs: (metadata, on) => withHidden(metadata, "outputs", on),
  source: (metadata, on) => withHidden(metadata, "source", on),
  scrolled: withScrolled,
};

export class Parts {
  constructor(readonly actions: Actions) {}

  #are(part: Part, cells: readonly string[]): boolean {
    return cells.every(id => {
      const cell = this.actions.store.cellOf(id);
      return cell === undefined || IS[part](cell);
    });
  }

  /** Changes a part of the selected code cells: of all of them to the same. */
  toggle(part: Part): void {
    const cells = this.actions.chosen().filter(id => this.actions.store.cellOf(id)?.type === "code");
    const on = !this.#are(part, cells);
    for (const id of cells) this.set(part, id, on);
  }

  setAll(part: Part, on: boolean): void {
    for (const id of this.actions.store.order) if (this.actions.store.cellOf(id)?.type === "code") this.set(part, id, on);
  }

  set(part: Part, id: string, on: boolean): void {
    const cell = this.actions.store.cellOf(id);
    if (cell !== undefined && IS[part](cell) !== on) this.actions.setMetadata(id, WITH[part](cell.metadata, on));
  }
}
