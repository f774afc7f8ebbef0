/** Two changes of one text brought together by lines, as git does: what does not touch is taken over, what touches is for a person to decide. */
import { diffLines } from "./diff.ts";

/** Lines of a text, from 0, that are replaced by others. */
export interface LineChange {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** What makes `after` of `before`, in order. */
export function lineChanges(before: string, after: string): LineChange[] {
  const found: { from: number; to: number; lines: string[] }[] = [];
  let at = 0;
  let open: (typeof found)[number] | null = null;
  for (const { kind, text } of diffLines(before, after)) {
    if (kind === "same") {
      open = null;
      at++;
      continue;
    }
    if (open === null) {
      open = { from: at, to: at, lines: [] };
      found.push(open);
    }
    if (kind === "in") open.lines.push(text);
    else open.to = ++at;
  }
  return found;
}

const isSame = (one: LineChange, other: LineChange): boolean =>
  one.from === other.from && one.to === other.to && one.lines.join("\n") === other.lines.join("\n");

/**
 * The text with the changes of both.
 *
 * Args:
 *   base: what both began with.
 *   mine: what became of it here.
 *   theirs: what became of it elsewhere.
 *
 * Returns:
 *   The text; null when both changed the same place, or lines beside each other.
 */
export function mergeTexts(base: string, mine: string, theirs: string): string | null {
  const ours = lineChanges(base, mine);
  const others = lineChanges(base, theirs).filter(other => !ours.some(one => isSame(one, other)));
  const touches = (other: LineChange): boolean => ours.some(one => one.from <= other.to && other.from <= one.to);
  if (others.some(touches)) return null;
  const lines = base === "" ? [] : base.split("\n");
  const all = [...ours, ...others].sort((a, b) => b.from - a.from);
  for (const { from, to, lines: put } of all) lines.splice(from, to - from, ...put);
  return lines.join("\n");
}
