/** Where a list of completions opens by itself: behind letters of a name and behind a dot, in code. Pure. */
import { ensureSyntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import { isForeign } from "./python_source.ts";

export interface TypedName {
  /** What stands of the name, which may be nothing behind a dot. */
  readonly word: string;
  readonly from: number;
  /** Whether it is a part of something else: only a kernel knows its names. */
  readonly isMember: boolean;
}

/** So many letters of a name open the list: one letter is a name by itself too often. */
const FEWEST_LETTERS = 2;
/** The tree of the text is waited for so long. */
const PARSE_MS = 20;

const IN_NAME = /[\p{L}\p{N}_]/u;
const NUMBER_WITH_DOT = /(?:^|[^\p{L}\p{N}_])\p{N}[\p{N}_]*\.$/u;
const MEMBER = /[\p{L}\p{N}_)\]}"']\.$/u;
/** What is typed behind these is a name that does not exist yet. */
const NEW_NAME = /(?:^|[^\p{L}\p{N}_.])(?:def|class|as)\s+$/u;
/** A line for IPython or for the system. */
const MAGIC = /^\s*[%!?]/;

/** The letters, digits and underscores that a text ends with. */
export function wordBefore(text: string): string {
  let from = text.length;
  while (from > 0 && IN_NAME.test(text[from - 1] ?? "")) from--;
  return text.slice(from);
}

/** Whether a line ends inside of quotes or of a comment, by the signs that most languages have for them. */
function endsInText(line: string): boolean {
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const sign = line[at] ?? "";
    if (quote !== "") {
      if (sign === "\\") at++;
      else if (sign === quote) quote = "";
    } else if (sign === '"' || sign === "'" || sign === "`") quote = sign;
    else if (sign === "#" || line.startsWith("//", at)) return true;
  }
  return quote !== "";
}

/** Whether a place of Python is in a string or a comment; the parts of an f-string that are computed are code. */
function isInText(state: EditorState, pos: number): boolean {
  let node = ensureSyntaxTree(state, pos, PARSE_MS)?.resolveInner(pos, -1) ?? null;
  for (; node !== null; node = node.parent) {
    if (node.name === "FormatReplacement") return false;
    if (/String|Comment/.test(node.name)) return true;
  }
  return false;
}

/**
 * The name that stands before a place.
 *
 * Args:
 *   state: the text of a code cell.
 *   pos: the place.
 *   isPython: whether its language is Python.
 *
 * Returns: the name, or null where no list opens by itself.
 */
export function typedName(state: EditorState, pos: number, isPython: boolean): TypedName | null {
  const line = state.doc.lineAt(pos);
  const before = line.text.slice(0, pos - line.from);
  const word = wordBefore(before);
  if (/^\p{N}/u.test(word)) return null;
  const head = before.slice(0, before.length - word.length);
  const isMember = MEMBER.test(head) && !NUMBER_WITH_DOT.test(head);
  if (!isMember && (word.length < FEWEST_LETTERS || head.endsWith(".") || NEW_NAME.test(head))) return null;
  if (MAGIC.test(before) || isForeign(state.doc.line(1).text)) return null;
  return (isPython ? isInText(state, pos) : endsInText(before)) ? null : { word, from: pos - word.length, isMember };
}
