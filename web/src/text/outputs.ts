/** English: outputs. */
import { many, n, size } from "./format.ts";

export const outputs = {
  stdout: "Output",
  stderr: "Error output",
  logFoot: (lines: number, bytes: number, following: boolean) =>
    `${many(lines, "line", "lines")} · ${size(bytes)}${following ? " · following the end" : ""}`,
  loadAll: "Load all",
  searchLog: "Search in this output",
  toEnd: "To the end",
  wrap: "Wrap",
  copy: "Copy",
  download: "Download",
  moreCharacters: (count: number) => ` … ${n(count)} more characters: wrap, copy or download to see them`,
  libraryFrames: (count: number, open: boolean) => `${many(count, "library frame", "library frames")} ${open ? "shown" : "hidden"}`,
  goToLine: (count: string, line: number) => `Go to line ${n(line)} of the cell that ran as ${count}`,
  image: "Image output",
  noView: (types: string) => `This output has no form that can be shown here (${types}).`,
  unreadable: (what: string) => `This ${what} cannot be shown: it is not well-formed.`,
  items: (count: number) => many(count, "item", "items"),
  answer: "Answer",
  answerPlaceholder: "type, then Enter",
  hidden: "hidden, then Enter",
  send: "Send",
  caughtClosed: (lines: number) => `Caught up: ${many(lines, "line", "lines")} arrived while this page was closed`,
  caughtOffline: (lines: number) => `Caught up: ${many(lines, "line", "lines")} arrived while the connection was down`,
} as const;
