/**
 * Every command once, with its keys, the right that it needs and what it does. The key map, the palette and the sheet of keys read this table: a new
 * command is a new row, and a row without a right, or without a title (titles.ts), is a type error. Rows without keys stand in more_commands.ts.
 *
 * There are two sets of keys. That of Jupyter is in `both`, `command` and `edit`; that of Colab and VS Code has all of these and, in both modes, what Colab
 * has behind Ctrl-M, which then is no longer a way out of the editor.
 */

import { computed, signal } from "@preact/signals";
import type { Actions } from "../session/actions.ts";
import { anchor, mode, selected } from "../session/selection.ts";
import { keyNames } from "../ui/keys.ts";
import { complain } from "../ui/notices.ts";
import { type DialogName, dialog, find, finding, findStep, pager } from "../ui/page_state.ts";
import { besideOutputs, type KeySet, keySet, ownKeys } from "../ui/settings.ts";
import type { Command, CommandRow, Where } from "./command.ts";
import { keysOf, withOwn } from "./own_keys.ts";
import { toggleSide } from "./side_panels.ts";

/** Opens a dialog. */
export const show = (name: DialogName) => (): void => {
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
  right: "write",
  command: String(level),
  run: a => a.heading(level),
});

/** The commands that have keys. */
export const TABLE = {
  palette: {
    right: "read",
    both: "Ctrl+k | Ctrl+Shift+p | Ctrl+Shift+c",
    command: "p",
    run: show("palette"),
  },
  "run-next": { right: "execute", both: "Shift+Enter", run: a => a.runSelected("next") },
  run: { right: "execute", both: "Ctrl+Enter", run: a => a.runSelected("stay") },
  "run-insert": { right: "execute", both: "Alt+Enter", run: a => a.runSelected("insert") },
  save: { right: "write", both: "Ctrl+s", command: "s", run: a => void a.file.save() },
  edit: { right: "write", command: "Enter", run: a => a.edit() },
  up: { right: "read", command: "ArrowUp | k", colab: "Ctrl+m p", run: a => a.move(-1) },
  down: { right: "read", command: "ArrowDown | j", colab: "Ctrl+m n", run: a => a.move(1) },
  "extend-up": { right: "read", command: "Shift+ArrowUp | Shift+k", run: a => a.extend(-1) },
  "extend-down": { right: "read", command: "Shift+ArrowDown | Shift+j", run: a => a.extend(1) },
  all: { right: "read", command: "Ctrl+a", run: a => a.selectAll() },
  first: { right: "read", command: "Home", run: a => a.move(-1e9) },
  last: { right: "read", command: "End", run: a => a.move(1e9) },
  "extend-first": { right: "read", command: "Shift+Home", run: a => a.extend(-1e9) },
  "extend-last": { right: "read", command: "Shift+End", run: a => a.extend(1e9) },
  above: { right: "write", command: "a", colab: "Ctrl+m a", run: a => a.insertAbove("code") },
  below: { right: "write", command: "b", colab: "Ctrl+m b", run: a => a.insertBelow("code", false) },
  cut: { right: "write", command: "x", colab: "Ctrl+m x", run: a => a.copyByKey(true) },
  copy: { right: "read", command: "c", colab: "Ctrl+m c", run: a => a.copyByKey() },
  paste: { right: "write", command: "v", colab: "Ctrl+m v", run: a => a.paste(false) },
  "paste-above": { right: "write", command: "Shift+v", run: a => a.paste(true) },
  delete: { right: "write", command: "d d", colab: "Ctrl+m d", run: a => a.remove() },
  undo: { right: "write", command: "z | Ctrl+z", colab: "Ctrl+m z", run: a => a.undo.undo() },
  redo: {
    right: "write",
    command: "Shift+z | Ctrl+Shift+z | Ctrl+y",
    colab: "Ctrl+m Shift+z",
    run: a => a.undo.redo(),
  },
  code: { right: "write", command: "y", colab: "Ctrl+m y", run: a => a.setType("code") },
  text: { right: "write", command: "m", colab: "Ctrl+m m", run: a => a.setType("markdown") },
  raw: { right: "write", command: "r", run: a => a.setType("raw") },
  "heading-1": heading(1),
  "heading-2": heading(2),
  "heading-3": heading(3),
  "heading-4": heading(4),
  "heading-5": heading(5),
  "heading-6": heading(6),
  "heading-above": { right: "write", command: "Shift+a", run: a => a.sections.insert(-1) },
  "heading-below": { right: "write", command: "Shift+b", run: a => a.sections.insert(1) },
  split: { right: "write", edit: "", colab: "Ctrl+m -", run: a => a.splitMerge.splitHere?.() },
  merge: {
    right: "write",
    command: "Shift+m | Ctrl+Shift+m",
    colab: "Ctrl+m /",
    run: a => a.splitMerge.merge(1),
  },
  "merge-above": { right: "write", command: "Ctrl+Backspace", run: a => a.splitMerge.merge(-1) },
  "move-up": {
    right: "write",
    command: "Ctrl+Shift+ArrowUp | Alt+ArrowUp",
    colab: "Ctrl+m k",
    run: a => a.shift(-1),
  },
  "move-down": {
    right: "write",
    command: "Ctrl+Shift+ArrowDown | Alt+ArrowDown",
    colab: "Ctrl+m j",
    run: a => a.shift(1),
  },
  fold: { right: "write", command: "ArrowLeft", run: a => a.sections.fold() },
  unfold: { right: "write", command: "ArrowRight", run: a => a.sections.unfold() },
  "fold-all": { right: "write", command: "Ctrl+Shift+ArrowLeft", run: a => a.sections.foldAll(true) },
  "unfold-all": { right: "write", command: "Ctrl+Shift+ArrowRight", run: a => a.sections.foldAll(false) },
  outputs: { right: "write", command: "o", colab: "Ctrl+m o", run: a => a.visibility.toggle("outputs") },
  scrolled: {
    right: "write",
    command: "Shift+o",
    run: a => a.visibility.toggle("scrolled"),
  },
  beside: {
    right: "read",
    command: "Shift+r",
    run: () => {
      besideOutputs.value = !besideOutputs.value;
    },
  },
  lines: { right: "read", command: "l", colab: "Ctrl+m l", run: a => a.toggleLines() },
  "all-lines": { right: "read", command: "Shift+l", run: a => a.toggleAllLines() },
  find: { right: "read", both: "Ctrl+f", command: "f", run: () => find(false) },
  replace: { right: "write", both: "Ctrl+h", run: () => find(true) },
  "find-next": { right: "read", both: "Ctrl+g", run: step(1) },
  "find-previous": { right: "read", both: "Ctrl+Shift+g", run: step(-1) },
  define: { right: "read", edit: "F12", run: define },
  "define-back": { right: "read", both: "Ctrl+Alt+- | Shift+F12", run: defineBack },
  interrupt: { right: "execute", command: "i i", colab: "Ctrl+m i", run: a => a.runs.interrupt() },
  restart: { right: "execute", command: "0 0", colab: "Ctrl+m .", run: show("restart") },
  shortcuts: { right: "read", command: "h", colab: "Ctrl+m h", run: show("shortcuts") },
  "run-all": { right: "execute", colab: "Ctrl+F9", run: a => a.runs.runMany("all") },
  "run-above": {
    right: "execute",
    colab: "Ctrl+F8",
    run: a => a.runs.runMany("above", a.chosen()[0] ?? null),
  },
  "run-below": {
    right: "execute",
    colab: "Ctrl+F10",
    run: a => a.runs.runMany("below", a.chosen()[0] ?? null),
  },
  print: { right: "read", both: "Ctrl+p", run: show("print") },
  side: { right: "read", both: "Ctrl+b", run: toggleSide },
  settings: { right: "read", both: "Ctrl+,", run: show("settings") },
  "close-pager": {
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
function commandsIn(id: string, { right, offered, both, command = "", edit, run }: CommandRow): Command[] {
  const one = (name: string, keys: string, where: Where): Command => ({
    id: name,
    row: id,
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

/** The rows that have come besides. */
const more = signal<Readonly<Record<string, CommandRow>>>({});

/** Adds rows to the table. */
export function addCommands(rows: Readonly<Record<string, CommandRow>>): void {
  more.value = { ...more.value, ...rows };
}

/** All rows that there are now, by their ids. */
export const rowsNow = computed((): Readonly<Record<string, CommandRow>> => ({ ...TABLE, ...more.value }));

/** The commands with the keys of each set, and those that a person has chosen in place of them. */
const withOwnKeys = computed(() => {
  const rows = Object.entries(rowsNow.value);
  const jupyter = rows.flatMap(([id, row]) => commandsIn(id, row));
  const colab = rows.flatMap(([id, { right, colab, run }]): Command[] =>
    colab === undefined ? [] : [{ id: `colab-${id}`, row: id, right, keys: [colab], where: "both", run }],
  );
  return {
    jupyter: withOwn(jupyter, rowsNow.value, ownKeys.value),
    colab: withOwn([...jupyter, ...colab], rowsNow.value, ownKeys.value),
  };
});

/** The commands with the keys of a set, and a person's own. */
export const commandsOf = (set: KeySet = keySet.value): readonly Command[] => withOwnKeys.value[set];

/** The first key of a command as a person reads it; empty when it has none. */
export const keyHint = (row: CommandId): string => keyNames(keysOf(commandsOf(), row)[0] ?? "").join(" ");
