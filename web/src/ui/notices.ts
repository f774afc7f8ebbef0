/** Messages to the person: short notes, failures, and sentences for screen readers. */
import { signal } from "@preact/signals";
import { t } from "../text/en.ts";

export interface Toast {
  readonly key: number;
  readonly text: string;
  readonly bad: boolean;
  readonly action: { readonly title: string; run(): void } | null;
  readonly about: Reason | null;
}

/** What a message is about: it goes when that is over. */
export type Reason = "connection" | "right" | "undo";

export const toasts = signal<readonly Toast[]>([]);
export const spoken = signal("");

const TOAST_MS = 8000;
let nextToast = 1;

/**
 * Shows a message for a while.
 *
 * Args:
 *   text: one sentence.
 *   options: whether it is a failure, a button in it, and what it is about.
 */
export function toast(text: string, options: { bad?: boolean; action?: Toast["action"]; about?: Reason } = {}): void {
  const one: Toast = { key: nextToast++, text, bad: options.bad ?? false, action: options.action ?? null, about: options.about ?? null };
  toasts.value = [...toasts.value.slice(-3), one];
  setTimeout(() => dismiss(one.key), TOAST_MS);
}

export function dismiss(key: number): void {
  toasts.value = toasts.value.filter(one => one.key !== key);
}

/** Takes the messages away whose reason is over. */
export function settle(about: Reason): void {
  if (toasts.value.some(one => one.about === about)) toasts.value = toasts.value.filter(one => one.about !== about);
}

/** Shows what went wrong in the words of the server, which are written for people. */
export function complain(error: unknown): void {
  if (error instanceof Error && error.name === "LineLost") sayLater();
  else if (error instanceof Error && "kind" in error && error.kind === "kernel_busy") sayOnce(error.message);
  else toast(error instanceof Error ? error.message : String(error), { bad: true });
}

/** Says that what was asked for happens when the connection is back. */
export const sayLater = (): void => sayOnce(t.later, "connection");

/** Says something that is nobody's fault, unless it stands there already. */
export function sayOnce(words: string, about?: Reason): void {
  if (!toasts.value.some(one => one.text === words)) toast(words, about === undefined ? {} : { about });
}

/** Reports the failure of a call; without a connection, that the call is made later. */
export function attempt(line: { readonly phase: string }, call: Promise<unknown>): void {
  if (line.phase !== "live") sayLater();
  call.catch(complain);
}

/** Says a sentence to screen readers. */
export function say(text: string): void {
  spoken.value = text;
}
