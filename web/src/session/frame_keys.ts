/**
 * The keys that sealed frames leave to the page, and what such a key does.
 *
 * A frame can say that a key was pressed when none was. So they are only those whose commands code in an output may set off: they show something, or save;
 * none runs code or changes a cell (decision 11).
 */
import { signal } from "@preact/signals";

export interface FrameKeys {
  readonly keys: readonly string[];
  press(keys: string): void;
}

export const NO_KEYS: FrameKeys = { keys: [], press: () => {} };

/** Those of the session that is open. */
export const frameKeys = signal<FrameKeys>(NO_KEYS);
