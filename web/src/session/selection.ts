/** The selection of this page: one cell, or all cells from `anchor` to `selected`; and whether keys are commands or text. */
import { signal } from "@preact/signals";

export type Mode = "command" | "edit";

export const selected = signal<string | null>(null);
/** The other end of a selection of several cells; null when it is one. */
export const anchor = signal<string | null>(null);
export const mode = signal<Mode>("command");
/** Where the caret goes when the selected cell begins to be edited: a point on the screen, a line from 1, a place or an end of the text. */
export const caret = signal<{ x: number; y: number } | { line: number } | { offset: number } | "start" | "end" | null>(null);
/** Cells whose line numbers differ from the setting. */
export const numberedOtherwise = signal<ReadonlySet<string>>(new Set());
