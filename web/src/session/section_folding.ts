/** Folding of sections, and headings around them. Folds are kept in the document, as Jupyter keeps them. */
import { computed } from "@preact/signals";
import { foldedAway, headingLevel, headingOf, isFolded, sectionEnd, withFolded } from "../model/sections.ts";
import type { CellEditing } from "./cell_editing.ts";
import { may } from "./permissions.ts";
import { caret, selected } from "./selection.ts";

const NOTHING: ReadonlyMap<string, string> = new Map();

export class Sections {
  /** The cells that are folded away, each with the heading that hides it. */
  readonly away = computed(() => {
    this.cells.store.textVersion.value;
    if (!may("write")) return NOTHING; // who cannot unfold a section sees all of it
    return foldedAway(this.cells.store.model, this.cells.store.order);
  });

  constructor(readonly cells: CellEditing) {}

  /** The heading that the selected cell stands under, or is. */
  #heading(): string | null {
    const { store } = this.cells;
    return headingOf(store.model, store.order, store.indexOf(selected.value));
  }

  /** Folds the section of the selected heading; from another cell, goes to its heading. */
  fold(): void {
    const heading = this.#heading();
    if (heading === null) return;
    if (heading !== selected.value) this.cells.select(heading);
    else this.setFolded(heading, true);
  }

  unfold(): void {
    if (selected.value !== null) this.setFolded(selected.value, false);
  }

  foldAll(folded: boolean): void {
    const { store } = this.cells;
    for (const id of store.order) if (headingLevel(store.cellOf(id)) > 0) this.setFolded(id, folded);
  }

  setFolded(id: string, folded: boolean): void {
    const cell = this.cells.store.cellOf(id);
    if (cell === undefined || isFolded(cell) === folded || headingLevel(cell) === 0) return;
    const { model, order } = this.cells.store;
    const [at, place] = [order.indexOf(id), order.indexOf(selected.value ?? "")];
    if (folded && place > at && place < sectionEnd(model, order, at)) this.cells.select(id); // what is folded away cannot have the keys
    this.cells.setMetadata(id, withFolded(cell.metadata, folded));
  }

  /** Unfolds whatever hides a cell. */
  reveal(id: string): void {
    if (!this.away.value.has(id)) return;
    const { store } = this.cells;
    const place = store.indexOf(id);
    for (let at = place - 1; at >= 0; at--) {
      const heading = store.order[at] ?? "";
      if (headingLevel(store.cellOf(heading)) > 0 && sectionEnd(store.model, store.order, at) > place) this.setFolded(heading, false);
    }
  }

  /** How many cells a heading hides now. */
  hides(id: string): number {
    const { store } = this.cells;
    const at = store.indexOf(id);
    return at < 0 ? 0 : sectionEnd(store.model, store.order, at) - at - 1;
  }

  /** Makes a heading of the same level before (-1) or after (1) the section of the selected cell. */
  insert(where: -1 | 1): void {
    const { store } = this.cells;
    const { order } = store;
    const heading = this.#heading();
    const at = heading === null ? store.indexOf(selected.value) : store.indexOf(heading);
    const level = Math.max(1, headingLevel(store.cellOf(heading)));
    const end = heading === null ? at + 1 : sectionEnd(store.model, order, at);
    this.cells.insert(order[(where < 0 ? at : end) - 1] ?? null, "markdown", `${"#".repeat(level)} `);
    caret.value = "end";
  }
}
