/** The sentences about finding files by their names. */
import { many, n } from "./format.ts";

export const w = {
  recent: "opened lately",
  looking: "Looking through the folders…",
};

/** What the palette says. */
export const paletteWords = {
  atHome: { title: "Find a file or a session", hint: "Type the name of a file or a session" },
  running: "still running",
  hint: "Type a command, a heading, code or a file name",
  nothing: "Nothing matches.",
  heading: "heading",
  cell: (index: number) => `cell ${n(index)}`,
  file: "file",
  folder: "folder",
  notebook: "notebook",
  count: (count: number) => many(count, "match", "matches"),
} as const;

/** What the bar says that finds in all cells. */
export const findWords = {
  find: "Find",
  replace: "Replace with",
  next: "Next match",
  previous: "Previous match",
  count: (at: number, all: number) => (all === 0 ? "none" : `${n(at)} of ${n(all)}`),
  caseSensitive: "Match case",
  regular: "Regular expression",
  word: "Whole words",
  outputs: "Outputs",
  outputsNote: "Find in outputs, too",
  bad: "not a regular expression",
  one: "Replace",
  all: "Replace all",
  replaced: (matches: number, cells: number) => `Replaced ${many(matches, "match", "matches")} in ${many(cells, "cell", "cells")}.`,
} as const;
