/** Every command once: its title, keys and action. The key map, the shortcut sheet and the buttons read this table. */
import type { Actions } from "./actions.ts";
import { anchor, type DialogName, dialog, finding, pager, selected } from "./ui.ts";

export type Where = "command" | "edit" | "both";

export interface Command {
  readonly id: string;
  readonly title: string;
  /** As they are shown; the first of each is what `keys.ts` matches. */
  readonly keys: readonly string[];
  readonly where: Where;
  run(actions: Actions): void;
}

const command = (id: string, title: string, keys: string, where: Where, run: (actions: Actions) => void): Command => ({
  id,
  title,
  keys: keys.split(" | "),
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

export const COMMANDS: readonly Command[] = [
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
