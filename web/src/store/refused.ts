/** What could not be opened as a notebook. */
import { signal } from "@preact/signals";

/** Why the file of a path was not opened as a notebook the last time somebody wanted that. */
export const refused = signal<{ readonly path: string; readonly reason: string } | null>(null);
