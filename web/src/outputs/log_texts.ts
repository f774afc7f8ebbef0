/** The texts of long logs, of which only the rows on the screen are in the document: who shows a log provides its text to whoever finds in outputs. */

/** A log that is a window on its lines. */
export interface LogText {
  readonly lines: () => readonly string[];
  /** Marks a line, and brings it in sight; null lets go. */
  mark(line: number | null, text: string): void;
  /** Fetches what the server has of it beside what is here; null when all is here. */
  readonly rest: () => Promise<unknown> | null;
}

/** By the element of the log. */
export const logs = new WeakMap<Element, LogText>();

/** Provides the text of a log; null takes it back. */
export function provideLog(element: Element, log: LogText | null): void {
  if (log === null) logs.delete(element);
  else logs.set(element, log);
}
