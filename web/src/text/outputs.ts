/** English: outputs. */
import { many, n, size } from "./format.ts";

export const outputs = {
  outputMenu: (label: string) => `Menu of ${label.charAt(0).toLowerCase()}${label.slice(1)}`,
  asText: "text",
  asImage: "an image",
  asFile: "a file",
  pdf: (size: string) => `A PDF document, ${size}`,
  stdout: "Output",
  stderr: "Error output",
  logFoot: (lines: number, bytes: number, following: boolean) =>
    `${many(lines, "line", "lines")} · ${size(bytes)}${following ? " · following the end" : ""}`,
  loadAll: "Load all",
  searchLog: "Search in this output",
  toEnd: "To the end",
  wrap: "Wrap",
  wholeLog: "Show all lines",
  inTab: "Open in a tab",
  inTabTitle: "Open it in a tab of its own",
  toCell: "Go to the cell",
  noOutput: "The cell has no such output now. It appears here when the cell has run.",
  copy: "Copy",
  download: "Download",
  moreCharacters: (count: number) => ` … ${n(count)} more characters: wrap, copy or download to see them`,
  hiddenFrames: (libraries: number, repeated: number, open: boolean) => {
    const kinds = [
      ...(libraries > 0 ? [many(libraries, "library frame", "library frames")] : []),
      ...(repeated > 0 ? [many(repeated, "repeated frame", "repeated frames")] : []),
    ];
    return `${kinds.join(" and ")} ${open ? "shown" : "hidden"}`;
  },
  namelessError: "Error",
  wideText: "Text that scrolls sideways",
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
