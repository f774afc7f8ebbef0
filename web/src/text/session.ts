/** English: what is said of calls that change a session. */
import { many, n } from "./format.ts";

export const session = {
  linkCopied: "The link to the cell is copied.",
  savedAs: (path: string) => `Saved as ${path}`,
  noFile: "This session has no file. Choose “Save as a notebook…” to give it one.",
  nothingStale: "No cell was changed since it ran.",
  nothingToRun: "There is no code to run.",
  notRunAfter: (count: number) => `Stopped here. ${many(count, "later cell was", "later cells were")} not run.`,
  runAnyway: (count: number) => (count === 1 ? "Run it anyway" : "Run them anyway"),
  cellsDeleted: (count: number) => (count === 1 ? "Cell deleted." : `${n(count)} cells deleted.`),
  nothingToUndo: "There is nothing to undo.",
  nothingToRedo: "There is nothing to redo.",
  undone: (what: string) => `Undone: ${what}.`,
  redone: (what: string) => `Done again: ${what}.`,
  finishedSay: (index: number, time: string) => `Cell ${n(index)} finished in ${time}`,
  failedSay: (index: number, error: string) => `Cell ${n(index)} failed: ${error}`,
  interruptedSay: (index: number) => `Cell ${n(index)} was interrupted`,
} as const;
