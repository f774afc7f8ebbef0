/**
 * Two texts compared by lines, and two documents by cells. The lines that both share are found by the longest common subsequence of what is left
 * when equal beginnings and ends are taken off; texts for which that would take too long count as wholly replaced.
 */
import type { CellChange, CellType } from "../rpc/schema.ts";
import { map, text } from "./json.ts";

export interface DiffLine {
  readonly kind: "same" | "out" | "in";
  readonly text: string;
}

/** The table of the common subsequence has at most so many places. */
const MOST_PLACES = 4_000_000;

/** The lines of both texts in one list: those that only the first has are `out`, those that only the second has `in`. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [lines(before), lines(after)];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (list: string[]): DiffLine[] => list.map(line => ({ kind: "same", text: line }));
  return [
    ...same(a.slice(0, head)),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...same(a.slice(a.length - tail)),
  ];
}

const lines = (source: string): string[] => (source === "" ? [] : source.split("\n"));

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const out = a.map((line): DiffLine => ({ kind: "out", text: line }));
  const into = b.map((line): DiffLine => ({ kind: "in", text: line }));
  if (a.length === 0 || b.length === 0 || a.length * b.length > MOST_PLACES) return [...out, ...into];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] =
        a[i] === b[j]
          ? (longest[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      found.push({ kind: "same", text: a[i] ?? "" });
      i++;
      j++;
    } else if ((longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0)) found.push(out[i++] as DiffLine);
    else found.push(into[j++] as DiffLine);
  }
  return [...found, ...out.slice(i), ...into.slice(j)];
}

/** A cell as far as its text goes. */
export interface PlainCell {
  readonly id: string;
  readonly type: CellType;
  readonly source: string;
}

/** The cells of a notebook in nbformat JSON, or null when it is none. Cells without an id get their number. */
export function cellsOf(body: string): PlainCell[] | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null; // another program may have left it half written: the caller says so
  }
  const { cells } = map(value);
  if (!Array.isArray(cells)) return null;
  return cells.map((raw, at) => {
    const cell = map(raw);
    return { id: typeof cell.id === "string" ? cell.id : `#${at}`, type: String(cell.cell_type) as CellType, source: text(cell.source) };
  });
}

/** How the cells of two documents differ, in the order of the second; those that only the first has come where they stood. */
export function diffCells(before: readonly PlainCell[], after: readonly PlainCell[]): CellChange[] {
  const old = new Map(before.map(cell => [cell.id, cell]));
  const there = new Set(after.map(cell => cell.id));
  const found: CellChange[] = [];
  const unchecked = { outputs_changed: false, metadata_changed: false };
  let next = 0;
  const gone = (until: string | null): void => {
    for (let cell = before[next]; cell !== undefined && cell.id !== until; cell = before[++next])
      if (!there.has(cell.id))
        found.push({ cell: cell.id, change: "removed", cell_type: cell.type, before: cell.source, after: null, ...unchecked });
  };
  for (const cell of after) {
    const was = old.get(cell.id);
    if (was !== undefined && before.indexOf(was) >= next) {
      gone(cell.id);
      next++;
    }
    if (was === undefined)
      found.push({ cell: cell.id, change: "added", cell_type: cell.type, before: null, after: cell.source, ...unchecked });
    else if (was.source !== cell.source || was.type !== cell.type)
      found.push({ cell: cell.id, change: "changed", cell_type: cell.type, before: was.source, after: cell.source, ...unchecked });
  }
  gone(null);
  return found;
}
