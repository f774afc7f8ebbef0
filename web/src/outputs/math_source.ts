/**
 * Finds the formulas in a text, as MathJax does in a notebook: before Markdown reads it, which would take their underscores, bars and backslashes
 * for its own. Pure.
 *
 *     $…$  \(…\)  \\(…\\)                        in the line
 *     $$…$$  \[…\]  \\[…\\]  \begin{…}…\end{…}   on lines of their own
 *     \eqref{…}  \ref{…}                         a reference, in a text, too
 *
 * A delimiter in braces (`\text{if $x$}`) ends nothing. Code keeps its dollars. Money is no formula: a dollar that a digit follows ends none, nor one
 * between a blank and a word.
 *
 * Source: MathJax 4, "TeX and LaTeX math delimiters"; the rules of JupyterLab's Markdown (`\\(` for `\(`).
 */
export interface Formula {
  readonly tex: string;
  readonly display: boolean;
  /** As it was written, with its delimiters. */
  readonly raw: string;
}
export type Part = string | Formula;

const FENCE = "^[ \\t>*+\\-\\d.]*(?:`{3,}|~{3,})";
const OPENERS = String.raw`\\\\[(\[]|\\begin\{([a-zA-Z]+\*?)\}|\\(?:eq)?ref\{[^{}\n]*\}|\\[\s\S]|\$\$?`;
const IN_MARKDOWN = new RegExp(`${FENCE}|\`+|${OPENERS}`, "gm");
const IN_TEXT = new RegExp(OPENERS, "g");

const CLOSERS: { readonly [opener: string]: readonly [closer: string, display: boolean] } = {
  $: ["$", false],
  $$: ["$$", true],
  "\\(": ["\\)", false],
  "\\[": ["\\]", true],
  "\\\\(": ["\\\\)", false],
  "\\\\[": ["\\\\]", true],
};

/** No formula is longer, so that reading costs what a text is long. */
const MOST_IN_LINE = 2_000;
const MOST_OF_LINES = 20_000;

/** Where code that begins at `at` with this mark ends: behind its closing mark; -1 when there is none. */
function codeEnd(text: string, mark: string, at: number): number {
  const isFence = mark.endsWith("```") || mark.endsWith("~~~");
  if (isFence && (at === 0 || text[at - 1] === "\n")) {
    const sign = mark.charAt(mark.length - 1);
    const least = mark.length - mark.search(sign);
    const close = new RegExp(`^[ \\t>]*\\${sign}{${least},}[ \\t]*$`, "gm");
    close.lastIndex = at + mark.length;
    const found = close.exec(text);
    return found === null ? text.length : found.index + found[0].length;
  }
  const runs = /`+/g;
  runs.lastIndex = at + mark.length;
  for (let run = runs.exec(text); run !== null; run = runs.exec(text)) if (run[0].length === mark.length) return runs.lastIndex;
  return -1;
}

/** Whether code in the line begins at `at` that holds the closer: then it is the code's. */
const isInCode = (text: string, mark: string, at: number, closer: string): boolean =>
  text.slice(at, codeEnd(text, mark, at)).includes(closer);

/**
 * Where the closer stands that ends what begins at `at`; -1 for nowhere.
 *
 * Args:
 *   text: all of it.
 *   at: behind the opener.
 *   closer: what ends it.
 *   blank: whether an empty line may stand in it.
 *   markdown: whether backticks are code.
 */
function closerAt(text: string, at: number, closer: string, { blank, markdown }: { blank: boolean; markdown: boolean }): number {
  const token = /\\[\s\S]|[{}]|\$\$?|\n[ \t]*\n|`+/g;
  token.lastIndex = at;
  const most = at + (closer === "$" ? MOST_IN_LINE : MOST_OF_LINES);
  if (text.lastIndexOf(closer) < at) return -1;
  let depth = 0;
  for (let match = token.exec(text); match !== null && match.index < most; match = token.exec(text)) {
    const here = match.index;
    if (match[0].startsWith("\n") && !blank) return -1;
    if (markdown && match[0].startsWith("`") && isInCode(text, match[0], here, closer)) return -1;
    if (depth === 0 && text.startsWith(closer, here)) return here;
    if (match[0] === "{") depth++;
    else if (match[0] === "}") depth = Math.max(0, depth - 1);
    else if (match[0] === "$$" && closer === "$") token.lastIndex--;
  }
  return -1;
}

/** Where the environment of that name ends that begins at `at`; -1 when it does not. */
function environmentEnd(text: string, at: number, name: string): number {
  const mark = new RegExp(`\\\\(begin|end)\\{${name.replace("*", "\\*")}\\}`, "g");
  mark.lastIndex = at;
  if (text.lastIndexOf(`\\end{${name}}`) < at) return -1;
  let depth = 0;
  for (let match = mark.exec(text); match !== null && match.index < at + MOST_OF_LINES; match = mark.exec(text)) {
    depth += match[1] === "begin" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return -1;
}

/** Whether what stands between two dollars is a formula, and no sums of money or names of variables. */
function isFormula(tex: string, next: string): boolean {
  if (tex.trim() === "" || /\d/.test(next)) return false;
  return !/\s$/.test(tex) || /^\s/.test(tex) || !(/^\d/.test(tex) || /\w/.test(next));
}

interface Opened {
  readonly at: number;
  readonly opener: string;
  /** Its name, where the opener begins one. */
  readonly environment: string | undefined;
  readonly markdown: boolean;
}

const isLineStart = (text: string, at: number): boolean => /(?:^|\n)[ \t>]*$/.test(text.slice(Math.max(0, at - 40), at));

function formulaAt(text: string, { at, opener, environment, markdown }: Opened): Formula | null {
  const raw = (end: number): string => text.slice(at, end);
  if (environment !== undefined) {
    const end = environmentEnd(text, at, environment);
    return end < 0 ? null : { tex: raw(end), display: true, raw: raw(end) };
  }
  if (/^\\(?:eq)?ref\{/.test(opener)) return { tex: opener, display: false, raw: opener };
  const [closer, display] = CLOSERS[opener] ?? ["", false];
  if (closer === "") return null;
  const end = closerAt(text, at + opener.length, closer, { blank: display && isLineStart(text, at), markdown });
  if (end < 0) return null;
  const tex = text.slice(at + opener.length, end);
  const after = end + closer.length;
  if (opener === "$" ? !isFormula(tex, text.charAt(after)) : tex.trim() === "") return null;
  return { tex, display, raw: raw(after) };
}

/**
 * The text in parts: what is no formula as it is, and the formulas.
 *
 * Args:
 *   text: of a Markdown cell, or of a text node of HTML.
 *   markdown: whether backticks and fences are code.
 */
export function parts(text: string, markdown: boolean): Part[] {
  const found: Part[] = [];
  if (!/[$\\]/.test(text)) return [text];
  const next = markdown ? IN_MARKDOWN : IN_TEXT;
  let from = 0;
  let at = 0;
  for (;;) {
    next.lastIndex = at;
    const match = next.exec(text);
    if (match === null) break;
    const [opener, environment] = match;
    at = match.index + opener.length;
    if (/[`~]$/.test(opener) && !opener.startsWith("\\")) {
      const end = codeEnd(text, opener, match.index);
      if (end > 0) at = end;
      continue;
    }
    const formula = formulaAt(text, { at: match.index, opener, environment, markdown });
    if (formula === null) continue;
    if (match.index > from) found.push(text.slice(from, match.index));
    found.push(formula);
    at = match.index + formula.raw.length;
    from = at;
  }
  if (from < text.length) found.push(text.slice(from));
  return found;
}

/** What the formulas of a text are while Markdown reads it: words that stand nowhere in it. */
export class HiddenFormulas {
  readonly formulas: Formula[] = [];
  readonly text: string;
  readonly #word: string;

  constructor(source: string) {
    let word = "zmathz";
    while (source.includes(word)) word += "z";
    this.#word = word;
    this.text = parts(source, true)
      .map(part => (typeof part === "string" ? part : `${word}${this.formulas.push(part) - 1}q`))
      .join("");
  }

  /** The parts of what Markdown made of it. */
  find(text: string): Part[] {
    if (!text.includes(this.#word)) return [text];
    return text
      .split(new RegExp(`${this.#word}(\\d+)q`))
      .map((part, at) => (at % 2 === 0 ? part : (this.formulas[Number(part)] ?? "")))
      .filter(part => part !== "");
  }

  /** The text with its formulas as they were written. */
  restore(text: string): string {
    return this.find(text)
      .map(part => (typeof part === "string" ? part : part.raw))
      .join("");
  }
}
