/** What the page shows beside the cells: dialogs, bars, the pager, and the clock. Only of this page. */
import { signal } from "@preact/signals";

export type DialogName =
  | "restart"
  | "restart_run"
  | "shut_down"
  | "kernels"
  | "palette"
  | "settings"
  | "shortcuts"
  | "history"
  | "checkpoint"
  | "compare"
  | "save_as"
  | "reload"
  | "share"
  | "people"
  | "hand_out"
  | "logins"
  | "tokens"
  | "account"
  | "users"
  | "audit"
  | "help"
  | "print"
  | "definition";

export interface Pager {
  readonly data: { readonly [type: string]: unknown };
}

export const dialog = signal<DialogName | null>(null);
export const pager = signal<Pager | null>(null);
/** Whether the title is being changed. */
export const renaming = signal(false);
/** Whether the page is as it is printed: everything is drawn, wherever it stands. */
export const printing = signal(false);
export const drawer = signal(false);
/** The bar that finds in all cells; with `replace` it has a second field. It begins with `text`. */
export const finding = signal<{ readonly replace: boolean; readonly text: string } | null>(null);
/** Asks the bar for the match after (1) or before (-1) the one it is at: a new value is a new wish. */
export const findStep = signal<{ readonly by: -1 | 1 }>({ by: 1 });

/** Opens the bar, with the text that is selected. */
export function find(replace: boolean): void {
  const text = getSelection()?.toString() ?? "";
  finding.value = { replace, text: text.length > 200 || text.includes("\n") ? "" : text };
}
/** Milliseconds since 1970 on the server's clock, ticking while something runs. */
export const now = signal(Date.now());
/** The server's clock minus ours, in milliseconds. */
export const clockOffset = signal(0);
