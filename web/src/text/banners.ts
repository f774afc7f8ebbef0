/** English: what is wrong, or just was, above the cells. */
import { many } from "./format.ts";

export const bannerWords = {
  saveFailed: "The notebook cannot be saved.",
  saveFailedBody: (reason: string) => `${reason} Nothing is lost: it is in the server’s journal, and saving is tried again.`,
  tryAgain: "Try again",
  repaired: "The file does not follow the notebook format of today in every part.",
  repairedRead: "Close",
  repairedStays: "What you do not change stays in the file as it is.",
  inPlaceBold: "This file is written in place.",
  inPlace:
    "It cannot be replaced (a mount point, or a folder without write right), so another program may see half of it while it is saved.",
  outputLost: (reason: string, count: number | null) =>
    count === null
      ? `Some output is missing: ${reason}`
      : `${many(count, "message", "messages")} of output ${count === 1 ? "is" : "are"} missing: ${reason}`,
  restartRunAbove: "Restart and run above",
  backOnline: "Back online.",
  serverRestarted: "The server was restarted.",
  allIsHere: (time: string, lines: number, figures: number) => {
    const caught = [lines > 0 ? many(lines, "line", "lines") : "", figures > 0 ? many(figures, "figure", "figures") : ""];
    const words = caught.filter(part => part !== "").join(" and ");
    return `Everything up to ${time} is here${words === "" ? "" : `, with ${words} that came meanwhile`}.`;
  },
  kernelRuns: "The kernel is still running.",
  kernelGone: "The kernel has stopped.",
  caughtUp: (lines: number, figures: number) => {
    const parts = [lines > 0 ? many(lines, "line", "lines") : "", figures > 0 ? many(figures, "figure", "figures") : ""].filter(
      part => part !== "",
    );
    return parts.length === 0 ? "Nothing was missed." : `Caught up with ${parts.join(" and ")}. Nothing was lost.`;
  },
  updated: "webipy was updated.",
  updatedBody: "Reload to continue; your work is saved.",
  reload: "Reload",
  closed: "This session was closed.",
  closedBody: "Its cells and outputs can still be read here.",
  openAgain: "Open again",
  kernelStopped: (reason: string) => (reason.startsWith("The kernel") ? reason : `The kernel stopped: ${reason}`),
  kernelStoppedBody: "Outputs and code are safe; variables are gone.",
  lastWords: "Its last output",
  kernelFailed: "The kernel could not be started.",
  attachedGone: (reason: string) => `The attached kernel is gone: ${reason}`,
  attachedGoneBody: "Something else started it, so it is not restarted from here. Choose a kernel of the server to go on.",
  degraded: "The server cannot write its journal now.",
  degradedBody: "Nothing is lost. New work is refused until it can write again.",
} as const;

/** What is said when a file was changed by another program. */
export const conflictWords = {
  changed: "Changed on disk by another program.",
  deleted: "The file was deleted by another program.",
  cells: (count: number) => `${many(count, "cell differs", "cells differ")} on both sides. Nothing is written until you choose.`,
  gone: "Nothing is written until you choose.",
  compare: "Compare",
  keepMine: "Keep mine",
  keepMineTitle: "Save your version; the version in the file is kept beside it as a copy",
  writeAgain: "Write it again",
  takeTheirs: "Take theirs",
  takeTheirsTitle: "Load the version in the file; yours stays in the history",
  compareTitle: "What differs between here and the file",
  compareBody: "Lines with a minus are only here, lines with a plus only in the file.",
  unreadable: "The file cannot be read as a notebook.",
  same: "The text of the cells is the same on both sides: outputs or metadata differ.",
} as const;
