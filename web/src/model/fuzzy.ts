/** Finding by a few letters: the letters of the query in their order, best where words begin and where they stand together. Pure. */

export interface Match {
  readonly score: number;
  /** The places of the letters that were found, from 0. */
  readonly at: readonly number[];
}

const isLetter = (character: string): boolean => /[\p{L}\p{N}]/u.test(character);

function beginsWord(text: string, at: number): boolean {
  const [before, here] = [text[at - 1] ?? "", text[at] ?? ""];
  return at === 0 || (!isLetter(before) && isLetter(here)) || (before === before.toLowerCase() && here !== here.toLowerCase());
}

/** What one place is worth: more at the beginning of a word, and more still right after the one before. */
function worth(text: string, at: number, before: number): number {
  if (at === before + 1) return 8;
  return beginsWord(text, at) ? 6 : 1;
}

/** How well a text answers a query, or null when it does not. An empty query fits everything alike. */
export function fuzzy(query: string, text: string): Match | null {
  const wanted = query.toLowerCase().replace(/\s+/g, "");
  const lower = text.toLowerCase();
  if (wanted === "") return { score: 0, at: [] };
  const whole = lower.indexOf(query.toLowerCase().trim());
  if (whole >= 0) {
    const length = query.trim().length;
    const score = 20 + 8 * length + (beginsWord(text, whole) ? 12 : 0) - whole / 50 - text.length / 500;
    return { score, at: Array.from({ length }, (_, n) => whole + n) };
  }
  const places: number[] = [];
  let score = 0;
  let last = -2;
  for (const letter of wanted) {
    const next = placeOf(lower, text, letter, last);
    if (next < 0) return null;
    score += worth(text, next, last);
    places.push(next);
    last = next;
  }
  return { score: score - text.length / 500, at: places };
}

/** Where the letter is taken: right after the last one, else where a word begins, else where it comes first. */
function placeOf(lower: string, text: string, letter: string, last: number): number {
  const first = lower.indexOf(letter, Math.max(0, last + 1));
  if (first < 0 || first === last + 1) return first;
  for (let at = first; at >= 0; at = lower.indexOf(letter, at + 1)) if (beginsWord(text, at)) return at;
  return first;
}
