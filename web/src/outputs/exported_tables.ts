/**
 * A table in parts for paper: some of its columns each, with the columns in front that name its rows. Cells over several columns and rows keep their
 * shape.
 *
 *     |   | a | b | c | d |              |   | a | b |     |   | c | d |
 *     | 0 | 1 | 2 | 3 | 4 |     ──►      | 0 | 1 | 2 |     | 0 | 3 | 4 |
 */

import { columnGroups } from "../ui/column_groups.ts";

interface Placed {
  readonly cell: HTMLTableCellElement;
  readonly first: number;
  readonly end: number;
}

/** Tables with more cells are not taken apart. */
const MOST_CELLS = 50_000;

/** The cells of each row with the columns that they take, as the table algorithm of HTML places them. */
function placedCells(table: HTMLTableElement): Placed[][] {
  const taken: number[] = []; // by column: rows below that a cell of an earlier row still takes
  return [...table.rows].map(row => {
    const placed: Placed[] = [];
    let at = 0;
    for (const cell of row.cells) {
      while ((taken[at] ?? 0) > 0) at++;
      placed.push({ cell, first: at, end: at + cell.colSpan });
      for (let column = at; column < at + cell.colSpan; column++) taken[column] = -cell.rowSpan;
      at += cell.colSpan;
    }
    for (let column = 0; column < taken.length; column++) {
      const rows = taken[column] ?? 0;
      taken[column] = rows < 0 ? -rows - 1 : Math.max(0, rows - 1);
    }
    return placed;
  });
}

/** How many columns in front name the rows: header cells in every row of the body. */
function namingColumns(rows: readonly Placed[][]): number {
  const bodies = rows.filter(row => row.some(({ cell }) => cell.localName === "td"));
  const firstData = bodies.map(row => Math.min(...row.filter(({ cell }) => cell.localName === "td").map(one => one.first)));
  return firstData.length === 0 ? 0 : Math.min(...firstData);
}

/** The width of each column: that of a cell of its own, or its share of one over several. */
function columnWidths(rows: readonly Placed[][], count: number): number[] {
  const found: number[] = [];
  for (const row of rows)
    for (const { cell, first, end } of row)
      for (let column = first; column < end; column++)
        if (end - first === 1 || found[column] === undefined) found[column] = cell.getBoundingClientRect().width / (end - first);
  return Array.from({ length: count }, (_, column) => found[column] ?? 0);
}

/**
 * Takes a table apart.
 *
 * Args:
 *   table: stands in the document.
 *   most: the width that a part may have, in pixels.
 *
 * Returns:
 *   Copies of it, each with some of the columns; none when it cannot be taken apart.
 */
export function tableParts(table: HTMLTableElement, most: number): HTMLTableElement[] {
  const rows = placedCells(table);
  if (rows.reduce((sum, row) => sum + row.length, 0) > MOST_CELLS || table.querySelector("table, script") !== null) return [];
  const count = Math.max(0, ...rows.flatMap(row => row.map(one => one.end)));
  const naming = namingColumns(rows);
  const widths = columnWidths(rows, count);
  if (widths.slice(0, naming).reduce((sum, one) => sum + one, 0) > most / 2) return [];
  const placed = new Map([...table.rows].map((row, at) => [row, rows[at] ?? []] as const));
  return columnGroups(widths, naming, most).map(([first, end]) => part(table, placed, naming, first, end));
}

type Rows = ReadonlyMap<HTMLTableRowElement, readonly Placed[]>;

function part(table: HTMLTableElement, rows: Rows, naming: number, first: number, end: number): HTMLTableElement {
  const copy = table.cloneNode(false) as HTMLTableElement;
  copy.style.removeProperty("display");
  const within = (one: Placed): number =>
    Math.max(0, Math.min(one.end, naming) - one.first) + Math.max(0, Math.min(one.end, end) - Math.max(one.first, first));
  const rowOf = (row: HTMLTableRowElement): HTMLTableRowElement => {
    const line = row.cloneNode(false) as HTMLTableRowElement;
    for (const one of rows.get(row) ?? []) {
      const span = within(one);
      if (span === 0) continue;
      const cell = one.cell.cloneNode(true) as HTMLTableCellElement;
      cell.colSpan = span;
      line.append(cell);
    }
    return line;
  };
  for (const section of table.children) {
    if (section.localName === "caption") copy.append(section.cloneNode(true));
    else if (section instanceof HTMLTableSectionElement) {
      const own = section.cloneNode(false) as HTMLTableSectionElement;
      own.append(...[...section.rows].map(rowOf));
      copy.append(own);
    }
  }
  return copy;
}
