/** English: the editor. */
import { many } from "./format.ts";

export const outboxWords = {
  unsentKept: (edits: number) =>
    `${many(edits, "edit", "edits")} from when this page was last open ${edits === 1 ? "was" : "were"} kept in this browser and ${edits === 1 ? "is" : "are"} sent now.`,
  unsentMisplaced: (cells: number) =>
    `${many(cells, "cell", "cells")} with unsent edits ${cells === 1 ? "was" : "were"} deleted meanwhile; what you wrote is in ${cells === 1 ? "a new cell" : "new cells"}.`,
} as const;
