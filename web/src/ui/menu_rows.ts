/** What stands in a menu. */
import type { ComponentChildren } from "preact";

export interface MenuItem {
  readonly title: string;
  readonly disabled?: boolean;
  /** As a person reads them. */
  readonly keys?: string;
  /** For an item that is on or off. */
  readonly checked?: boolean;
  run(): void;
}

/** A heading, or (empty) a line, between items. */
export interface MenuHeading {
  readonly heading: string;
}

/** Words between items, which may be drawn anew while the menu is open. */
export interface MenuNote {
  readonly note: ComponentChildren;
}

/** A row that is shown. */
export type ShownRow = MenuItem | MenuHeading | MenuNote;

export type MenuRow = ShownRow | null | false;

/**
 * The rows of a menu in the places where they first stood since it was opened. What comes later stands after them; what is gone
 * stays, disabled: what is under the pointer when it is pressed is what was read there.
 *
 * Args:
 *   shown: what it gave before; empty when the menu opens.
 *   rows: the rows now.
 *
 * Returns:
 *   The rows by a name of their own, in the order in which they are shown.
 */
export function rowsInPlace(shown: ReadonlyMap<string, ShownRow>, rows: readonly MenuRow[]): Map<string, ShownRow> {
  const placed = new Map<string, ShownRow>([...shown].map(([name, row]) => [name, "run" in row ? { ...row, disabled: true } : row]));
  const count = new Map<string, number>();
  for (const row of rows) {
    if (row === null || row === false) continue;
    const words = "title" in row ? row.title : "heading" in row ? `= ${row.heading}` : "";
    const before = count.get(words) ?? 0;
    count.set(words, before + 1);
    placed.set(`${words} ${before}`, row);
  }
  return placed;
}
