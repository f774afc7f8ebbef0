/** Finding in the texts of cells. Pure. */
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

/** The pattern of a question, or null when it is empty or not a regular expression. */
export function patternOf({ text, matchCase, word, regular }: Question): RegExp | null {
  if (text === "") return null;
  const plain = regular ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  try {
    return new RegExp(word ? `\\b(?:${plain})\\b` : plain, `g${matchCase ? "" : "i"}mu`);
  } catch {
    return null; // half-typed
  }
}

/** The matches in one text; empty ones do not count. */
export function matchesIn(cell: string, source: string, pattern: RegExp): Match[] {
  const found: Match[] = [];
  for (const match of source.matchAll(pattern)) {
    if (match[0] !== "") found.push({ cell, from: match.index, to: match.index + match[0].length });
    if (found.length >= MOST_MATCHES) break;
  }
  return found;
}

/** A text with all matches, or only the one from `at` on, replaced. In a regular expression, `$1` and the like mean its groups. */
export function replaced(source: string, pattern: RegExp, by: string, regular: boolean, at: number | null = null): string {
  return source.replace(pattern, (match: string, ...rest: unknown[]) => {
    const offset = Number(rest.find(one => typeof one === "number"));
    if (match === "" || (at !== null && offset !== at)) return match;
    if (!regular) return by;
    const once = new RegExp(pattern.source, pattern.flags.replace("g", ""));
    return match.replace(once, by);
  });
}
