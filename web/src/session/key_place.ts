/**
 * Where a key goes. This is the one place that decides it, from where the focus and the selection of text really are, also inside of the shadow
 * roots of outputs.
 *
 * Invariants: what has keys of its own keeps all of them, Esc too; a letter is a command only at "cell". The selected cell and its mode alone decide
 * nothing: they can be ahead of the focus, or behind it.
 */
import { isReturning, provideFocusReturn } from "../ui/focus_return.ts";
import { dialog, finding } from "../ui/page_state.ts";
import { mode, selected } from "./selection.ts";

/**
 * What has the focus:
 *
 * - own: a field, a dialog, an open menu, a bar that finds, a frame or a player; the page takes none of its keys
 * - editor: the editor of a cell
 * - cell: the selected cell itself, and no text is selected
 * - text: the same, and some text of the page is selected
 * - page: anything else, such as a button, a link or a box that scrolls
 * - nowhere: nothing has the focus
 */
export type KeyPlace = "own" | "editor" | "cell" | "text" | "page" | "nowhere";

const OWN = "input, textarea, select, dialog, search, .menu, iframe, audio, video";

/** The element that has the focus, also inside of shadow roots; null when nothing has it. */
export function focused(): Element | null {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement != null) at = at.shadowRoot.activeElement;
  return at === document.body || at === document.documentElement ? null : at;
}

/** The nearest element around one that fits a selector, also outside of the shadow root that it is in. */
function around(at: Element, selector: string): Element | null {
  const found = at.closest(selector);
  const root = at.getRootNode();
  return found !== null || !(root instanceof ShadowRoot) ? found : around(root.host, selector);
}

/** The shadow roots below an element. */
function rootsIn(scope: Element): ShadowRoot[] {
  return [...scope.querySelectorAll("*")].flatMap(({ shadowRoot }) => (shadowRoot === null ? [] : [shadowRoot]));
}

type Composed = (options: { shadowRoots: ShadowRoot[] }) => readonly StaticRange[];
type Rooted = ShadowRoot & { getSelection?: () => Selection | null };

/** Whether text is selected in one of these shadow roots: from outside, the selection looks empty. */
function isSelectedIn(selection: Selection & { getComposedRanges?: Composed }, roots: ShadowRoot[]): boolean {
  if (roots.some(root => (root as Rooted).getSelection?.()?.isCollapsed === false)) return true;
  const ranges = selection.getComposedRanges?.({ shadowRoots: roots }) ?? [];
  return ranges.some(range => !range.collapsed);
}

/** Whether any text of the page is selected, also inside of an output. */
export function isTextSelected(): boolean {
  const selection = getSelection();
  if (selection === null || selection.rangeCount === 0) return false;
  if (!selection.isCollapsed) return true;
  const { anchorNode } = selection;
  const near = anchorNode instanceof Element ? anchorNode : (anchorNode?.parentElement ?? null);
  const scope = near === null ? null : around(near, ".cell, .pager, .app");
  return scope !== null && isSelectedIn(selection, rootsIn(scope));
}

function hasOwnKeys(at: Element): boolean {
  if (around(at, ".menu-root")?.querySelector("[aria-expanded=true]") != null || around(at, OWN) !== null) return true;
  return at instanceof HTMLElement && at.isContentEditable && around(at, ".cell .cm-content") === null;
}

/** Whether this is the selected cell, or the cell that was selected before one that is not drawn yet. */
function isSelectedCell(at: Element): boolean {
  const id = `cell-${selected.value}`;
  return at.id === id || (at.matches(".cell[id]") && selected.value !== null && document.getElementById(id) === null);
}

/** Where a key that is pressed now goes. */
export function keyPlace(): KeyPlace {
  if (dialog.value !== null || document.querySelector("dialog[open]") !== null) return "own";
  if (finding.value !== null && document.querySelector("search.find-bar") === null) return "own"; // the code of the bar is on its way
  const at = focused();
  if (at === null) return "nowhere";
  if (hasOwnKeys(at)) return "own";
  if (at.closest(".cell .cm-content") !== null) return "editor";
  if (!isSelectedCell(at)) return "page";
  return isTextSelected() ? "text" : "cell";
}

/** Gives the focus to the selected cell itself; no text is selected then. */
export function focusCell(): void {
  getSelection()?.removeAllRanges();
  document.getElementById(`cell-${selected.value}`)?.focus({ preventScroll: true });
}

/** Whether the selected cell is in the page: those far down come when nothing else is to do. */
const isDrawn = (): boolean => document.getElementById(`cell-${selected.value}`) !== null;

/**
 * Whether a cell is to be selected because something in it has got the focus, by whatever means: a key, a screen reader, a click on a link. Not
 * while the selected cell is yet to come, and not for a question of code: whoever has answered it goes on where they were.
 *
 * Args:
 *   cell: its id.
 *   target: what has got the focus, as the event says it.
 */
export const takesSelection = (cell: string, target: EventTarget | null): boolean =>
  !isReturning() &&
  cell !== selected.value &&
  (selected.value === null || isDrawn()) &&
  !(target instanceof Element && target.matches(".stdin *"));

/** Whether the focus has gone from the editor of a cell to something else in the same cell. */
export const leavesEditor = (target: EventTarget | null): boolean =>
  mode.value === "edit" && target instanceof Element && target.closest(".live") === null;

/** The cell that the focus is in, also when it is in a frame, which tells nobody; null for none. */
export function cellOfFocus(): string | null {
  const at = focused();
  return (at === null ? null : around(at, ".cell[id]"))?.id.slice("cell-".length) ?? null;
}

// What had the focus before a dialog may be gone, or in a cell that is selected no more: then the one that is has it.
provideFocusReturn(before => {
  const cell = around(before, ".cell[id]");
  const isOfOther = cell !== null && cell.id !== `cell-${selected.value}` && isDrawn();
  if (mode.value === "command" && (isOfOther || !before.isConnected)) focusCell();
  else before.focus();
});

/** Whether what has the focus is in the selected cell. */
export function isInSelectedCell(): boolean {
  const at = focused();
  return at !== null && selected.value !== null && around(at, ".cell")?.id === `cell-${selected.value}`;
}

/** A button that Tab passes over, such as the fold of a heading: whoever clicks it goes on with the keys of the cells. */
const PASSED_OVER = 'button[tabindex="-1"]:not([aria-haspopup])';

/**
 * After a click in a cell, the selected cell itself has the focus and not a box that can only be scrolled or read, so that keys are commands. What has
 * a use for keys keeps the focus, and so does text that was selected by the click.
 */
export function settleFocus(cell: Element): void {
  const at = focused();
  if (mode.value === "edit" || at === null || keyPlace() !== "page" || isTextSelected()) return;
  if (at.matches(PASSED_OVER)) focusCell();
  else if (isInSelectedCell() && cell.id === `cell-${selected.value}` && around(at, "button, a, summary, label, [role^=tree]") === null)
    focusCell();
}
