/**
 * Every command once: its title, keys and action. The key map, the palette and the shortcut sheet read this table.
 *
 * There are two sets of keys. That of Jupyter is the table; that of Colab and VS Code has all of these and, in both modes, what Colab has
 * behind Ctrl-M, which then is no longer a way out of the editor.
 */

import type { Actions } from "../session/actions.ts";
import { EXPORT_FORMATS } from "../session/file_actions.ts";
import { anchor, mode, selected } from "../session/selection.ts";
import { c, heading as headingTitle, own } from "../text/commands.ts";
import { t } from "../text/en.ts";
import { complain } from "../ui/notices.ts";
import { type DialogName, dialog, drawer, find, finding, findStep, pager, renaming } from "../ui/page_state.ts";
import { besideOutputs, type KeySet, keySet, nextTheme, type SideTab, sideTab, wrapLogs } from "../ui/settings.ts";

export type Where = "command" | "edit" | "both";

export interface Command {
  readonly id: string;
  readonly title: string;
  /** As `ui/keys.ts` spells them; none for a command that only the palette has. */
  readonly keys: readonly string[];
  readonly where: Where;
  run(actions: Actions): void;
}

type Id = keyof typeof c;
type Run = (actions: Actions) => void;

const titled = (id: string, title: string, keys: string, where: Where, run: Run): Command => ({
  id,
  title,
  keys: keys === "" ? [] : keys.split(" | "),
  where,
  run,
});

const command = (id: Id, keys: string, run: Run): Command => titled(id, c[id], keys, "command", run);
const both = (id: Id, keys: string, run: Run): Command => titled(id, c[id], keys, "both", run);
/** Further keys of a command, in command mode only. */
const also = (id: Id, keys: string, run: Run): Command => titled(`${id}-key`, c[id], keys, "command", run);
/** A command that has no key. */
const named = (id: Id, run: Run): Command => command(id, "", run);

const heading = (level: number): Command =>
  titled(`heading-${level}`, headingTitle(level), String(level), "command", a => a.heading(level));

const show = (name: DialogName) => (): void => {
  dialog.value = name;
};

const side = (tab: SideTab) => (): void => {
  sideTab.value = tab;
  drawer.value = true;
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

export const COMMANDS: readonly Command[] = [
  both("palette", "Ctrl+Shift+p | Ctrl+Shift+c", show("palette")),
  also("palette", "Ctrl+k | p", show("palette")),
  both("run-next", "Shift+Enter", a => a.runSelected("next")),
  both("run", "Ctrl+Enter", a => a.runSelected("stay")),
  both("run-insert", "Alt+Enter", a => a.runSelected("insert")),
  both("save", "Ctrl+s", a => void a.file.save()),
  also("save", "s", a => void a.file.save()),
  command("edit", "Enter", a => a.edit("end")),
  command("up", "ArrowUp | k", a => a.move(-1)),
  command("down", "ArrowDown | j", a => a.move(1)),
  command("extend-up", "Shift+ArrowUp | Shift+k", a => a.extend(-1)),
  command("extend-down", "Shift+ArrowDown | Shift+j", a => a.extend(1)),
  command("all", "Ctrl+a", a => a.selectAll()),
  command("first", "Home", a => a.move(-1e9)),
  command("last", "End", a => a.move(1e9)),
  command("extend-first", "Shift+Home", a => a.extend(-1e9)),
  command("extend-last", "Shift+End", a => a.extend(1e9)),
  command("above", "a", a => a.insertAbove("code")),
  command("below", "b", a => a.insertBelow("code", false)),
  command("cut", "x", a => a.copyByKey(true)),
  command("copy", "c", a => a.copyByKey()),
  command("paste", "v", a => a.paste(false)),
  command("paste-above", "Shift+v", a => a.paste(true)),
  command("delete", "d d", a => a.remove()),
  command("undo", "z", a => a.undo.undo()),
  command("redo", "Shift+z", a => a.undo.redo()),
  command("code", "y", a => a.setType("code")),
  command("text", "m", a => a.setType("markdown")),
  command("raw", "r", a => a.setType("raw")),
  ...[1, 2, 3, 4, 5, 6].map(heading),
  command("heading-above", "Shift+a", a => a.sections.insert(-1)),
  command("heading-below", "Shift+b", a => a.sections.insert(1)),
  titled("split", c.split, "", "edit", a => a.splitHere?.()),
  command("merge", "Shift+m | Ctrl+Shift+m", a => a.merge(1)),
  command("merge-above", "Ctrl+Backspace", a => a.merge(-1)),
  command("move-up", "Ctrl+Shift+ArrowUp | Alt+ArrowUp", a => a.shift(-1)),
  command("move-down", "Ctrl+Shift+ArrowDown | Alt+ArrowDown", a => a.shift(1)),
  command("fold", "ArrowLeft", a => a.sections.fold()),
  command("unfold", "ArrowRight", a => a.sections.unfold()),
  command("fold-all", "Ctrl+Shift+ArrowLeft", a => a.sections.foldAll(true)),
  command("unfold-all", "Ctrl+Shift+ArrowRight", a => a.sections.foldAll(false)),
  command("outputs", "o", a => a.parts.toggle("outputs")),
  command("scrolled", "Shift+o", a => a.parts.toggle("scrolled")),
  command("beside", "Shift+r", () => {
    besideOutputs.value = !besideOutputs.value;
  }),
  command("lines", "l", a => a.toggleLines()),
  command("all-lines", "Shift+l", a => a.toggleAllLines()),
  both("find", "Ctrl+f", () => find(false)),
  also("find", "f", () => find(false)),
  both("replace", "Ctrl+h", () => find(true)),
  both("find-next", "Ctrl+g", step(1)),
  both("find-previous", "Ctrl+Shift+g", step(-1)),
  titled("define", c.define, "F12", "edit", define),
  both("define-back", "Ctrl+Alt+- | Shift+F12", defineBack),
  command("interrupt", "i i", a => a.runs.interrupt()),
  command("restart", "0 0", show("restart")),
  command("shortcuts", "h", show("shortcuts")),
  named("run-all", a => a.runs.runMany("all")),
  named("run-above", a => a.runs.runMany("above", a.chosen()[0] ?? null)),
  named("run-below", a => a.runs.runMany("below", a.chosen()[0] ?? null)),
  named("run-stale", a => a.runs.runMany("stale")),
  named("restart-run", show("restart_run")),
  named("cancel-all", a => a.runs.cancelAll()),
  named("shut-down", show("shut_down")),
  named("kernels", show("kernels")),
  named("insert-code", a => a.insertBelow("code", true)),
  named("insert-text", a => a.insertBelow("markdown", true)),
  named("source", a => a.parts.toggle("source")),
  named("hide-all-code", a => a.parts.setAll("source", true)),
  named("show-all-code", a => a.parts.setAll("source", false)),
  named("clear-cell", a => a.clearChosen()),
  named("clear", a => a.clearOutputs(null)),
  named("rename", () => {
    renaming.value = true;
  }),
  named("save-as", show("save_as")),
  named("reload", show("reload")),
  named("share", show("share")),
  named("checkpoint", show("checkpoint")),
  named("history", show("history")),
  ...EXPORT_FORMATS.map(format =>
    titled(`export-${format}`, t.exportAs(t.documentMenu[format]), "", "command", a => void a.file.export(format)),
  ),
  named("print", () => print()),
  named("outline", side("outline")),
  named("files", side("files")),
  named("variables", side("variables")),
  named("wrap", () => {
    wrapLogs.value = !wrapLogs.value;
  }),
  named("theme", nextTheme),
  both("settings", "Ctrl+,", show("settings")),
  command("close-pager", "Escape | q", a => {
    if (anchor.value !== null) a.select(selected.value);
    pager.value = null;
    finding.value = null;
  }),
];

/** What Colab has behind Ctrl-M, and its keys for runs: in both modes. */
const COLAB: Readonly<Record<string, string>> = {
  above: "Ctrl+m a",
  below: "Ctrl+m b",
  delete: "Ctrl+m d",
  undo: "Ctrl+m z",
  redo: "Ctrl+m Shift+z",
  code: "Ctrl+m y",
  text: "Ctrl+m m",
  up: "Ctrl+m p",
  down: "Ctrl+m n",
  "move-up": "Ctrl+m k",
  "move-down": "Ctrl+m j",
  cut: "Ctrl+m x",
  copy: "Ctrl+m c",
  paste: "Ctrl+m v",
  split: "Ctrl+m -",
  merge: "Ctrl+m /",
  outputs: "Ctrl+m o",
  lines: "Ctrl+m l",
  interrupt: "Ctrl+m i",
  restart: "Ctrl+m .",
  shortcuts: "Ctrl+m h",
  "run-all": "Ctrl+F9",
  "run-above": "Ctrl+F8",
  "run-below": "Ctrl+F10",
};

const COLAB_COMMANDS: readonly Command[] = [
  ...COMMANDS,
  ...COMMANDS.flatMap(one => {
    const keys = COLAB[one.id];
    return keys === undefined ? [] : [{ ...one, id: `colab-${one.id}`, keys: [keys], where: "both" as const }];
  }),
];

/** The commands with the keys of a set. */
export const commandsOf = (set: KeySet = keySet.value): readonly Command[] => (set === "colab" ? COLAB_COMMANDS : COMMANDS);

/** Keys that the editor and the browser have of their own, for the shortcut sheet. */
export function editorKeys(set: KeySet = keySet.value): readonly { title: string; keys: string }[] {
  return [
    { title: own.leave, keys: set === "colab" ? "Escape" : "Escape | Ctrl+m" },
    { title: own.complete, keys: "Tab" },
    { title: own.help, keys: "Shift+Tab" },
    { title: c.define, keys: "F12 | Ctrl+Click" },
    { title: c.split, keys: set === "colab" ? "Ctrl+Shift+- | Ctrl+m -" : "Ctrl+Shift+-" },
    { title: own.comment, keys: "Ctrl+/" },
    { title: own.indent, keys: "Ctrl+] | Ctrl+[" },
    { title: own.deleteLine, keys: "Ctrl+d | Ctrl+Shift+k" },
    { title: own.occurrence, keys: "Ctrl+Shift+d" },
    { title: own.caret, keys: "Alt+Click" },
    set === "colab"
      ? { title: own.moveLine, keys: "Alt+ArrowUp | Alt+ArrowDown" }
      : { title: own.recall, keys: "Alt+ArrowUp | Alt+ArrowDown" },
    { title: own.undo, keys: "Ctrl+z | Ctrl+Shift+z" },
  ];
}

/** The same for command mode. */
export const PAGE_KEYS: readonly { title: string; keys: string }[] = [{ title: own.scroll, keys: "Space | Shift+Space" }];
