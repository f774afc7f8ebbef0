/** What the bar that finds has found: in the sources of cells, and in their outputs as they are shown; marked in the page by the browser. */
import { type Match, MOST_MATCHES, matchesIn } from "../model/find.ts";
import { type OutputText, textsIn } from "../outputs/find_outputs.ts";
import type { Open } from "../session/open_session.ts";

export interface Found extends Match {
  /** The text of an output that it is in; null: in the source. */
  readonly shown: OutputText | null;
}

const MOST_MARKED = 1000;

const cellElement = (cell: string): HTMLElement | null => document.getElementById(`cell-${cell}`);

/** The texts of the outputs of a cell. */
function outputsOf(cell: string, again: () => void): OutputText[] {
  return [...(cellElement(cell)?.querySelectorAll(".out") ?? [])].flatMap(one => textsIn(one, again));
}

/**
 * All matches, cell by cell.
 *
 * Args:
 *   open: the session.
 *   pattern: what is looked for; null: nothing.
 *   inOutputs: whether to look in outputs, too.
 *   again: called when there may be more to find.
 */
export function findAll({ store }: Open, pattern: RegExp | null, inOutputs: boolean, again: () => void): Found[] {
  if (pattern === null) return [];
  const found: Found[] = [];
  for (const cell of store.order) {
    for (const match of matchesIn(cell, store.sourceOf(cell), pattern)) found.push({ ...match, shown: null });
    if (inOutputs)
      for (const shown of outputsOf(cell, again))
        for (const match of matchesIn(cell, shown.text, pattern)) if (match.to > match.from) found.push({ ...match, shown });
    if (found.length >= MOST_MATCHES) break;
  }
  return found.slice(0, MOST_MATCHES);
}

function rangeOf({ cell, from, to, shown }: Found): Range | null {
  if (shown !== null) return shown.range(from, to);
  const source = cellElement(cell)?.querySelector("pre.src");
  return source == null ? null : rangeIn(source, from, to);
}

function rangeIn(element: Element, from: number, to: number): Range | null {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let at = 0;
  let begun = false;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const { length } = node.nodeValue ?? "";
    if (!begun && from < at + length) {
      range.setStart(node, from - at);
      begun = true;
    }
    if (begun && to <= at + length) {
      range.setEnd(node, to - at);
      return range;
    }
    at += length;
  }
  return null;
}

/** Marks the matches that stand in the page: the browser paints them, the cells stay as they are. */
export function paint(matches: readonly Found[], current: Found | undefined): void {
  if (!("highlights" in CSS)) return;
  const ranges: Range[] = [];
  const here: Range[] = [];
  for (const match of current === undefined ? matches.slice(0, MOST_MARKED) : [current, ...matches.slice(0, MOST_MARKED)]) {
    const range = rangeOf(match);
    if (range !== null) (match === current ? here : ranges).push(range);
  }
  CSS.highlights.set("found", new Highlight(...ranges));
  CSS.highlights.set("found-here", new Highlight(...here));
}

/** Brings a match in sight. */
export function show(match: Found): void {
  const element = cellElement(match.cell);
  const place = match.shown === null ? element?.querySelector("pre.src") : null;
  (place ?? element)?.scrollIntoView({ block: "nearest" });
  match.shown?.show(match.from, match.to);
}
