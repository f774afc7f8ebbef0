/** Which files the cells of a notebook name. */

/** Whether a cell names a file: its name stands there, and is no part of a longer one. */
export function isNamedIn(name: string, sources: Iterable<string>): boolean {
  const wanted = new RegExp(
    `(?<![\\p{L}\\p{N}_.-])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])`,
    "u",
  );
  for (const source of sources) if (wanted.test(source)) return true;
  return false;
}
