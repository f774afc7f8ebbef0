/** The editor of cells, whose code comes when the first cell is edited. Cells know it by what they need of it; the app provides its code. */
import type { Open } from "../session/open_session.ts";
import type { caret } from "../session/selection.ts";
import { LazyModule } from "../ui/lazy.ts";

/** What keeps unsent edits when the page ends. */
export interface KeptEdits {
  /** Whether the browser lets it keep them. */
  readonly outbox: { readonly works: boolean };
  stop(): void;
}

export interface CellEditor {
  /**
   * Puts an editor for a cell into an element; the function that it returns takes it down.
   *
   * Args:
   *   open: the session.
   *   cell: the id of the cell.
   *   host: the element.
   *   label: what screen readers call it.
   *   place: where the caret goes; null: where it was.
   *   numbered: whether lines have numbers.
   */
  mountEditor(open: Open, cell: string, host: HTMLElement, label: string, place: typeof caret.value, numbered: boolean): () => void;
  /** Takes over the unsent edits of pages that have ended, and keeps those of this one. */
  keepEdits(open: Open): KeptEdits;
  /** Fetches the code of what helps while code is written. */
  fetchHelp(): Promise<unknown>;
}

let load = (): Promise<CellEditor> => Promise.reject(new Error("no code of an editor is provided"));

/** Provides the code of the editor. */
export function provideEditor(from: () => Promise<CellEditor>): void {
  load = from;
}

/** Once it is there, a cell that is to be edited has the caret before the next key. */
export const cellEditor = new LazyModule(() => load());
