/** English: the panels beside and above the cells. */
import { duration, many } from "./format.ts";

export const panels = {
  dropText: "Drop a picture to put it into this text",
  dropPage: "Drop files to upload them beside the notebook",
  sidePanel: "Side panel",
  sideHide: "Hide the side panel (Ctrl B)",
  sideEdge: "Width of the side panel",
  headingRuns: "runs",
  headingFailed: "failed",
  outlineEmpty: "Headings in text cells appear here.",
  runningHere: "Running on the server",
  nothingRuns: "Nothing runs now.",
  untitledHeading: "(untitled)",
  reconnecting: "Reconnecting.",
  reconnectingBody: "Your code keeps running on the server. Keep typing: edits are sent when the connection is back.",
  crowded: "Too many pages are open.",
  crowdedBody: "The server takes no more connections of this login. Close some pages; this one then comes back by itself.",
  tryNow: "Try now",
  longOutage: (seconds: number) =>
    `The server has been out of reach for ${seconds < 3600 ? many(Math.floor(seconds / 60), "minute", "minutes") : duration(seconds)}.`,
  longOutageEdits: (edits: number) =>
    edits === 0
      ? "Runs go on there. This page connects by itself."
      : `${many(edits, "edit waits", "edits wait")} in this browser. ${edits === 1 ? "It is" : "They are"} sent when the connection is back, or when you open this page again.`,
  copyEdits: "Copy edits",
  sessionEnded: "Your session has ended.",
  sessionEndedBody: "Sign in again and you return to this spot.",
} as const;
