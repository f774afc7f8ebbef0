/** English: terminals. */
import { many, size } from "./format.ts";

export const m = {
  heading: "Terminals",
  create: "New terminal",
  none: "No terminal runs.",
  off: "Terminals are switched off on this server.",
  close: "Close terminal",
  closeNamed: (title: string) => `Close the terminal ${title}`,
  closeAsk: (title: string) => `Close the terminal “${title}”?`,
  closeBody: "Its shell and what runs in it are ended. What it printed is not kept.",
  running: (folder: string | null) => (folder === null || folder === "" ? "runs" : `runs, started in ${folder}`),
  gone: "There is no such terminal",
  goneBody: "It was closed, or the machine of the server was started again.",
  menu: "Terminal menu",
  screenReader: (on: boolean) => (on ? "Turn the screen reader mode off" : "Turn the screen reader mode on"),
  copy: "Copy the selection",
  paste: "Paste",
  lost: (count: number) =>
    `The connection was lost before the terminal had ${many(count, "character", "characters")} that you typed: look whether they arrived. They are not sent again.`,
  unsent: "There is no connection: what you type now is not sent.",
  skipped: (bytes: number) => `${size(bytes)} were printed meanwhile and are kept no more.`,
  stalled: "This page showed nothing for a minute, and the terminal went on without it.",
  goOn: "Go on",
  leaveKeys: "Ctrl-Shift-L leaves the terminal.",
  region: (title: string) => `Terminal ${title}`,
} as const;
