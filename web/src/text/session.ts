/** English: what is said of calls that change a session. */
import { many, n } from "./format.ts";

export const session = {
  savedAs: (path: string) => `Saved as ${path}`,
  noFile: "This session has no file. Choose “Save as a notebook…” to give it one.",
  keptMine: "Your version is saved. The one that was in the file is beside it, as a copy.",
  keptDeleted: "The file was written again.",
  tookTheirs: "The version in the file is loaded. Yours is in the history.",
  upgraded: "The file is nbformat 4.5 now: its cells have ids",
  exporting: "Making the export…",
  checkpointMade: (name: string) => `This state is kept as “${name}”.`,
  restored: (when: string) => `The notebook is as it was ${when}. The state before is in the history.`,
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
