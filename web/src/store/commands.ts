/** Every command once: its title, keys and action. The key map, the shortcut sheet and the buttons read this table. */
import type { Actions } from "./actions.ts";
import { dialog, pager } from "./ui.ts";

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

export const COMMANDS: readonly Command[] = [
  command("run-next", "Run and go to the next cell", "Shift+Enter", "both", a => a.runSelected("next")),
  command("run", "Run and stay", "Ctrl+Enter", "both", a => a.runSelected("stay")),
  command("run-insert", "Run and insert a cell below", "Alt+Enter", "both", a => a.runSelected("insert")),
  command("edit", "Edit the cell", "Enter", "command", a => a.edit("end")),
  command("up", "Select the cell above", "ArrowUp | k", "command", a => a.move(-1)),
  command("down", "Select the cell below", "ArrowDown | j", "command", a => a.move(1)),
  command("first", "Select the first cell", "Home", "command", a => a.move(-1e9)),
  command("last", "Select the last cell", "End", "command", a => a.move(1e9)),
  command("above", "Insert a code cell above", "a", "command", a => a.insertAbove("code")),
  command("below", "Insert a code cell below", "b", "command", a => a.insertBelow("code", false)),
  command("cut", "Cut the cell", "x", "command", a => a.cut()),
  command("copy", "Copy the cell", "c", "command", a => a.copy()),
  command("paste", "Paste below", "v", "command", a => a.paste(false)),
  command("paste-above", "Paste above", "Shift+v", "command", a => a.paste(true)),
  command("delete", "Delete the cell", "d d", "command", a => a.remove()),
  command("undo", "Undo the deletion", "z", "command", a => a.undoRemove()),
  command("code", "Make it a code cell", "y", "command", a => a.setType("code")),
  command("text", "Make it a text cell", "m", "command", a => a.setType("markdown")),
  command("raw", "Make it a raw cell", "r", "command", a => a.setType("raw")),
  command("move-up", "Move the cell up", "Ctrl+Shift+ArrowUp", "command", a => a.shift(-1)),
  command("move-down", "Move the cell down", "Ctrl+Shift+ArrowDown", "command", a => a.shift(1)),
  command("interrupt", "Interrupt the kernel", "i i", "command", a => a.interrupt()),
  command("restart", "Restart the kernel", "0 0", "command", () => {
    dialog.value = "restart";
  }),
  command("shortcuts", "Show the keys", "h", "command", () => {
    dialog.value = "shortcuts";
  }),
  command("close-pager", "Close the documentation", "Escape | q", "command", () => {
    pager.value = null;
  }),
];

/** Keys that the editor has of its own, for the shortcut sheet. */
export const EDITOR_KEYS: readonly { title: string; keys: string }[] = [
  { title: "Leave the editor", keys: "Escape | Ctrl+m" },
  { title: "Complete, or indent", keys: "Tab" },
  { title: "Signature and documentation; again for all of it", keys: "Shift+Tab" },
  { title: "Comment or uncomment", keys: "Ctrl+/" },
  { title: "Indent, dedent", keys: "Ctrl+] | Ctrl+[" },
  { title: "Delete the line", keys: "Ctrl+Shift+k" },
  { title: "Find in the cell", keys: "Ctrl+f" },
  { title: "Undo, redo", keys: "Ctrl+z | Ctrl+Shift+z" },
];
