/**
 * The page as it is printed: all cells, all lines and all outputs are there, on white, as wide as a sheet.
 *
 * The browser's own way to print leaves no time to wait: at `beforeprint` all is made that can be made at once. What needs time (figures in their
 * frames, text that is not loaded) is waited for by Print… (app/print_whole.ts), which Ctrl-P opens.
 */
import { options } from "preact";
import { columnGroups } from "./column_groups.ts";
import { printing } from "./page_state.ts";

/** What is wider than the sheet is made smaller, down to this; then its words are broken, too. */
const LEAST_ZOOM = 0.45;

/** Text of a terminal that is wider gets smaller, down to this, and keeps its lines; what is wider still is wrapped. */
const LEAST_TEXT_ZOOM = 0.7;
/** A formula that would have to be smaller is set in several lines. */
const LEAST_FORMULA_ZOOM = 0.7;
/** How small a table becomes before it is set in parts. */
const PARTS_ZOOM = 0.75;
/** A larger table is not copied. */
const MOST_CELLS = 20_000;

const shrunk = new Set<HTMLElement>();
/** Parts of tables, and the tables that they stand for. */
const parts = new Map<HTMLTableElement, readonly HTMLTableElement[]>();

function shrink(element: HTMLElement, room: number): void {
  const width = Math.max(element.scrollWidth, element.getBoundingClientRect().width);
  if (room <= 0 || width <= room + 1 || shrunk.has(element)) return;
  element.style.zoom = String(Math.max(LEAST_ZOOM, room / width));
  if (room / width < LEAST_ZOOM) element.classList.add("squeezed");
  shrunk.add(element);
}

/**
 * The columns that stand in each part of a table.
 *
 * Args:
 *   widths: of all columns, in pixels.
 *   heads: how many columns at the start stand in every part.
 *   room: for one part, in pixels.
 */
export function columnParts(widths: readonly number[], heads: number, room: number): number[][] {
  return columnGroups(widths, heads, room).map(([first, end]) => Array.from({ length: end - first }, (_, at) => first + at));
}

const isPlain = (cell: HTMLTableCellElement): boolean => cell.colSpan === 1 && cell.rowSpan === 1;

/** Sets a table that is far too wide in parts, one below the other, each with the heads of its rows. */
function setInParts(table: HTMLTableElement, room: number): void {
  const rows = [...table.rows];
  const first = rows[0];
  if (first === undefined || parts.has(table) || rows.length * first.cells.length > MOST_CELLS) return;
  if (table.offsetWidth * LEAST_ZOOM <= room || rows.some(row => row.cells.length !== first.cells.length || ![...row.cells].every(isPlain)))
    return;
  const body = [...(table.tBodies[0]?.rows[0]?.cells ?? [])];
  const heads = body.findIndex(cell => cell.localName !== "th");
  if (heads < 0) return;
  const widths = [...first.cells].map(cell => cell.offsetWidth);
  const columns = columnParts(widths, heads, room / PARTS_ZOOM);
  const made = columns.map(kept => {
    const part = table.cloneNode(true) as HTMLTableElement;
    for (const row of part.rows) {
      const cells = [...row.cells];
      for (const [at, cell] of cells.entries()) if (at >= heads && !kept.includes(at)) cell.remove();
    }
    part.style.marginBottom = "10px";
    return part;
  });
  parts.set(table, made);
  table.after(...made);
  table.classList.add("in-parts");
}

/** Makes tables and formulas that are wider than their place smaller. */
export function fitToPaper(root: Document | ShadowRoot = document): void {
  for (const table of root.querySelectorAll<HTMLTableElement>(".table-box > table"))
    if (table.parentElement !== null) setInParts(table, table.parentElement.clientWidth);
  for (const one of root.querySelectorAll<HTMLElement>("pre.text"))
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth / one.scrollWidth >= LEAST_TEXT_ZOOM) {
      shrink(one, one.clientWidth);
      one.classList.add("fitted");
    }
  for (const one of root.querySelectorAll<HTMLElement>(".katex-display > .katex"))
    if (one.scrollWidth * LEAST_FORMULA_ZOOM > (one.parentElement?.clientWidth ?? 0)) {
      shrunk.add(one);
      one.classList.add("in-lines");
    }
  for (const one of root.querySelectorAll<HTMLElement>(".table-box > table:not(.in-parts), .katex-display > .katex, .math-picture > svg"))
    if (one.parentElement !== null) shrink(one, one.parentElement.clientWidth);
  for (const host of root.querySelectorAll<HTMLElement>(".html")) {
    if (host.shadowRoot === null) continue;
    fitToPaper(host.shadowRoot);
    shrink(host, host.clientWidth);
  }
}

/** Makes the page what is printed. */
export function enterPaper(): void {
  document.documentElement.classList.add("paper");
  printing.value = true;
}

/** Makes the page what it was. */
export function leavePaper(): void {
  for (const one of shrunk) {
    one.style.removeProperty("zoom");
    one.classList.remove("squeezed", "fitted", "in-lines");
  }
  shrunk.clear();
  for (const [table, made] of parts) {
    table.classList.remove("in-parts");
    for (const one of made) one.remove();
  }
  parts.clear();
  document.documentElement.classList.remove("paper");
  printing.value = false;
}

/** Draws what changes before it returns. */
function atOnce(change: () => void): void {
  const before = options.debounceRendering;
  options.debounceRendering = draw => draw();
  change();
  if (before === undefined) delete options.debounceRendering;
  else options.debounceRendering = before;
}

/** Sees to it that the browser prints all of the page, from now on. */
export function watchPrinting(): void {
  addEventListener("beforeprint", () => {
    if (!printing.value) atOnce(enterPaper);
    fitToPaper();
  });
  addEventListener("afterprint", leavePaper);
}
