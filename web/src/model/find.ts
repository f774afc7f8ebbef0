/** Finding in the texts of cells, and replacing. Pure. */
export interface Question {
  readonly text: string;
  readonly matchCase: boolean;
  readonly word: boolean;
  readonly regular: boolean;
}

export interface Match {
  readonly cell: string;
  /** UTF-16 units. */
  readonly from: number;
  readonly to: number;
}

/** More matches than this are not looked for. */
export const MOST_MATCHES = 10_000;

/** A place that is not inside of a word: `\b` knows the letters of English alone, and no place beside a sign. */
const EDGE = "(?:(?<![\\p{L}\\p{M}\\p{N}_])|(?![\\p{L}\\p{M}\\p{N}_]))";

function compiled(pattern: string, flags: string): RegExp | null {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return null;
  }
}

/** The pattern of a question, or null when it is empty or not a regular expression. */
export function patternOf({ text, matchCase, word, regular }: Question): RegExp | null {
  if (text === "") return null;
  const plain = regular ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const flags = `g${matchCase ? "" : "i"}m`;
  // What is strict about Unicode takes no needless backslash, such as that of `\-`: there the older rules hold.
  return (
    compiled(word ? `${EDGE}(?:${plain})${EDGE}` : plain, `${flags}u`) ?? compiled(word ? `\\b(?:${plain})\\b` : plain, flags) // null: half-typed
  );
}

/** The matches in one text; a pattern may match places, such as the beginnings of lines. */
export function matchesIn(cell: string, source: string, pattern: RegExp): Match[] {
  const found: Match[] = [];
  for (const match of source.matchAll(pattern)) {
    found.push({ cell, from: match.index, to: match.index + match[0].length });
    if (found.length >= MOST_MATCHES) break;
  }
  return found;
}

const SPECIAL = /\\([nrt\\])|\$(?:([$&0])|<([^>]{1,100})>|(\d{1,2}))/g;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };

/** A group by its number; one digit of two when there are not so many groups. Undefined when there is no such group. */
function group(match: RegExpExecArray, digits: string): string | undefined {
  const number = Number(digits);
  if (number > 0 && number < match.length) return match[number] ?? "";
  const first = Number(digits[0]);
  return digits.length > 1 && first > 0 && first < match.length ? (match[first] ?? "") + digits.slice(1) : undefined;
}

/** What takes the place of a match: `$1` and `$<name>` are its groups, `$&` and `$0` all of it, `$$` a dollar, `\n` and `\t` a line and a tab. */
function expanded(by: string, match: RegExpExecArray): string {
  return by.replace(SPECIAL, (whole: string, escaped?: string, sign?: string, name?: string, digits?: string) => {
    if (escaped !== undefined) return ESCAPED[escaped] ?? whole;
    if (sign !== undefined) return sign === "$" ? "$" : match[0];
    if (name !== undefined) return match.groups !== undefined && name in match.groups ? (match.groups[name] ?? "") : whole;
    return (digits === undefined ? undefined : group(match, digits)) ?? whole;
  });
}

/**
 * A text with matches replaced, each found with the whole text around it.
 *
 * Args:
 *   source: the text.
 *   pattern: what is found.
 *   by: what takes its place; in a regular expression, groups and escapes have a meaning in it.
 *   regular: whether it is a regular expression.
 *   at: where the only match begins that is replaced, in UTF-16 units; null: all of them.
 *
 * Returns: the text, and where what was put in last ends in it.
 */
export function replaced(
  source: string,
  pattern: RegExp,
  by: string,
  regular: boolean,
  at: number | null = null,
): { text: string; end: number } {
  let [text, done, end] = ["", 0, 0];
  for (const match of source.matchAll(pattern)) {
    if (at !== null && match.index !== at) continue;
    text += source.slice(done, match.index) + (regular ? expanded(by, match) : by);
    done = match.index + match[0].length;
    end = text.length;
  }
  return { text: text + source.slice(done), end };
}
