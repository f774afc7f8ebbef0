/**
 * Source text: change sets applied, and positions converted between UTF-16 units (editors, change sets) and unicode characters (Jupyter).
 */
import type { Changes } from "../rpc/schema.ts";

/** The text after one change set. Throws when the set was not made for this text. */
export function applyChanges(text: string, changes: Changes): string {
  let out = "";
  let at = 0;
  for (const part of changes) {
    const span = typeof part === "number" ? part : Number(part[0]);
    if (!(span >= 0) || at + span > text.length) throw new RangeError("the change set is longer than the text");
    out += typeof part === "number" ? text.slice(at, at + span) : part.slice(1).join("\n");
    at += span;
  }
  if (at !== text.length) throw new RangeError("the change set is shorter than the text");
  return out;
}

/** The number of unicode characters before UTF-16 offset `units`. */
export function charactersBefore(text: string, units: number): number {
  let n = 0;
  for (let at = 0; at < units && at < text.length; n++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return n;
}

/** The UTF-16 offset of unicode character number `characters`, at most the end. */
export function unitsBefore(text: string, characters: number): number {
  let at = 0;
  for (let n = 0; n < characters && at < text.length; n++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/** Whether all lines but the last end with a carriage return before the line feed, and none stands elsewhere; `lines` were cut at the line feeds. */
export function hasReturns(lines: Iterable<string>): boolean {
  let before: string | null = null;
  let found = false;
  for (const line of lines) {
    if (before !== null && !/^[^\r]*\r$/.test(before)) return false;
    found = before !== null;
    before = line;
  }
  return found && before?.includes("\r") === false;
}
