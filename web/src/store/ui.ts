/** What is only of this page: selection, mode, dialogs, toasts, and what is said to screen readers. */
import { signal } from "@preact/signals";
import { t } from "../text/en.ts";

export type Mode = "command" | "edit";
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
  | "logins"
  | "definition"
  | null;

export interface Toast {
  readonly key: number;
  readonly text: string;
  readonly bad: boolean;
  readonly action: { readonly title: string; run(): void } | null;
}

export interface Pager {
  readonly data: { readonly [type: string]: unknown };
}

export const selected = signal<string | null>(null);
/** The other end of a selection of several cells; null when it is one. */
export const anchor = signal<string | null>(null);
export const mode = signal<Mode>("command");
/** Where the caret goes when the selected cell begins to be edited: a point on the screen, a line from 1, a place or an end of the text. */
export const caret = signal<{ x: number; y: number } | { line: number } | { offset: number } | "start" | "end" | null>(null);
export const dialog = signal<DialogName>(null);
export const pager = signal<Pager | null>(null);
/** Whether the title is being changed. */
export const renaming = signal(false);
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
/** Cells whose line numbers are not as the setting says. */
export const numberedOtherwise = signal<ReadonlySet<string>>(new Set());
export const toasts = signal<readonly Toast[]>([]);
export const spoken = signal("");
/** Milliseconds since 1970 on the server's clock, ticking while something runs. */
export const now = signal(Date.now());
/** The server's clock minus ours, in milliseconds. */
export const clockOffset = signal(0);

const TOAST_MS = 8000;
let nextToast = 1;

export function toast(text: string, options: { bad?: boolean; action?: Toast["action"] } = {}): void {
  const one: Toast = { key: nextToast++, text, bad: options.bad ?? false, action: options.action ?? null };
  toasts.value = [...toasts.value.slice(-3), one];
  setTimeout(() => dismiss(one.key), TOAST_MS);
}

export function dismiss(key: number): void {
  toasts.value = toasts.value.filter(one => one.key !== key);
}

/** Shows what went wrong in the words of the server, which are written for people. */
export function complain(error: unknown): void {
  if (error instanceof Error && error.name === "LineLost") toast(t.later);
  else if (error instanceof Error && "kind" in error && error.kind === "kernel_busy") sayOnce(error.message);
  else toast(error instanceof Error ? error.message : String(error), { bad: true });
}

/** Says something that is nobody's fault, unless it stands there already. */
function sayOnce(words: string): void {
  if (!toasts.value.some(one => one.text === words)) toast(words);
}

/** Waits for a call and says what went wrong; without a line, that it is done later. */
export function attempt(line: { readonly phase: string }, call: Promise<unknown>): void {
  if (line.phase !== "live") toast(t.later);
  call.catch(complain);
}

/** Says a sentence to screen readers. */
export function say(text: string): void {
  spoken.value = text;
}
