/** The sentences about what became of single cells. */
import { many, n } from "./format.ts";

export const y = {
  what: { added: "added", changed: "changed", moved: "moved", removed: "removed", ran: "ran" },
  cell: (number: number) => `cell ${n(number)}`,
  gone: "a cell that is gone",
  empty: "empty",
  more: (count: number) => `and ${many(count, "more cell", "more cells")}`,
  touched: (what: string, name: string, time: string) => `${what}: ${name}, ${time}`,
  did: (name: string) => `What changed in ${name}`,
  ran: "It ran. Its text stayed as it was.",
  nothing: "In the end nothing in it changed.",
  restoreCell: "Restore this cell",
  restoreCellThen: "Restore this cell as it was then",
  restoreCellBefore: "Restore this cell as it was before",
  restored: "The cell is as it was. The state before is in the history.",
} as const;

/** The sentences about the states of a notebook. */
export const historyWords = {
  title: "History",
  moments: "States of the notebook",
  none: "Nothing has happened yet.",
  first: "That is all that is kept.",
  older: "Older states",
  pick: "Choose a state to see what has changed since.",
  same: "Nothing differs from the notebook now.",
  since: (count: number) => `${many(count, "cell has", "cells have")} changed since then`,
  restore: "Go back to this state",
  kinds: {
    opened: "opened",
    edited: "edited",
    ran: "ran",
    saved: "saved",
    reloaded: "read again",
    checkpoint: "named",
    conflict: "conflict",
  },
  cells: (count: number) => many(count, "cell", "cells"),
  by: (name: string) => `by ${name}`,
  changes: { added: "added", removed: "removed", changed: "changed", moved: "moved" },
  outputs: "its outputs differ",
  metadata: "its metadata differs",
  notebookMetadata: "The metadata of the notebook differs.",
  when: (time: string) => `at ${time}`,
  unchanged: (count: number) => `${many(count, "line", "lines")} as before`,
  restored: (when: string) => `The notebook is as it was ${when}. The state before is in the history.`,
} as const;
