/**
 * Characters that hide, or that pass for others: what a person sees of a text with them is not what a kernel reads. Text that has none is the rule,
 * so this is only the pattern; how they are shown and called is in ui/odd_marks.ts, which comes when it is needed.
 */
import { hasReturns } from "./source_text.ts";

/** Control characters without tab and line feed, and without a carriage return. */
const CONTROLS = "[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]";
/** Spaces that no key makes. */
const SPACES = "[\\xa0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]";
/** What takes no place: marks of direction, ends of lines that are none, fillers. */
const UNSEEN =
  "[\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufeff\\uffa0\\ufff9-\\ufffc]";
/** Joiners belong to scripts and to pictures made of several; tags belong to flags. Alone, or in plain letters, they hide. */
const JOINERS = "(?<![^\\x00-\\x7f])[\\u200c\\u200d]|(?<![\\u{1f3f4}\\u{e0020}-\\u{e007f}])[\\u{e0000}-\\u{e007f}]";
/** Cyrillic and Greek letters that look like Latin ones, where they touch one: in a word of their own script they are as they should be. */
const TWINS = "[АВЕЅІЈКМНОРСТХУаеѕіјорсухԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧο]";
const AMONG_LATIN = `(?<=[A-Za-z0-9_])${TWINS}|${TWINS}(?=[A-Za-z_])`;

const pattern = (returns: string): RegExp => new RegExp(`${CONTROLS}|${returns}|${SPACES}|${UNSEEN}|${JOINERS}|${AMONG_LATIN}`, "gu");

/** The odd characters of text in which a carriage return before a line feed is a part of the line's end. */
const WITH_RETURNS = pattern("\\r(?!\\n)");
/** The odd characters of any other text: there, a carriage return is one, too. */
const WITHOUT_RETURNS = pattern("\\r");

/** Whether a text has anything but plain characters; for nearly all it has not, and nothing else is asked. */
const MAYBE = /[^\t\n\x20-\x7e]/;

/** One odd character: where it stands in its text, in UTF-16 units. */
export interface Odd {
  readonly at: number;
  readonly character: string;
}

/** The odd characters of a text, in their order. */
export function oddIn(text: string): Odd[] {
  if (!MAYBE.test(text)) return [];
  const found = text.matchAll(hasReturns(text.split("\n")) ? WITH_RETURNS : WITHOUT_RETURNS);
  return Array.from(found, match => ({ at: match.index, character: match[0] }));
}

/** The pattern for text that is looked at line by line, without the ends of lines. */
export const ODD_IN_LINE = WITHOUT_RETURNS;
