/**
 * Tables of HTML outputs: they scroll in a box of their own with their header in sight, and a click on a column's name sorts by it. A table
 * with cells that span rows, or of which a part was left out (pandas shows dots for it), keeps its order: sorted, it would be wrong.
 */
import { r } from "../text/rich.ts";

/** Rows from which a table gets a box that scrolls up and down. */
const TALL_ROWS = 25;
const DOTS = /^(\.\.\.|…|⋮)$/;

type Order = "none" | "ascending" | "descending";

/** The number that a cell shows, with the signs that people put around numbers; NaN for anything else. */
export function numberIn(text: string): number {
  const plain = text
    .trim()
    .replace(/[\s,_\u00a0\u202f']/g, "")
    .replace(/^[$€£¥]|%$/g, "")
    .replace("\u2212", "-");
  return plain === "" ? Number.NaN : Number(plain);
}

const isMissing = (text: string): boolean => /^(|nan|none|null|na|nat|<na>|-)$/i.test(text.trim());

/** The places of texts in sorted order; what is missing comes last either way, and what is equal keeps its order. */
export function sorted(texts: readonly string[], order: Order): number[] {
  const places = texts.map((_, at) => at);
  if (order === "none") return places;
  const numbers = texts.map(numberIn);
  const numeric = texts.every((text, at) => isMissing(text) || !Number.isNaN(numbers[at]));
  const collator = new Intl.Collator(undefined, { numeric: true });
  const sign = order === "ascending" ? 1 : -1;
  return places.sort((one, other) => {
    const [a, b] = [texts[one] ?? "", texts[other] ?? ""];
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b)) || one - other;
    const by = numeric ? (numbers[one] ?? 0) - (numbers[other] ?? 0) : collator.compare(a, b);
    return sign * by || one - other;
  });
}

function canSort(table: HTMLTableElement, heads: readonly HTMLTableCellElement[], rows: readonly HTMLTableRowElement[]): boolean {
  if (rows.length < 2 || table.tBodies.length !== 1) return false;
  const spans = [...heads, ...rows.flatMap(row => [...row.cells])].some(cell => cell.rowSpan > 1 || cell.colSpan > 1);
  if (spans || rows.some(row => row.cells.length !== heads.length)) return false;
  return !rows.some(row => [...row.cells].some(cell => DOTS.test((cell.textContent ?? "").trim())));
}

function makeSortable(table: HTMLTableElement, status: HTMLElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const body = table.tBodies[0];
  const rows = [...(body?.rows ?? [])];
  if (body === undefined || heads.length === 0 || !canSort(table, heads, rows)) return;
  heads.forEach((head, column) => {
    const name = (head.textContent ?? "").trim();
    const button = document.createElement("button");
    button.className = "sort";
    button.append(...head.childNodes);
    if (name === "") button.setAttribute("aria-label", "#");
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort") ?? "none";
      const order: Order = before === "none" ? "ascending" : before === "ascending" ? "descending" : "none";
      for (const one of heads) one.removeAttribute("aria-sort");
      if (order !== "none") head.setAttribute("aria-sort", order);
      const texts = rows.map(row => row.cells[column]?.textContent ?? "");
      body.append(...sorted(texts, order).map(at => rows[at] as HTMLTableRowElement));
      status.textContent = order === "none" ? r.unsorted : order === "ascending" ? r.sortedUp(name || "#") : r.sortedDown(name || "#");
    });
  });
}

/** Dresses the tables of a shadow root. */
export function dressTables(root: ShadowRoot, label: string): void {
  for (const table of root.querySelectorAll("table")) {
    if (table.parentElement?.closest("table") != null) continue;
    const box = document.createElement("div");
    box.className = table.rows.length > TALL_ROWS ? "table-box tall" : "table-box";
    box.tabIndex = 0; // what scrolls must be reachable by keyboard
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", label);
    const status = document.createElement("span");
    status.className = "said";
    status.setAttribute("role", "status");
    table.replaceWith(box);
    box.append(table, status);
    makeSortable(table, status);
  }
}

/** A table as CSV (RFC 4180). */
export function csvOf(table: HTMLTableElement): string {
  const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [...table.rows].map(row => [...row.cells].map(cell => field((cell.textContent ?? "").trim())).join(",")).join("\r\n");
}
