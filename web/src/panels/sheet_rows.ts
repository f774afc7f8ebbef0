/** Keys that the editor and the browser have of their own, for the sheet of keys. */
import { commandTitles, own } from "../text/commands.ts";
import { type KeySet, keySet } from "../ui/settings.ts";
import { commandsOf } from "./commands.ts";
import { keysOf } from "./own_keys.ts";

/** Those of the editor. */
export function editorKeys(set: KeySet = keySet.value): readonly { title: string; keys: string }[] {
  const define = keysOf(commandsOf(set), "define");
  return [
    { title: own.leave, keys: set === "colab" ? "Escape" : "Escape | Ctrl+m" },
    { title: own.complete, keys: "Tab" },
    { title: own.help, keys: "Shift+Tab" },
    { title: commandTitles.define, keys: [...define, "Ctrl+Click"].join(" | ") },
    { title: commandTitles.split, keys: set === "colab" ? "Ctrl+Shift+- | Ctrl+m -" : "Ctrl+Shift+-" },
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

/** Those of command mode. */
export const PAGE_KEYS: readonly { title: string; keys: string }[] = [{ title: own.scroll, keys: "Space | Shift+Space" }];
