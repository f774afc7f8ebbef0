/**
 * Keys that a person has chosen: which can be chosen, where they work, and what they take from other commands. Pure.
 *
 * A row of the table with own keys has none of its others, in both sets of keys. A key with Ctrl or Alt, and one of F1 to F12, works everywhere, but for
 * those that a text has a use for: these, and plain keys, are for cells.
 */
import type { OwnKeys } from "../ui/settings.ts";
import type { Command, CommandRow, Where } from "./command.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** What browsers do by themselves, and mostly do not let a page have. */
const BROWSER = words(
  "Ctrl+t Ctrl+n Ctrl+w Ctrl+q Ctrl+r Ctrl+l Ctrl+j Ctrl+u Ctrl+0 Ctrl+1 Ctrl+2 Ctrl+3 Ctrl+4 Ctrl+5 Ctrl+6 Ctrl+7 Ctrl+8 Ctrl+9 Ctrl++ Ctrl+= " +
    "Ctrl+Shift+t Ctrl+Shift+n Ctrl+Shift+w Ctrl+Shift+q Ctrl+Shift+r Ctrl+Shift+i Ctrl+Shift+j Ctrl+Shift+Delete Ctrl+PageUp Ctrl+PageDown " +
    "Ctrl+F4 Ctrl+F5 Alt+F4 Alt+d Alt+ArrowLeft Alt+ArrowRight Alt+Home F5 F6 F11 Shift+F5 Shift+F10",
);
/** What moves the focus, leaves the editor, or begins the keys of Colab. */
const PAGE = words("Tab Shift+Tab Ctrl+Tab Ctrl+Shift+Tab Escape Shift+Escape Ctrl+m ContextMenu");
/** What the editor of a cell has a use for. */
const TEXT = words(
  "Ctrl+a Ctrl+c Ctrl+x Ctrl+v Ctrl+z Ctrl+y Ctrl+d Ctrl+i Ctrl+/ Ctrl+[ Ctrl+] Ctrl+- Ctrl+ArrowUp Ctrl+ArrowDown Ctrl+ArrowLeft Ctrl+ArrowRight " +
    "Ctrl+Home Ctrl+End Ctrl+Backspace Ctrl+Delete Ctrl+Shift+z Ctrl+Shift+v Ctrl+Shift+k Ctrl+Shift+d Ctrl+Shift+l Ctrl+Shift+- Ctrl+Shift+_ " +
    "Ctrl+Shift+ArrowUp Ctrl+Shift+ArrowDown Ctrl+Shift+ArrowLeft Ctrl+Shift+ArrowRight Ctrl+Shift+Home Ctrl+Shift+End " +
    "Alt+ArrowUp Alt+ArrowDown Alt+Shift+ArrowUp Alt+Shift+ArrowDown",
);

/** What the keys of Colab begin with: they do not work in those of Jupyter. */
const PREFIX = "Ctrl+m ";

/** Why a key cannot be chosen; null when it can. */
export function refusal(key: string): "browser" | "page" | null {
  if (BROWSER.has(key)) return "browser";
  return PAGE.has(key) ? "page" : null;
}

/** Where a chosen key works. */
export function whereOf(key: string): Where {
  return /(?:Ctrl|Alt)\+|(?:^|\+)F\d+$/.test(key) && !TEXT.has(key) ? "both" : "command";
}

/** Whether one key cannot be pressed without the other: they are the same, or one begins the other. */
const clash = (one: string, other: string): boolean => one === other || one.startsWith(`${other} `) || other.startsWith(`${one} `);

/** The commands of a row with own keys: one for each place that some work in. */
function chosen(id: string, { title, right, edit, run }: CommandRow, keys: readonly string[]): Command[] {
  const command = (name: string, where: Where): Command => ({
    id: name,
    row: id,
    title,
    right,
    where,
    run,
    keys: keys.filter(key => (edit === undefined ? whereOf(key) : "edit") === where),
  });
  if (edit !== undefined) return [command(id, "edit")];
  const [always, inCells] = [command(id, "both"), command(`${id}-key`, "command")];
  if (always.keys.length === 0) return [{ ...inCells, id }];
  return inCells.keys.length === 0 ? [always] : [always, inCells];
}

/**
 * The commands with a person's own keys.
 *
 * Args:
 *   commands: the commands of a set of keys.
 *   table: the rows that they are of.
 *   own: the own keys.
 *
 * Returns: the commands in their order; those that have own keys first, so that an own key wins.
 */
export function withOwn(commands: readonly Command[], table: Readonly<Record<string, CommandRow>>, own: OwnKeys): readonly Command[] {
  const isColab = commands.some(one => one.id.startsWith("colab-"));
  const changed = Object.entries(own).flatMap(([id, keys]) => {
    const row = table[id];
    return row === undefined ? [] : chosen(id, row, isColab ? keys : keys.filter(key => !key.startsWith(PREFIX)));
  });
  return changed.length === 0 ? commands : [...changed, ...commands.filter(one => own[one.row] === undefined)];
}

/** The keys of a row, each once. */
export const keysOf = (commands: readonly Command[], row: string): string[] => [
  ...new Set(commands.filter(one => one.row === row).flatMap(one => one.keys)),
];

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
