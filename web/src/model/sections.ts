/** Sections of a notebook: a heading, and the cells under it up to the next heading that is as high. A section can be folded to its heading. Pure. */
import type { JsonMap } from "../rpc/schema.ts";
import type { Cell, Model } from "./types.ts";

/** What Jupyter notes in the metadata of a heading whose section is folded. */
const FOLDED = "jp-MarkdownHeadingCollapsed";

/** The level of the heading that a text cell begins with, 0 for none. */
export function headingLevel(cell: Cell | undefined): number {
  if (cell?.type !== "markdown") return 0;
  return /^\s*(#{1,6})\s/.exec(cell.source)?.[1]?.length ?? 0;
}

export const isFolded = (cell: Cell): boolean => cell.metadata[FOLDED] === true;

export function withFolded(metadata: JsonMap, folded: boolean): JsonMap {
  const { [FOLDED]: _, ...others } = metadata;
  return folded ? { ...others, [FOLDED]: true } : others;
}

/** The heading above a cell that it belongs to (the cell itself if it is one), or null. */
export function headingOf(model: Model, order: readonly string[], at: number): string | null {
  for (let here = at; here >= 0; here--) if (headingLevel(model.cells.get(order[here] ?? "")) > 0) return order[here] ?? null;
  return null;
}

/** Where the section of the heading at `at` ends: the place of the first cell after it. */
export function sectionEnd(model: Model, order: readonly string[], at: number): number {
  const level = headingLevel(model.cells.get(order[at] ?? ""));
  let end = at + 1;
  for (; end < order.length; end++) {
    const other = headingLevel(model.cells.get(order[end] ?? ""));
    if (other > 0 && other <= level) break;
  }
  return end;
}

/** One value for nothing, so that thousands of cells are not asked again. */
const NOTHING: ReadonlyMap<string, string> = new Map();

/** The cells that are folded away, each with the heading that hides it. */
export function foldedAway(model: Model, order: readonly string[]): ReadonlyMap<string, string> {
  const away = new Map<string, string>();
  for (let at = 0; at < order.length; at++) {
    const id = order[at] ?? "";
    const cell = model.cells.get(id);
    if (cell === undefined || !isFolded(cell) || headingLevel(cell) === 0) continue;
    const end = sectionEnd(model, order, at);
    for (let inside = at + 1; inside < end; inside++) away.set(order[inside] ?? "", id);
    at = end - 1;
  }
  return away.size === 0 ? NOTHING : away;
}
