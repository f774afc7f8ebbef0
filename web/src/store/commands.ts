/** Every command once: its title, keys and action. The key map, the palette and the shortcut sheet read this table. */
import { t } from "../text/en.ts";
import type { Actions } from "./actions.ts";
import type { ExportFormat } from "./filing.ts";
import { nextTheme, type SideTab, sideTab, wrapLogs } from "./settings.ts";
import { anchor, type DialogName, dialog, drawer, finding, pager, renaming, selected } from "./ui.ts";

export type Where = "command" | "edit" | "both";

export interface Command {
  readonly id: string;
  readonly title: string;
  /** As `keys.ts` spells them; none for a command that only the palette has. */
  readonly keys: readonly string[];
  readonly where: Where;
  run(actions: Actions): void;
}

const command = (id: string, title: string, keys: string, where: Where, run: (actions: Actions) => void): Command => ({
  id,
  title,
  keys: keys === "" ? [] : keys.split(" | "),
  where,
  run,
});

const heading = (level: number): Command =>
  command(`heading-${level}`, `Make it a heading of level ${level}`, String(level), "command", a => a.heading(level));

const show = (name: DialogName) => (): void => {
  dialog.value = name;
};

const find = (replace: boolean) => (): void => {
  finding.value = { replace };
};

const side = (tab: SideTab) => (): void => {
  sideTab.value = tab;
  drawer.value = true;
};

/** A command that has no key. */
const named = (id: string, title: string, run: (actions: Actions) => void): Command => command(id, title, "", "command", run);

const FORMATS: readonly ExportFormat[] = ["ipynb", "html", "markdown", "script", "py:percent", "pdf"];

export const COMMANDS: readonly Command[] = [
  command("palette", "Find a command, a heading or a file", "Ctrl+Shift+p | Ctrl+Shift+c", "both", show("palette")),
  command("palette-key", "Find a command, a heading or a file", "Ctrl+k | p", "command", show("palette")),
  command("run-next", "Run and go to the next cell", "Shift+Enter", "both", a => a.runSelected("next")),
  command("run", "Run and stay", "Ctrl+Enter", "both", a => a.runSelected("stay")),
  command("run-insert", "Run and insert a cell below", "Alt+Enter", "both", a => a.runSelected("insert")),
  command("save", "Save now", "Ctrl+s", "both", a => void a.file.save()),
  command("save-key", "Save now", "s", "command", a => void a.file.save()),
  command("edit", "Edit the cell", "Enter", "command", a => a.edit("end")),
  command("up", "Select the cell above", "ArrowUp | k", "command", a => a.move(-1)),
  command("down", "Select the cell below", "ArrowDown | j", "command", a => a.move(1)),
  command("extend-up", "Select the one above too", "Shift+ArrowUp | Shift+k", "command", a => a.extend(-1)),
  command("extend-down", "Select the one below too", "Shift+ArrowDown | Shift+j", "command", a => a.extend(1)),
  command("all", "Select all cells", "Ctrl+a", "command", a => a.selectAll()),
  command("first", "Select the first cell", "Home", "command", a => a.move(-1e9)),
  command("last", "Select the last cell", "End", "command", a => a.move(1e9)),
  command("extend-first", "Select up to the first cell", "Shift+Home", "command", a => a.extend(-1e9)),
  command("extend-last", "Select up to the last cell", "Shift+End", "command", a => a.extend(1e9)),
  command("above", "Insert a code cell above", "a", "command", a => a.insertAbove("code")),
  command("below", "Insert a code cell below", "b", "command", a => a.insertBelow("code", false)),
  command("cut", "Cut the cells", "x", "command", a => a.copyByKey(true)),
  command("copy", "Copy the cells", "c", "command", a => a.copyByKey()),
  command("paste", "Paste below", "v", "command", a => a.paste(false)),
  command("paste-above", "Paste above", "Shift+v", "command", a => a.paste(true)),
  command("delete", "Delete the cells", "d d", "command", a => a.remove()),
  command("undo", "Undo the deletion", "z", "command", a => a.undoRemove()),
  command("code", "Make it a code cell", "y", "command", a => a.setType("code")),
  command("text", "Make it a text cell", "m", "command", a => a.setType("markdown")),
  command("raw", "Make it a raw cell", "r", "command", a => a.setType("raw")),
  ...[1, 2, 3, 4, 5, 6].map(heading),
  command("merge", "Merge the selected cells, or with the one below", "Shift+m | Ctrl+Shift+m", "command", a => a.merge(1)),
  command("merge-above", "Merge with the cell above", "Ctrl+Backspace", "command", a => a.merge(-1)),
  command("move-up", "Move the cells up", "Ctrl+Shift+ArrowUp | Alt+ArrowUp", "command", a => a.shift(-1)),
  command("move-down", "Move the cells down", "Ctrl+Shift+ArrowDown | Alt+ArrowDown", "command", a => a.shift(1)),
  command("outputs", "Show or hide the outputs", "o", "command", a => a.toggleOutputs()),
  command("lines", "Line numbers of the cell", "l", "command", a => a.toggleLines()),
  command("all-lines", "Line numbers of all cells", "Shift+l", "command", a => a.toggleAllLines()),
  command("find", "Find in all cells", "f | Ctrl+f", "command", find(false)),
  command("replace", "Find and replace in all cells", "Ctrl+h", "both", find(true)),
  command("interrupt", "Interrupt the kernel", "i i", "command", a => a.runs.interrupt()),
  command("restart", "Restart the kernel", "0 0", "command", show("restart")),
  command("shortcuts", "Show the keys", "h", "command", show("shortcuts")),
  named("run-all", "Run all cells", a => a.runs.runMany("all")),
  named("run-above", "Run all above the cell", a => a.runs.runMany("above", a.chosen()[0] ?? null)),
  named("run-below", "Run the cell and all below", a => a.runs.runMany("below", a.chosen()[0] ?? null)),
  named("run-stale", "Run changed and new cells", a => a.runs.runMany("stale")),
  named("restart-run", "Restart the kernel and run all cells", show("restart_run")),
  named("cancel-all", "Take back all that waits", a => a.runs.cancelAll()),
  named("shut-down", "Shut the kernel down", show("shut_down")),
  named("kernels", "Change the kernel", show("kernels")),
  named("insert-code", "Insert a code cell below and edit it", a => a.insertBelow("code", true)),
  named("insert-text", "Insert a text cell below and edit it", a => a.insertBelow("markdown", true)),
  named("clear", "Clear the outputs of all cells", a => a.clearOutputs(null)),
  named("rename", "Rename the notebook", () => {
    renaming.value = true;
  }),
  named("save-as", "Save as a notebook", show("save_as")),
  named("reload", "Read the file again", show("reload")),
  named("share", "Share the notebook", show("share")),
  named("checkpoint", "Name this state", show("checkpoint")),
  named("history", "Show the history", show("history")),
  ...FORMATS.map(format => named(`export-${format}`, t.exportAs(t.documentMenu[format]), a => void a.file.export(format))),
  named("print", "Print", () => print()),
  named("outline", "Show the outline", side("outline")),
  named("files", "Show the files", side("files")),
  named("variables", "Show the variables", side("variables")),
  named("wrap", "Wrap long lines of output, or not", () => {
    wrapLogs.value = !wrapLogs.value;
  }),
  named("theme", "Change the theme", nextTheme),
  command("settings", "Settings", "Ctrl+,", "both", show("settings")),
  command("close-pager", "Close the documentation", "Escape | q", "command", a => {
    if (anchor.value !== null) a.select(selected.value);
    pager.value = null;
    finding.value = null;
  }),
];

/** Keys that the editor has of its own, for the shortcut sheet. */
export const EDITOR_KEYS: readonly { title: string; keys: string }[] = [
  { title: "Leave the editor", keys: "Escape | Ctrl+m" },
  { title: "Complete, or indent", keys: "Tab" },
  { title: "Signature and documentation; again for all of it", keys: "Shift+Tab" },
  { title: "Split the cell here", keys: "Ctrl+Shift+-" },
  { title: "Comment or uncomment", keys: "Ctrl+/" },
  { title: "Indent, dedent", keys: "Ctrl+] | Ctrl+[" },
  { title: "Delete the line", keys: "Ctrl+Shift+k" },
  { title: "Find in the cell", keys: "Ctrl+f" },
  { title: "Undo, redo", keys: "Ctrl+z | Ctrl+Shift+z" },
];
