/** The Python in a cell: what IPython adds to the language is left out, and every place stays where it is. Pure. */

/** The first line of a cell whose text is no Python. */
const FOREIGN = /^\s*%%(?!(time|timeit|prun|capture|memit|mprun)\b)/;
const MAGIC = /^[ \t]*(?:[%!].*|[\w.]+\?\??|\?.*)$/gm;
/** Longer code is not read: nobody writes that by hand. */
const MOST_UNITS = 200_000;

/** Whether the text of a cell that begins with this line is no Python. */
export const isForeign = (firstLine: string): boolean => FOREIGN.test(firstLine);

/** The code with spaces where something else than Python stands. */
export function pythonOf(source: string): string {
  if (FOREIGN.test(source) || source.length > MOST_UNITS) return "";
  return source.replace(MAGIC, line => " ".repeat(line.length));
}
