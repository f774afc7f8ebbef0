/** Places in text that is shown, in the editor or not: found, underlined, and marked for a moment, without changing any element. */
import type { Actions } from "../session/actions.ts";
import type { Draft } from "../session/draft.ts";

const FLASH_MS = 1500;
const FLASH = "webipy-place";
const LINK = "webipy-link";

/** How much text stands in an element before a point of it, in UTF-16 units. */
export function offsetIn(element: Element, node: Node, offset: number): number {
  const before = document.createRange();
  before.setStart(element, 0);
  before.setEnd(node, offset);
  return before.toString().length;
}

/** The part of a text that stands from one place to another in an element that holds it as it is. */
function rangeOf(element: Element, from: number, to: number): Range {
  const range = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let at = 0;
  range.selectNodeContents(element);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (from >= at && from <= at + length) range.setStart(node, from - at);
    if (to >= at && to <= at + length) {
      range.setEnd(node, to - at);
      break;
    }
    at += length;
  }
  return range;
}

/** The text of a cell, wherever it is shown: the editor, or the source as it stands. */
export interface Shown {
  readonly cell: string;
  readonly element: HTMLElement;
  /** What is edited; null for source as it stands. */
  readonly draft: Draft | null;
}

/** The source of a code cell that an element is part of. */
export function shownAt({ store }: Actions, target: EventTarget | null): Shown | null {
  const element = target instanceof Element ? target.closest<HTMLElement>(".cell.code .src, .cell.code .cm-content") : null;
  const cell = element?.closest(".cell.code")?.id.replace(/^cell-/, "") ?? "";
  if (element === null || store.indexOf(cell) < 0) return null; // runs without a cell have no source of the notebook
  return { cell, element, draft: element.matches(".cm-content") ? (store.drafts.get(cell) ?? null) : null };
}

export function rangeIn({ element, draft }: Shown, from: number, to: number): Range {
  return draft?.range(from, to) ?? rangeOf(element, from, to);
}

/** The place in the text under a point of the screen. */
export function placeAt({ element, draft }: Shown, x: number, y: number): number | null {
  if (draft !== null) return draft.placeAt(x, y);
  const found = document.caretPositionFromPoint?.(x, y);
  if (found != null) return element.contains(found.offsetNode) ? offsetIn(element, found.offsetNode, found.offset) : null;
  const range = document.caretRangeFromPoint?.(x, y);
  return range != null && element.contains(range.startContainer) ? offsetIn(element, range.startContainer, range.startOffset) : null;
}

export const covers = (range: Range, x: number, y: number): boolean =>
  [...range.getClientRects()].some(one => x >= one.left - 1 && x <= one.right + 1 && y >= one.top - 4 && y <= one.bottom + 4);

const canHighlight = (): boolean => typeof Highlight === "function" && "highlights" in CSS;

/** Underlines a name; null: none. A browser without highlights shows the pointer alone. */
export function underline(range: Range | null): void {
  document.documentElement.classList.toggle("follows", range !== null);
  if (!canHighlight()) return;
  if (range === null) CSS.highlights.delete(LINK);
  else CSS.highlights.set(LINK, new Highlight(range));
}

/** Marks the line of the caret for a moment; a steady mark for who wants no motion. */
function flashLine(line: Element): void {
  const colour = "color-mix(in srgb, var(--run) 30%, transparent)";
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  line.animate([{ backgroundColor: colour }, { backgroundColor: still ? colour : "transparent" }], {
    duration: FLASH_MS,
    easing: "ease-in",
  });
}

/** Marks a place of a cell for a moment, as soon as it is painted. */
export function flash(cell: string, from: number, to: number): void {
  const mark = (): void => {
    const host = document.getElementById(`cell-${cell}`);
    const caret = getSelection()?.focusNode;
    const near = caret instanceof Element ? caret : caret?.parentElement;
    const line = near?.closest(".cm-line") ?? host?.querySelector(".cm-line");
    const source = host?.querySelector(".src");
    if (line != null && host?.contains(line) === true) flashLine(line);
    else if (source != null && canHighlight()) {
      const range = rangeOf(source, from, to);
      CSS.highlights.set(FLASH, new Highlight(range));
      range.startContainer.parentElement?.scrollIntoView({ block: "nearest" });
      setTimeout(() => CSS.highlights.delete(FLASH), FLASH_MS);
    } else if (source != null) flashLine(source);
  };
  requestAnimationFrame(() => requestAnimationFrame(mark));
}
