/**
 * What gets the focus back when something goes that stood in front, such as a dialog. The session knows better: its cells may have changed meanwhile.
 * The browser gives the focus back, too, to what had it: that is nobody's wish, and selects nothing.
 */

let giveBack = (before: HTMLElement): void => before.focus();
let closing = false;

/** Whether the browser gives the focus back just now. */
export const isReturning = (): boolean => closing;

/** Closes a dialog, and gives the focus back to what had it before. */
export function closeDialog(dialog: HTMLDialogElement | null, before: Element | null): void {
  closing = true;
  dialog?.close();
  closing = false;
  if (before instanceof HTMLElement) giveBack(before);
}

/** Provides another way to give it back. */
export function provideFocusReturn(way: (before: HTMLElement) => void): void {
  giveBack = way;
}
