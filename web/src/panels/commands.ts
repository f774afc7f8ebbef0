/**
 * Every command once, with its title, its keys, the right that it needs and what it does. The key map, the palette and the sheet of keys read
 * this table: a new command is a new row, and a row without a right is a type error.
 *
 * There are two sets of keys. That of Jupyter is in `both`, `command` and `edit`; that of Colab and VS Code has all of these and, in both modes, what Colab
 * has behind Ctrl-M, which then is no longer a way out of the editor.
 */

import { computed } from "@preact/signals";
import { EXPORT_FORMATS, type ExportFormat } from "../rpc/schema.ts";
import type { Actions } from "../session/actions.ts";
import { copyCellLink } from "../session/cell_link.ts";
import { hasLab, openInLab } from "../session/jupyterlab.ts";
import { anchor, mode, selected } from "../session/selection.ts";
import { own } from "../text/commands.ts";
import { t } from "../text/en.ts";
import { keyNames } from "../ui/keys.ts";
import { complain } from "../ui/notices.ts";
import { type DialogName, dialog, find, finding, findStep, pager, renaming } from "../ui/page_state.ts";
import { besideOutputs, fullWidth, type KeySet, keySet, nextTheme, ownKeys, typingCompletion, wrapLogs } from "../ui/settings.ts";
import type { Command, CommandRow, Where } from "./command.ts";
import { keysOf, withOwn } from "./own_keys.ts";
import { SHOW_PANEL, toggleSide } from "./side_panels.ts";

const show = (name: DialogName) => (): void => {
  dialog.value = name;
};

const step = (by: -1 | 1) => (): void => {
  if (finding.value === null) find(false);
  else findStep.value = { by };
};

/** Goes to where the name at the caret is defined: where the caret is now, however long the code for it takes to come. */
function define(actions: Actions): void {
  const cell = selected.value ?? "";
  const at = mode.value === "edit" ? actions.store.drafts.get(cell)?.caret() : undefined;
  const place = at === undefined ? null : { cell, at };
  import("../code/definition.ts").then(({ followCaret }) => followCaret(actions, place)).catch(complain);
}

/** Goes back to where that was done last. */
function defineBack(actions: Actions): void {
  import("../code/definition.ts").then(({ back }) => back(actions)).catch(complain);
}

const heading = (level: number): CommandRow => ({
  title: `Make it a heading of level ${level}`,
  right: "write",
  command: String(level),
  run: a => a.heading(level),
});

const exports = Object.fromEntries(
  EXPORT_FORMATS.map((format): [string, CommandRow] => [
    `export-${format}`,
    { title: t.exportAs(t.documentMenu[format]), right: "read", run: a => void a.file.export(format) },
  ]),
) as Record<`export-${ExportFormat}`, CommandRow>;

export const TABLE = {
  palette: {
    title: "Find a command, a heading or a file",
    right: "read",
    both: "Ctrl+k | Ctrl+Shift+p | Ctrl+Shift+c",
    command: "p",
    run: show("palette"),
  },
  "run-next": { title: "Run and go to the next cell", right: "execute", both: "Shift+Enter", run: a => a.runSelected("next") },
  run: { title: "Run and stay", right: "execute", both: "Ctrl+Enter", run: a => a.runSelected("stay") },
  "run-insert": { title: "Run and insert a cell below", right: "execute", both: "Alt+Enter", run: a => a.runSelected("insert") },
  save: { title: "Save now", right: "write", both: "Ctrl+s", command: "s", run: a => void a.file.save() },
  edit: { title: "Edit the cell", right: "write", command: "Enter", run: a => a.edit() },
  up: { title: "Select the cell above", right: "read", command: "ArrowUp | k", colab: "Ctrl+m p", run: a => a.move(-1) },
  down: { title: "Select the cell below", right: "read", command: "ArrowDown | j", colab: "Ctrl+m n", run: a => a.move(1) },
  "extend-up": { title: "Select the one above too", right: "read", command: "Shift+ArrowUp | Shift+k", run: a => a.extend(-1) },
  "extend-down": { title: "Select the one below too", right: "read", command: "Shift+ArrowDown | Shift+j", run: a => a.extend(1) },
  all: { title: "Select all cells", right: "read", command: "Ctrl+a", run: a => a.selectAll() },
  first: { title: "Select the first cell", right: "read", command: "Home", run: a => a.move(-1e9) },
  last: { title: "Select the last cell", right: "read", command: "End", run: a => a.move(1e9) },
  "extend-first": { title: "Select up to the first cell", right: "read", command: "Shift+Home", run: a => a.extend(-1e9) },
  "extend-last": { title: "Select up to the last cell", right: "read", command: "Shift+End", run: a => a.extend(1e9) },
  above: { title: "Insert a code cell above", right: "write", command: "a", colab: "Ctrl+m a", run: a => a.insertAbove("code") },
  below: { title: "Insert a code cell below", right: "write", command: "b", colab: "Ctrl+m b", run: a => a.insertBelow("code", false) },
  cut: { title: "Cut the cells", right: "write", command: "x", colab: "Ctrl+m x", run: a => a.copyByKey(true) },
  copy: { title: "Copy the cells", right: "read", command: "c", colab: "Ctrl+m c", run: a => a.copyByKey() },
  paste: { title: "Paste below", right: "write", command: "v", colab: "Ctrl+m v", run: a => a.paste(false) },
  "paste-above": { title: "Paste above", right: "write", command: "Shift+v", run: a => a.paste(true) },
  link: { title: t.cellMenu.link, right: "read", run: ({ store }) => void copyCellLink(store, selected.value ?? "") },
  lab: { title: t.documentMenu.lab, right: "own", offered: hasLab, run: ({ store }) => openInLab(store.model.file?.path ?? "") },
  delete: { title: "Delete the cells", right: "write", command: "d d", colab: "Ctrl+m d", run: a => a.remove() },
  undo: { title: "Undo what was done to cells", right: "write", command: "z | Ctrl+z", colab: "Ctrl+m z", run: a => a.undo.undo() },
  redo: {
    title: "Redo what was undone to cells",
    right: "write",
    command: "Shift+z | Ctrl+Shift+z | Ctrl+y",
    colab: "Ctrl+m Shift+z",
    run: a => a.undo.redo(),
  },
  code: { title: "Make it a code cell", right: "write", command: "y", colab: "Ctrl+m y", run: a => a.setType("code") },
  text: { title: "Make it a text cell", right: "write", command: "m", colab: "Ctrl+m m", run: a => a.setType("markdown") },
  raw: { title: "Make it a raw cell", right: "write", command: "r", run: a => a.setType("raw") },
  "heading-1": heading(1),
  "heading-2": heading(2),
  "heading-3": heading(3),
  "heading-4": heading(4),
  "heading-5": heading(5),
  "heading-6": heading(6),
  "heading-above": { title: "Insert a heading above the section", right: "write", command: "Shift+a", run: a => a.sections.insert(-1) },
  "heading-below": { title: "Insert a heading below the section", right: "write", command: "Shift+b", run: a => a.sections.insert(1) },
  split: { title: "Split the cell at the caret", right: "write", edit: "", colab: "Ctrl+m -", run: a => a.splitMerge.splitHere?.() },
  merge: {
    title: "Merge the selected cells, or with the one below",
    right: "write",
    command: "Shift+m | Ctrl+Shift+m",
    colab: "Ctrl+m /",
    run: a => a.splitMerge.merge(1),
  },
  "merge-above": { title: "Merge with the cell above", right: "write", command: "Ctrl+Backspace", run: a => a.splitMerge.merge(-1) },
  "move-up": {
    title: "Move the cells up",
    right: "write",
    command: "Ctrl+Shift+ArrowUp | Alt+ArrowUp",
    colab: "Ctrl+m k",
    run: a => a.shift(-1),
  },
  "move-down": {
    title: "Move the cells down",
    right: "write",
    command: "Ctrl+Shift+ArrowDown | Alt+ArrowDown",
    colab: "Ctrl+m j",
    run: a => a.shift(1),
  },
  fold: { title: "Fold the section, or go to its heading", right: "write", command: "ArrowLeft", run: a => a.sections.fold() },
  unfold: { title: "Unfold the section", right: "write", command: "ArrowRight", run: a => a.sections.unfold() },
  "fold-all": { title: "Fold all sections", right: "write", command: "Ctrl+Shift+ArrowLeft", run: a => a.sections.foldAll(true) },
  "unfold-all": { title: "Unfold all sections", right: "write", command: "Ctrl+Shift+ArrowRight", run: a => a.sections.foldAll(false) },
  outputs: { title: "Show or hide the outputs", right: "write", command: "o", colab: "Ctrl+m o", run: a => a.visibility.toggle("outputs") },
  scrolled: {
    title: "Let the outputs scroll, or show all of them",
    right: "write",
    command: "Shift+o",
    run: a => a.visibility.toggle("scrolled"),
  },
  beside: {
    title: "Outputs beside the code, or below",
    right: "read",
    command: "Shift+r",
    run: () => {
      besideOutputs.value = !besideOutputs.value;
    },
  },
  lines: { title: "Line numbers of the cell", right: "read", command: "l", colab: "Ctrl+m l", run: a => a.toggleLines() },
  "all-lines": { title: "Line numbers of all cells", right: "read", command: "Shift+l", run: a => a.toggleAllLines() },
  find: { title: "Find in all cells", right: "read", both: "Ctrl+f", command: "f", run: () => find(false) },
  replace: { title: "Find and replace in all cells", right: "write", both: "Ctrl+h", run: () => find(true) },
  "find-next": { title: "Next match", right: "read", both: "Ctrl+g", run: step(1) },
  "find-previous": { title: "Previous match", right: "read", both: "Ctrl+Shift+g", run: step(-1) },
  define: { title: "Go to where the name is defined", right: "read", edit: "F12", run: define },
  "define-back": { title: "Go back to where you came from", right: "read", both: "Ctrl+Alt+- | Shift+F12", run: defineBack },
  interrupt: { title: "Interrupt the kernel", right: "execute", command: "i i", colab: "Ctrl+m i", run: a => a.runs.interrupt() },
  restart: { title: "Restart the kernel", right: "execute", command: "0 0", colab: "Ctrl+m .", run: show("restart") },
  shortcuts: { title: "Show the keys", right: "read", command: "h", colab: "Ctrl+m h", run: show("shortcuts") },
  "run-all": { title: "Run all cells", right: "execute", colab: "Ctrl+F9", run: a => a.runs.runMany("all") },
  "run-above": {
    title: "Run all above the cell",
    right: "execute",
    colab: "Ctrl+F8",
    run: a => a.runs.runMany("above", a.chosen()[0] ?? null),
  },
  "run-below": {
    title: "Run the cell and all below",
    right: "execute",
    colab: "Ctrl+F10",
    run: a => a.runs.runMany("below", a.chosen()[0] ?? null),
  },
  "run-stale": { title: "Run changed and new cells", right: "execute", run: a => a.runs.runMany("stale") },
  "restart-run": { title: "Restart the kernel and run all cells", right: "execute", run: show("restart_run") },
  "cancel-all": { title: "Cancel all that is queued", right: "execute", run: a => a.runs.cancelAll() },
  "shut-down": { title: "Shut the kernel down", right: "execute", run: show("shut_down") },
  kernels: { title: "Change the kernel", right: "execute", run: show("kernels") },
  "insert-code": { title: "Insert a code cell below and edit it", right: "write", run: a => a.insertBelow("code", true) },
  "insert-text": { title: "Insert a text cell below and edit it", right: "write", run: a => a.insertBelow("markdown", true) },
  source: { title: "Show or hide the code", right: "write", run: a => a.visibility.toggle("source") },
  "hide-all-code": { title: "Hide the code of all cells", right: "write", run: a => a.visibility.setAll("source", true) },
  "show-all-code": { title: "Show the code of all cells", right: "write", run: a => a.visibility.setAll("source", false) },
  "clear-cell": { title: "Clear the outputs of the cell", right: "write", run: a => a.clearChosen() },
  clear: { title: "Clear the outputs of all cells", right: "write", run: a => a.clearOutputs(null) },
  rename: {
    title: "Rename the notebook",
    right: "own",
    run: () => {
      renaming.value = true;
    },
  },
  "save-as": { title: "Save as a notebook", right: "own", run: show("save_as") },
  reload: { title: "Read the file again", right: "write", run: show("reload") },
  share: { title: "Share the notebook", right: "own", run: show("share") },
  checkpoint: { title: "Name this state", right: "write", run: show("checkpoint") },
  history: { title: "Show the history", right: "read", run: show("history") },
  ...exports,
  print: { title: "Print", right: "read", both: "Ctrl+p", run: show("print") },
  ...SHOW_PANEL,
  side: { title: "Show or hide the side panel", right: "read", both: "Ctrl+b", run: toggleSide },
  "full-width": {
    title: "Use the full width of the window, or not",
    right: "read",
    run: () => {
      fullWidth.value = !fullWidth.value;
    },
  },
  wrap: {
    title: "Wrap long lines of output, or not",
    right: "read",
    run: () => {
      wrapLogs.value = !wrapLogs.value;
    },
  },
  completion: {
    title: "Complete names while typing, or not",
    right: "write",
    run: () => {
      typingCompletion.value = !typingCompletion.value;
    },
  },
  theme: { title: "Change the theme", right: "read", run: nextTheme },
  help: { title: "Help", right: "read", run: show("help") },
  settings: { title: "Settings", right: "read", both: "Ctrl+,", run: show("settings") },
  "close-pager": {
    title: "Close what is open, or clear the selection",
    right: "read",
    command: "Escape | q",
    run: a => {
      if (anchor.value !== null) a.select(selected.value);
      pager.value = null;
      finding.value = null;
    },
  },
} satisfies Readonly<Record<string, CommandRow>>;

export type CommandId = keyof typeof TABLE;

const split = (keys: string): readonly string[] => (keys === "" ? [] : keys.split(" | "));

/** The commands of a row: one for each set of keys that works elsewhere. */
function commandsIn(id: string, { title, right, offered, both, command = "", edit, run }: CommandRow): Command[] {
  const one = (name: string, keys: string, where: Where): Command => ({
    id: name,
    row: id,
    title,
    right,
    offered,
    keys: split(keys),
    where,
    run,
  });
  if (edit !== undefined) return [one(id, edit, "edit")];
  if (both === undefined) return [one(id, command, "command")];
  return command === "" ? [one(id, both, "both")] : [one(id, both, "both"), one(`${id}-key`, command, "command")];
}

const ROWS = Object.entries<CommandRow>(TABLE);

export const COMMANDS: readonly Command[] = ROWS.flatMap(([id, row]) => commandsIn(id, row));

const COLAB_COMMANDS: readonly Command[] = [
  ...COMMANDS,
  ...ROWS.flatMap(([id, { title, right, colab, run }]): Command[] =>
    colab === undefined ? [] : [{ id: `colab-${id}`, row: id, title, right, keys: [colab], where: "both", run }],
  ),
];

/** The commands with the keys of each set, and those that a person has chosen in place of them. */
const withOwnKeys = computed(() => ({
  jupyter: withOwn(COMMANDS, TABLE, ownKeys.value),
  colab: withOwn(COLAB_COMMANDS, TABLE, ownKeys.value),
}));

/** The commands with the keys of a set, and a person's own. */
export const commandsOf = (set: KeySet = keySet.value): readonly Command[] => withOwnKeys.value[set];

/** The first key of a command as a person reads it; empty when it has none. */
export const keyHint = (row: CommandId): string => keyNames(keysOf(commandsOf(), row)[0] ?? "").join(" ");

/** Keys that the editor and the browser have of their own, for the shortcut sheet. */
export function editorKeys(set: KeySet = keySet.value): readonly { title: string; keys: string }[] {
  const define = keysOf(commandsOf(set), "define");
  return [
    { title: own.leave, keys: set === "colab" ? "Escape" : "Escape | Ctrl+m" },
    { title: own.complete, keys: "Tab" },
    { title: own.help, keys: "Shift+Tab" },
    { title: TABLE.define.title, keys: [...define, "Ctrl+Click"].join(" | ") },
    { title: TABLE.split.title, keys: set === "colab" ? "Ctrl+Shift+- | Ctrl+m -" : "Ctrl+Shift+-" },
    { title: own.comment, keys: "Ctrl+/" },
    { title: own.indent, keys: "Ctrl+] | Ctrl+[" },
    { title: own.deleteLine, keys: set === "colab" ? "Ctrl+Shift+k" : "Ctrl+d | Ctrl+Shift+k" },
    { title: own.occurrence, keys: set === "colab" ? "Ctrl+d | Ctrl+Shift+d" : "Ctrl+Shift+d" },
    { title: own.caret, keys: "Alt+Click" },
    set === "colab"
      ? { title: own.moveLine, keys: "Alt+ArrowUp | Alt+ArrowDown" }
      : { title: own.recall, keys: "Alt+ArrowUp | Alt+ArrowDown" },
    { title: own.undo, keys: "Ctrl+z | Ctrl+Shift+z" },
  ];
}

/** The same for command mode. */
export const PAGE_KEYS: readonly { title: string; keys: string }[] = [{ title: own.scroll, keys: "Space | Shift+Space" }];
