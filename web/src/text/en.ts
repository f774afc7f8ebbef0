/** Every sentence that a person can see or hear. Numbers come in plain and are formatted here. */
const number = new Intl.NumberFormat("en");
const n = (value: number): string => number.format(value);
const many = (value: number, one: string, more: string): string => `${n(value)} ${value === 1 ? one : more}`;

function ordinal(value: number): string {
  const tens = value % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th");
  return `${n(value)}${ending}`;
}

/** A duration in seconds, as short as it stays exact enough: `3 ms`, `0.8 s`, `41.7 s`, `2 m 14 s`, `3 h 12 m`. */
export function duration(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** How long ago, in words. */
export function ago(seconds: number): string {
  if (seconds < 10) return "just now";
  if (seconds < 60) return "less than a minute ago";
  if (seconds < 3600) return `${many(Math.floor(seconds / 60), "minute", "minutes")} ago`;
  if (seconds < 86_400) return `${many(Math.floor(seconds / 3600), "hour", "hours")} ago`;
  return `${many(Math.floor(seconds / 86_400), "day", "days")} ago`;
}

/** A size in bytes: `812 B`, `6.1 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const t = {
  product: "webipy",
  pageTitle: (title: string, busy: boolean) => `${busy ? "● " : ""}${title} · webipy`,
  opening: "Opening…",
  home: "Home",

  signIn: "Sign in",
  signInTo: "Sign in to webipy",
  signInAgain: "Sign in again",
  token: "Token",
  signInHint: "Run “webipy open” in a terminal on the server’s machine for a fresh link.",
  signInKeep: "Kernels you left running keep running. Their output is waiting for you.",
  signInRefused: "This token is not known. Check that it was copied whole.",
  codeRefused: "This link was used before or is too old. Run “webipy open” for a fresh one.",
  signInUnreachable: "The server cannot be reached. Check that it runs, then try again.",
  signOut: "Sign out",

  stillRunning: "Still running",
  sessions: "Sessions",
  noSessions: "No session is open. Start one: it keeps running when you close this page.",
  newSession: "New session",
  startWith: "Start a new session",
  newIn: (name: string) => `New ${name} session`,
  untitled: "Untitled",
  brokenSpecs: (count: number) => `${many(count, "kernelspec", "kernelspecs")} cannot be read`,
  noSpecs: "No kernelspec is installed on the server. Install one, for example with “pip install ipykernel”.",
  lastActivity: (seconds: number) => `active ${ago(seconds)}`,
  closeSession: "Close session",
  closeSessionNamed: (title: string) => `Close ${title}`,
  closeSessionAsk: (title: string) => `Close “${title}”?`,
  closeSessionBody: "Its kernel is shut down and the session leaves the list. This cannot be undone.",
  noKernel: "No kernel",
  noSuchSession: "There is no such session.",
  noSuchSessionBody: "It may have been closed.",
  toHome: "To the home page",

  rename: "Rename",
  sessionTitle: "Session title",
  saved: "Saved on server",
  sending: (edits: number) => `Sending ${many(edits, "edit", "edits")}…`,
  theme: { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" },
  menu: "Menu",
  outline: "Outline",
  outlineEmpty: "Headings in text cells appear here.",
  runningHere: "Running on the server",
  nothingRuns: "Nothing runs now.",
  untitledHeading: "(untitled)",
  side: "Outline and queue",
  close: "Close",

  kernel: {
    label: (name: string, state: string) => `Kernel ${name}, ${state}`,
    starting: "starting…",
    idle: "ready",
    busy: "busy",
    busyQueued: (queued: number) => `busy · ${n(queued)} queued`,
    restarting: "restarting…",
    dead: "stopped",
    none: "No kernel",
    choose: "choose one",
    menu: "Kernel",
    interrupt: "Interrupt",
    restart: "Restart…",
    shutDown: "Shut down…",
    change: "Change kernel…",
    start: "Start kernel",
    pick: "Choose a kernel",
    pickBody: "The kernel of another kind starts afresh: variables are lost, outputs stay.",
    current: "running now",
  },
  restartAsk: "Restart the kernel?",
  restartBody: "Variables are lost, outputs stay.",
  restart: "Restart",
  restartRunAbove: "Restart and run above",
  shutDownAsk: "Shut the kernel down?",
  shutDownBody: "Variables are lost, outputs stay. You can start it again.",
  shutDown: "Shut down",
  cancel: "Cancel",

  toolbar: "Notebook",
  run: "Run",
  runAll: "Run all cells",
  interrupt: "Interrupt the kernel",
  restartKernel: "Restart the kernel",
  addCode: "Code",
  addCodeLabel: "Add a code cell below",
  addText: "Text",
  addTextLabel: "Add a text cell below",
  shortcuts: "Keyboard shortcuts",
  keysIntro: "Esc leaves the editor and gives cell commands; Enter goes back to editing.",

  cells: "Cells",
  cellLabel: (index: number, kind: string, state: string) => `Cell ${n(index)}, ${kind}${state === "" ? "" : `, ${state}`}`,
  kind: { code: "code", markdown: "text", raw: "raw" },
  runCell: (index: number) => `Run cell ${n(index)}`,
  stopCell: (index: number) => `Interrupt cell ${n(index)}`,
  source: (index: number) => `Source of cell ${n(index)}`,
  output: (index: number) => `Output of cell ${n(index)}`,
  emptyText: "Empty text cell. Press Enter to write.",
  cellDeleted: "Cell deleted.",
  undo: "Undo",
  next: "next",
  inLine: (position: number) => `${ordinal(position)} in line`,
  running: "running",
  queued: "queued",
  waiting: "waiting for you",
  failed: "failed",
  interrupted: "interrupted",
  notRun: "not run",
  cancelled: "cancelled",
  lost: "lost",
  by: (name: string) => `by ${name}`,
  cancelRun: "cancel",
  cancelRunTitle: "Take it out of the queue",
  finishedSay: (index: number, time: string) => `Cell ${n(index)} finished in ${time}`,
  failedSay: (index: number, error: string) => `Cell ${n(index)} failed: ${error}`,
  interruptedSay: (index: number) => `Cell ${n(index)} was interrupted`,

  stdout: "Output",
  stderr: "Error output",
  logFoot: (lines: number, bytes: number, following: boolean) =>
    `${many(lines, "line", "lines")} · ${size(bytes)}${following ? " · following the end" : ""}`,
  leftOut: (characters: number) => `⋯ ${many(characters, "character is", "characters are")} not loaded here ⋯`,
  loadAll: "Load all",
  toEnd: "To the end",
  wrap: "Wrap",
  copy: "Copy",
  copied: "Copied",
  copyRefused: "The browser did not allow copying.",
  download: "Download",
  moreCharacters: (count: number) => ` … ${n(count)} more characters: wrap, copy or download to see them`,
  showOutputs: (count: number) => `Show ${many(count, "more output", "more outputs")}`,
  libraryFrames: (count: number, open: boolean) => `${many(count, "library frame", "library frames")} ${open ? "shown" : "hidden"}`,
  goToCell: (count: string) => `Go to the cell that ran as ${count}`,
  image: "Image output",
  noView: (types: string) => `This output has no form that can be shown here (${types}).`,
  unreadable: (what: string) => `This ${what} cannot be shown: it is not well-formed.`,
  sealed: "Interactive output in a sealed frame",
  sealedNote: "Interactive output runs in a sealed frame: it cannot read your session or files.",
  escaped: "This output tried to leave the page and was stopped.",
  frameFailed: "This output did not start. Reload the page to try again.",
  items: (count: number) => many(count, "item", "items"),
  outputLost: (reason: string, count: number | null) =>
    count === null
      ? `Some output is missing: ${reason}`
      : `${many(count, "message", "messages")} of output ${count === 1 ? "is" : "are"} missing: ${reason}`,

  answer: "Answer",
  answerPlaceholder: "type, then Enter",
  hidden: "hidden, then Enter",
  send: "Send",

  fromCommandLine: "From the command line",
  fromKernel: "Output outside of any execution",
  toNewCell: "Copy to a new cell",

  live: "Live",
  connecting: "Connecting…",
  offline: "Reconnecting…",
  signedOut: "Signed out",
  editing: { before: "Editing:", key: "Esc", middle: "for cell commands, then", key2: "H", after: "for all keys" },
  commanding: { before: "Cell commands:", key: "Enter", middle: "to edit,", key2: "H", after: "for all keys" },
  cellCount: (count: number) => many(count, "cell", "cells"),
  canClose: "You can close this page. The run continues on the server.",

  reconnecting: "Reconnecting.",
  reconnectingBody: "Your code keeps running on the server; keep typing, edits are sent when the line is back.",
  tryNow: "Try now",
  backOnline: "Back online.",
  caughtUp: (lines: number, figures: number) => {
    const parts = [lines > 0 ? many(lines, "line", "lines") : "", figures > 0 ? many(figures, "figure", "figures") : ""].filter(
      part => part !== "",
    );
    return parts.length === 0 ? "Nothing was missed." : `Caught up with ${parts.join(" and ")}. Nothing was lost.`;
  },
  caughtClosed: (lines: number) => `Caught up: ${many(lines, "line", "lines")} arrived while this page was closed`,
  caughtOffline: (lines: number) => `Caught up: ${many(lines, "line", "lines")} arrived while the line was down`,
  longOutage: (seconds: number) =>
    `The server has been out of reach for ${seconds < 3600 ? many(Math.floor(seconds / 60), "minute", "minutes") : duration(seconds)}.`,
  longOutageEdits: (edits: number) =>
    edits === 0
      ? "Runs go on there. This page connects by itself."
      : `${many(edits, "edit waits", "edits wait")} in this browser. Copy them if you must leave.`,
  copyEdits: "Copy edits",
  sessionEnded: "Your session has ended.",
  sessionEndedBody: "Sign in again and you return to this spot.",
  updated: "webipy was updated.",
  updatedBody: "Reload to continue; your work is saved.",
  reload: "Reload",
  closed: "This session was closed.",
  closedBody: "Its cells and outputs can still be read here.",
  kernelStopped: (reason: string) => `The kernel stopped: ${reason}`,
  kernelStoppedBody: "Outputs and code are safe; variables are gone.",
  lastWords: "Its last output",
  kernelFailed: "The kernel could not be started.",
  degraded: "The server cannot write its journal now.",
  degradedBody: "Nothing that was accepted is lost; new work is refused until it can.",
  later: "Not connected: this is done when the line is back.",
  stillWaiting: "The kernel did not answer in time.",
  noHelp: "The kernel knows nothing about this name.",
  pager: "Documentation",
  closePager: "Close the documentation",
  unexpected: "The page met a fault of its own.",

  keys: {
    editMode: "While editing",
    commandMode: "Cell commands (after Esc)",
    both: "Always",
  },
} as const;
