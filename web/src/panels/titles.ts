/** What commands are called, wherever a person chooses one. A command without a title is a type error. */
import { EXPORT_FORMATS, type ExportFormat } from "../rpc/schema.ts";
import { commandTitles, headingTitle } from "../text/commands.ts";
import { menuWords } from "../text/menus.ts";
import type { TABLE } from "./commands.ts";
import type { MORE } from "./more_commands.ts";

const EXPORTS = Object.fromEntries(EXPORT_FORMATS.map(format => [`export-${format}`, menuWords.exportAs(menuWords[format])])) as Record<
  `export-${ExportFormat}`,
  string
>;

const TITLES: Readonly<Record<keyof typeof TABLE | keyof typeof MORE, string>> = {
  ...commandTitles,
  "heading-1": headingTitle(1),
  "heading-2": headingTitle(2),
  "heading-3": headingTitle(3),
  "heading-4": headingTitle(4),
  "heading-5": headingTitle(5),
  "heading-6": headingTitle(6),
  ...EXPORTS,
};

/** The title of the commands of a row. */
export const titleOf = (row: string): string => (TITLES as Readonly<Record<string, string>>)[row] ?? "";
