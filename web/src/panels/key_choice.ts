/** Which keys a person can choose, and what they take from other commands. Pure. */
import type { OwnKeys } from "../ui/settings.ts";
import type { Command, Where } from "./command.ts";
import { keysOf, whereOf, words } from "./own_keys.ts";

/** What browsers do by themselves, and mostly do not let a page have. */
const BROWSER = words(
  "Ctrl+t Ctrl+n Ctrl+w Ctrl+q Ctrl+r Ctrl+l Ctrl+j Ctrl+u Ctrl+0 Ctrl+1 Ctrl+2 Ctrl+3 Ctrl+4 Ctrl+5 Ctrl+6 Ctrl+7 Ctrl+8 Ctrl+9 Ctrl++ Ctrl+= " +
    "Ctrl+Shift+t Ctrl+Shift+n Ctrl+Shift+w Ctrl+Shift+q Ctrl+Shift+r Ctrl+Shift+i Ctrl+Shift+j Ctrl+Shift+Delete Ctrl+PageUp Ctrl+PageDown " +
    "Ctrl+F4 Ctrl+F5 Alt+F4 Alt+d Alt+ArrowLeft Alt+ArrowRight Alt+Home F5 F6 F11 Shift+F5 Shift+F10",
);
/** What moves the focus, leaves the editor, or begins the keys of Colab. */
const PAGE = words("Tab Shift+Tab Ctrl+Tab Ctrl+Shift+Tab Escape Shift+Escape Ctrl+m ContextMenu");
/** Why a key cannot be chosen; null when it can. */
export function refusal(key: string): "browser" | "page" | null {
  if (BROWSER.has(key)) return "browser";
  return PAGE.has(key) ? "page" : null;
}

/** Whether one key cannot be pressed without the other: they are the same, or one begins the other. */
const clash = (one: string, other: string): boolean => one === other || one.startsWith(`${other} `) || other.startsWith(`${one} `);

/** Whether commands of these places can meet one key press. */
const meet = (one: Where, other: Where): boolean => one === other || one === "both" || other === "both";

/**
 * The rows whose keys a key would be in the way of.
 *
 * Args:
 *   commands: all commands, as they are now.
 *   row: the row that has the key, or is to have it.
 *   key: the key.
 *   isEdit: whether the row is one of the editor.
 *
 * Returns: for each other row its id and the key of it that clashes.
 */
export function conflicts(commands: readonly Command[], row: string, key: string, isEdit: boolean): { row: string; key: string }[] {
  const where = isEdit ? "edit" : whereOf(key);
  return commands
    .filter(one => one.row !== row && meet(one.where, where))
    .flatMap(one => one.keys.filter(other => clash(other, key)).map(other => ({ row: one.row, key: other })));
}

/** The own keys with a key given to a row and taken from those that it is in the way of. */
export function given(commands: readonly Command[], own: OwnKeys, row: string, key: string, isEdit: boolean): OwnKeys {
  const next: Record<string, readonly string[]> = { ...own };
  for (const one of conflicts(commands, row, key, isEdit)) {
    next[one.row] = (next[one.row] ?? keysOf(commands, one.row)).filter(other => other !== one.key);
  }
  next[row] = [...keysOf(commands, row).filter(other => other !== key), key];
  return next;
}
