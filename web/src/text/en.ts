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

const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const yearTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

/** The time of day, with the date when it was not today. */
export function clock(at: number): string {
  if (!Number.isFinite(at)) return "";
  const date = day(at);
  return date === t.history.today ? clockTime.format(at) : `${clockTime.format(at)}, ${date}`;
}

/** The date in words, short where it can be. */
export function day(at: number): string {
  if (!Number.isFinite(at)) return "";
  const [then, today] = [new Date(at), new Date()];
  if (then.toDateString() === today.toDateString()) return t.history.today;
  return then.getFullYear() === today.getFullYear() ? dayTime.format(then) : yearTime.format(then);
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
  noSessions: "Nothing runs. A notebook that you open here keeps running when you close this page.",
  newNotebook: "New notebook",
  newShort: "New",
  newMore: "New, other kinds",
  notebookIn: (name: string) => `${name} notebook`,
  sessionIn: (name: string) => `${name} session without a file`,
  newFolder: "Folder…",
  untitled: "Untitled",
  brokenSpecs: (count: number) => `${many(count, "kernelspec", "kernelspecs")} cannot be read`,
  noSpecs: "No kernelspec is installed on the server. Install one, for example with “pip install ipykernel”.",
  lastRan: "Ran: ",
  lastActivity: (seconds: number) => `active ${ago(seconds)}`,
  closeSession: "Close session",
  closeSessionNamed: (title: string) => `Close ${title}`,
  closeSessionAsk: (title: string) => `Close “${title}”?`,
  closeSessionBody: "Its kernel is shut down and the session leaves the list. This cannot be undone.",
  closeUnsavedAsk: (title: string) => `“${title}” cannot be saved now`,
  closeUnsavedBody:
    "The file was changed by another program, or cannot be written. If you close all the same, the file stays as it is and what is only here is lost.",
  closeUnsaved: "Close without saving",
  closeNotebookBody: "Its kernel is shut down and variables are lost. The notebook stays in its file.",
  noKernel: "No kernel",
  noSuchSession: "There is no such session.",
  noSuchSessionBody: "It may have been closed. Its notebook is in its file all the same: open it from there.",
  nowhere: "There is nothing at this address.",
  nowhereBody: "A letter may be wrong in it, or what it led to has moved.",
  toHome: "To the home page",

  files: {
    root: "Files",
    crumbs: "Folder",
    filter: "Filter",
    filterHint: "Filter by name",
    name: "Name",
    kernel: "Kernel",
    changed: "Changed",
    size: "Size",
    actions: "Actions",
    actionsOf: (name: string) => `Actions for ${name}`,
    empty: "This folder is empty. Make a notebook, or drop files here.",
    noMatch: "Nothing here has that in its name.",
    more: (count: number) => `Show ${many(count, "more entry", "more entries")}`,
    folder: "folder",
    open: "Open",
    openAsNotebook: "Open as notebook",
    view: "View",
    rename: "Rename…",
    renameOf: (name: string) => `Rename “${name}”`,
    newName: "New name",
    duplicate: "Duplicate",
    download: "Download",
    delete: "Delete",
    newFolderAsk: "New folder",
    folderName: "Name of the folder",
    create: "Create",
    upload: "Upload",
    uploads: "Uploads",
    uploading: (name: string, percent: number) => `${name}: ${percent} %`,
    uploaded: (name: string) => `${name} is uploaded.`,
    uploadFailed: (name: string, reason: string) => `${name} was not uploaded: ${reason}`,
    uploadStopped: (name: string) => `The upload of ${name} was stopped.`,
    stopUpload: (name: string) => `Stop the upload of ${name}`,
    taken: (name: string) => `“${name}” exists already`,
    takenBody: "The file that is there is replaced by the one you upload.",
    replace: "Replace",
    dropHere: "Drop files to upload them here",
    noFolder: "This folder cannot be shown.",
    running: (kernel: string, state: string) => `${kernel}, ${state}`,
    openSession: "open",
    sortBy: (what: string) => `Sort by ${what.toLowerCase()}`,
    list: (folder: string) => `Files in ${folder}`,
    up: "Folder above",
    notRead: (path: string, status: number) => `${path} cannot be read (${status}).`,
  },

  attach: {
    dropText: "Drop a picture to put it into this text",
    dropPage: "Drop files to upload them beside the notebook",
    tooLarge: (name: string, most: number) => `${name} is larger than ${size(most)}, the most that a picture in a text may have.`,
    unreadable: "The picture cannot be read.",
  },

  rename: "Rename",
  sessionTitle: "Session title",
  fileName: "File name",
  saved: "Saved on server",
  savedFile: "Saved",
  savedFileAt: (path: string, time: string) => `${path} holds everything as of ${time}`,
  savingFile: "Saving…",
  savingFileTitle: "Everything is safe on the server; the file is written in a moment.",
  notSaved: (reason: string) => `Not saved: ${reason}`,
  savedAs: (path: string) => `Saved as ${path}`,
  noFile: "This session has no file. Choose “Save as a notebook…” to give it one.",
  saveAs: "Save as a notebook",
  saveAsLabel: "Path below the root",
  saveAct: "Save",
  conflict: {
    changed: "Changed on disk by another program.",
    deleted: "The file was deleted by another program.",
    cells: (count: number) => `${many(count, "cell differs", "cells differ")} on both sides. Nothing is written until you choose.`,
    gone: "Nothing is written until you choose.",
    compare: "Compare",
    keepMine: "Keep mine",
    keepMineTitle: "Write the file from here; what it held is kept beside it as a copy",
    writeAgain: "Write it again",
    takeTheirs: "Take theirs",
    takeTheirsTitle: "Read the file; what is here stays in the history",
    short: "changed by another program",
    compareTitle: "What differs between here and the file",
    compareBody: "Lines with a minus are only here, lines with a plus only in the file.",
    unreadable: "The file cannot be read as a notebook.",
    same: "The text of the cells is the same on both sides: outputs or metadata differ.",
  },
  keptMine: "Saved yours. What the file held is beside it, as a copy.",
  keptDeleted: "The file was written again.",
  tookTheirs: "The file was read. What was here is in the history.",
  saveFailed: "The notebook cannot be saved.",
  saveFailedBody: (reason: string) => `${reason} Nothing is lost: it is in the server’s journal, and saving is tried again.`,
  tryAgain: "Try again",

  more: "More",
  documentMenu: {
    settings: "Settings…",
    save: "Save now",
    saveAs: "Save as a notebook…",
    checkpoint: "Name this state…",
    history: "History…",
    rename: "Rename…",
    duplicate: "Duplicate",
    download: "Download",
    reload: "Read the file again…",
    upgrade: (minor: number) => `Save in format 4.5 (is 4.${minor})`,
    print: "Print…",
    export: "Export as",
    clearOutputs: "Clear all outputs",
    ipynb: "Notebook (.ipynb)",
    html: "Web page (.html)",
    markdown: "Markdown",
    script: "Script",
    "py:percent": "Percent script (.py)",
    pdf: "PDF",
  },
  upgraded: "The file is nbformat 4.5 now: its cells have ids",
  exporting: "Making the export…",
  duplicated: (name: string) => `Copied to ${name}`,
  checkpointAsk: "Name this state",
  checkpointBody: "You can go back to it from the history.",
  checkpointLabel: "Name",
  checkpointAct: "Keep",
  checkpointMade: (name: string) => `This state is kept as “${name}”.`,
  reloadAsk: "Read the file again?",
  reloadBody: "The notebook becomes what the file holds. What is here stays in the history.",
  reloadAct: "Read the file",
  restored: (when: string) => `The notebook is as it was ${when}. The state before is in the history.`,
  history: {
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
    today: "Today",
    changes: { added: "added", removed: "removed", changed: "changed", moved: "moved" },
    outputs: "its outputs differ",
    metadata: "its metadata differs",
    notebookMetadata: "The metadata of the notebook differs.",
    when: (time: string) => `at ${time}`,
    unchanged: (count: number) => `${many(count, "line", "lines")} as before`,
  },

  palette: {
    title: "Find a command, a heading or a file",
    atHome: { title: "Find a file or a session", hint: "Type the name of a file or a session" },
    running: "still running",
    open: "Find a command",
    hint: "Type a command, a heading, code or a file name",
    nothing: "Nothing has these letters.",
    heading: "heading",
    cell: (index: number) => `cell ${n(index)}`,
    file: "file",
    folder: "folder",
    notebook: "notebook",
    count: (count: number) => many(count, "match", "matches"),
  },
  settings: {
    title: "Settings",
    theme: "Theme",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    codeSize: "Size of code",
    sizes: { small: "Small", usual: "Usual", large: "Large", larger: "Larger" },
    keys: "Keys",
    keySets: { jupyter: "Jupyter", colab: "Colab and VS Code" },
    lineNumbers: "Line numbers",
    pictures: "Pictures of texts on other servers",
    remote: { ask: "Ask", allow: "Show", block: "Never" },
    beside: "Outputs beside the code",
    wrap: "Wrap long lines of output",
    hover: "Explain names under the pointer",
    hoverNote: "Rest the pointer on a name for half a second.",
    typing: "Show signatures while typing",
    typingNote: "After an opening bracket. Shift-Tab shows them at any time.",
    stop: "Stop at the first error",
    stopNote: "When several cells run, those after it are not run.",
    where: "Kept in this browser. Notebooks save themselves on the server.",
  },
  variables: {
    title: "Variables",
    filter: "Filter by name or type",
    none: "No variables yet. They appear when code has run.",
    noMatch: "No variable has that in its name or type.",
    noKernel: "Variables appear when a kernel runs.",
    starting: "The kernel is starting.",
    dead: "The kernel has stopped: its variables are gone.",
    busy: "The kernel is busy. What is shown is from before.",
    language: (name: string) => `Variables are shown for Python. This kernel runs ${name}.`,
    more: (count: number) => `and ${many(count, "more name", "more names")}`,
    failed: (reason: string) => `The kernel could not list its variables: ${reason}`,
    inspect: (name: string) => `Show what is known of ${name}`,
    insert: (name: string) => `Insert ${name} into the cell`,
    insertAct: "insert",
    refresh: "Ask again",
    elements: (count: number) => many(count, "item", "items"),
    characters: (count: number) => many(count, "character", "characters"),
    loading: "Asking the kernel…",
  },
  sideTabs: { outline: "Outline", files: "Files", variables: "Variables", label: "Side panel" },
  headingRuns: "runs",
  headingFailed: "failed",
  exportAs: (format: string) => `Export as ${format}`,

  find: {
    title: "Find in the cells",
    find: "Find",
    replace: "Replace with",
    next: "Next match",
    previous: "Match before",
    count: (at: number, all: number) => (all === 0 ? "none" : `${n(at)} of ${n(all)}`),
    caseSensitive: "Match case",
    regular: "Regular expression",
    word: "Whole words",
    bad: "not a regular expression",
    one: "Replace",
    all: "Replace all",
    replaced: (matches: number, cells: number) => `Replaced ${many(matches, "match", "matches")} in ${many(cells, "cell", "cells")}.`,
  },

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
    attached: (language: string) => `Attached${language === "" ? "" : ` ${language}`} kernel`,
    label: (name: string, state: string) => `Kernel ${name}, ${state}`,
    starting: "starting…",
    idle: "ready",
    busy: "busy",
    busyQueued: (queued: number) => `busy · ${n(queued)} queued`,
    restarting: "restarting…",
    dead: "stopped",
    none: "No kernel",
    choose: "choose one",
    withFirstRun: "starts with the first run",
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
  usage: {
    asking: "Looking at memory and CPU…",
    after: (bytes: number) => `· ${size(bytes)}`,
    /** A share of 1 is one processor. */
    all: ({ memory_bytes, cpu, processes }: { memory_bytes: number; cpu: number | null; processes: number }) =>
      [
        `${size(memory_bytes)} of memory`,
        cpu === null ? "" : `${n(Math.round(cpu * 100))} % CPU`,
        processes < 2 ? "" : `${n(processes)} processes`,
      ]
        .filter(part => part !== "")
        .join(" · "),
  },
  restartAsk: "Restart the kernel?",
  restartBody: "Variables are lost, outputs stay.",
  restart: "Restart",
  restartRunAbove: "Restart and run above",
  restartRunAllAsk: "Restart the kernel and run all cells?",
  restartRunAllBody: "Variables are lost, and every cell runs again from the top.",
  restartRunAll: "Restart and run all",
  shutDownAsk: "Shut the kernel down?",
  shutDownBody: "Variables are lost, outputs stay. You can start it again.",
  shutDown: "Shut down",
  cancel: "Cancel",

  toolbar: "Notebook",
  run: "Run",
  runAll: "Run all cells",
  runMenu: "More ways to run",
  runThis: "Run the selected cells",
  runAbove: "Run all above",
  runBelow: "Run this one and all below",
  runStale: "Run changed and new cells",
  stopOnErrorItem: "Stop at the first error",
  nothingStale: "No cell was changed since it ran.",
  nothingToRun: "There is no code to run.",
  notRunAfter: (count: number) => `Stopped here. ${many(count, "later cell was", "later cells were")} not run.`,
  runAnyway: (count: number) => (count === 1 ? "Run it anyway" : "Run them anyway"),
  queueButton: (count: number) => `${n(count)} in line`,
  queueTitle: "What runs and waits",
  takeBack: "Take it out of the queue",
  takeAllBack: "Take back all that waits",
  earlyInQueue: "Run it earlier",
  lateInQueue: "Run it later",
  interrupt: "Interrupt the kernel",
  restartKernel: "Restart the kernel",
  addCell: "Add a cell",
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
  cellsDeleted: (count: number) => (count === 1 ? "Cell deleted." : `${n(count)} cells deleted.`),
  nothingToUndo: "Nothing was done to cells that could be undone.",
  nothingToRedo: "Nothing was undone that could be done again.",
  undone: (what: string) => `Undone: ${what}.`,
  redone: (what: string) => `Done again: ${what}.`,
  steps: {
    insertion: (count: number) => (count === 1 ? "a new cell" : `${n(count)} new cells`),
    deletion: (count: number) => (count === 1 ? "a cell was deleted" : `${n(count)} cells were deleted`),
    move: "cells were moved",
    type: "another type",
    picture: "a picture in a text",
    heading: "a heading",
    split: "a cell was split",
    merge: "cells were merged",
    replacement: "replacing in the cells",
    name: "the name of a variable",
  },
  foldSection: (index: number) => `Fold the section of cell ${n(index)}`,
  unfoldSection: (index: number) => `Unfold the section of cell ${n(index)}`,
  foldedCells: (count: number) => `${many(count, "cell is", "cells are")} folded away.`,
  emptyNotebook: "This notebook has no cells yet.",
  moveCell: "Drag to move, press for the menu",
  cellMenu: {
    of: (index: number) => `Menu of cell ${n(index)}`,
    cut: "Cut",
    copy: "Copy",
    paste: "Paste below",
    remove: "Delete",
    up: "Move up",
    down: "Move down",
    merge: "Join with the one below",
    code: "Make it code",
    text: "Make it text",
    raw: "Make it raw",
    source: "Hide the code",
    outputs: "Hide the outputs",
    scrolled: "Let the outputs scroll",
    clear: "Clear the outputs",
  },
  plusCode: (index: number) => `New code cell after cell ${n(index)}`,
  plusText: (index: number) => `New text cell after cell ${n(index)}`,
  stale: "edited",
  staleTitle: "The text was changed since this output was made",
  outputHidden: "Outputs are hidden.",
  sourceHidden: "The code is hidden.",
  show: "Show",
  ranBy: (name: string | null, time: string, took: string) =>
    `Run${name === null ? "" : ` by ${name}`} at ${time}${took === "" ? "" : `, took ${took}`}`,
  selectedCells: (count: number) => `${n(count)} cells selected`,
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
  searchLog: "Search in this output",
  toEnd: "To the end",
  wrap: "Wrap",
  copy: "Copy",
  copied: "Copied",
  copyRefused: "The browser did not allow copying.",
  download: "Download",
  moreCharacters: (count: number) => ` … ${n(count)} more characters: wrap, copy or download to see them`,
  showOutputs: (count: number) => `Show ${many(count, "more output", "more outputs")}`,
  libraryFrames: (count: number, open: boolean) => `${many(count, "library frame", "library frames")} ${open ? "shown" : "hidden"}`,
  goToLine: (count: string, line: number) => `Go to line ${n(line)} of the cell that ran as ${count}`,
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
  crowded: "Too many pages are open.",
  crowdedBody: "The server takes no more connections of this login. Close some pages; this one then comes back by itself.",
  tryNow: "Try now",
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
  caughtClosed: (lines: number) => `Caught up: ${many(lines, "line", "lines")} arrived while this page was closed`,
  caughtOffline: (lines: number) => `Caught up: ${many(lines, "line", "lines")} arrived while the line was down`,
  longOutage: (seconds: number) =>
    `The server has been out of reach for ${seconds < 3600 ? many(Math.floor(seconds / 60), "minute", "minutes") : duration(seconds)}.`,
  longOutageEdits: (edits: number) =>
    edits === 0
      ? "Runs go on there. This page connects by itself."
      : `${many(edits, "edit waits", "edits wait")} in this browser. ${edits === 1 ? "It is" : "They are"} sent when the line is back, or when you open this page again.`,
  copyEdits: "Copy edits",
  sessionEnded: "Your session has ended.",
  sessionEndedBody: "Sign in again and you return to this spot.",
  updated: "webipy was updated.",
  updatedBody: "Reload to continue; your work is saved.",
  reload: "Reload",
  closed: "This session was closed.",
  closedBody: "Its cells and outputs can still be read here.",
  kernelStopped: (reason: string) => (reason.startsWith("The kernel") ? reason : `The kernel stopped: ${reason}`),
  kernelStoppedBody: "Outputs and code are safe; variables are gone.",
  lastWords: "Its last output",
  kernelFailed: "The kernel could not be started.",
  attachedGone: (reason: string) => `The attached kernel is gone: ${reason}`,
  attachedGoneBody: "Something else started it, so it is not restarted from here. Choose a kernel of the server to go on.",
  unsentKept: (edits: number) =>
    `${many(edits, "edit", "edits")} from when this page was last open ${edits === 1 ? "was" : "were"} kept in this browser and ${edits === 1 ? "is" : "are"} sent now.`,
  unsentMisplaced: (cells: number) =>
    `${many(cells, "cell", "cells")} with unsent edits ${cells === 1 ? "was" : "were"} deleted meanwhile; what you wrote is in ${cells === 1 ? "a new cell" : "new cells"}.`,
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
    headings: "Make it a heading of level 1 to 6",
    both: "Always",
  },
} as const;
