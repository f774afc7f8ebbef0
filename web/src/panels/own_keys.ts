/**
 * Keys that a person has chosen, and where they work. Which can be chosen: key_choice.ts. Pure.
 *
 * A row of the table with own keys has none of its others, in both sets of keys. A key with Ctrl or Alt, and one of F1 to F12, works everywhere, but for
 * those that a text has a use for: these, and plain keys, are for cells.
 */
import type { OwnKeys } from "../ui/settings.ts";
import type { Command, CommandRow, Where } from "./command.ts";

/** The words of a text. */
export const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** What the editor of a cell has a use for. */
const TEXT = words(
  "Ctrl+a Ctrl+c Ctrl+x Ctrl+v Ctrl+z Ctrl+y Ctrl+d Ctrl+i Ctrl+/ Ctrl+[ Ctrl+] Ctrl+- Ctrl+ArrowUp Ctrl+ArrowDown Ctrl+ArrowLeft Ctrl+ArrowRight " +
    "Ctrl+Home Ctrl+End Ctrl+Backspace Ctrl+Delete Ctrl+Shift+z Ctrl+Shift+v Ctrl+Shift+k Ctrl+Shift+d Ctrl+Shift+l Ctrl+Shift+- Ctrl+Shift+_ " +
    "Ctrl+Shift+ArrowUp Ctrl+Shift+ArrowDown Ctrl+Shift+ArrowLeft Ctrl+Shift+ArrowRight Ctrl+Shift+Home Ctrl+Shift+End " +
    "Alt+ArrowUp Alt+ArrowDown Alt+Shift+ArrowUp Alt+Shift+ArrowDown",
);

/** What the keys of Colab begin with: they do not work in those of Jupyter. */
const PREFIX = "Ctrl+m ";

/** Where a chosen key works. */
export function whereOf(key: string): Where {
  return /(?:Ctrl|Alt)\+|(?:^|\+)F\d+$/.test(key) && !TEXT.has(key) ? "both" : "command";
}

/** The commands of a row with own keys: one for each place that some work in. */
function chosen(id: string, { right, edit, run }: CommandRow, keys: readonly string[]): Command[] {
  const command = (name: string, where: Where): Command => ({
    id: name,
    row: id,
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
