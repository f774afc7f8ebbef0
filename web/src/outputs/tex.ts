/**
 * What a formula says about others of its notebook: the commands that it defines, its labels and its references; and the formula in the words
 * that KaTeX knows. Pure.
 *
 * Equations that have a label get a number, in the order of the notebook; others get none, as in JupyterLab.
 *
 * Source: MathJax 4, "Defining TeX macros", "Automatic equation numbering".
 */
export interface Definition {
  /** With its backslash. */
  readonly name: string;
  readonly body: string;
  /** It has an argument that may be left out, which KaTeX does not know. */
  readonly optional: boolean;
  readonly source: string;
}

export interface Label {
  readonly name: string;
  /** The `\tag` that its author gave it; null when it is counted. */
  readonly tag: string | null;
}

/** A formula, taken apart. */
export interface Tex {
  readonly rest: string;
  readonly definitions: readonly Definition[];
  readonly labels: readonly Label[];
}

/** What stands in the braces that begin at `at`, and where they end; null when none do. */
function group(text: string, at: number): { readonly inside: string; readonly end: number } | null {
  if (text[at] !== "{") return null;
  let depth = 0;
  for (let here = at; here < text.length; here++) {
    if (text[here] === "\\") here++;
    else if (text[here] === "{") depth++;
    else if (text[here] === "}" && --depth === 0) return { inside: text.slice(at + 1, here), end: here + 1 };
  }
  return null;
}

/** Behind the blanks at `at`. */
function afterBlanks(text: string, at: number): number {
  let here = at;
  while (here < text.length && /\s/.test(text.charAt(here))) here++;
  return here;
}

const COMMAND = /\\(?:(newcommand|renewcommand|providecommand|DeclareMathOperator)(\*?)|g?def(?![a-zA-Z]))(?![a-zA-Z])/y;
const NAME = /\\(?:[a-zA-Z]+|[^a-zA-Z])/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** What stands in square brackets behind the blanks at `at`, or null; and where that ends. */
function bracket(text: string, at: number): { readonly inside: string | null; readonly end: number } {
  const begin = afterBlanks(text, at);
  const close = text[begin] === "[" ? text.indexOf("]", begin) : -1;
  return close < 0 ? { inside: null, end: begin } : { inside: text.slice(begin + 1, close), end: close + 1 };
}

/** The definition that begins at `at`, and where it ends. */
function definitionAt(text: string, at: number): { readonly definition: Definition; readonly end: number } | null {
  const command = matchAt(COMMAND, text, at);
  if (command === null) return null;
  const [whole, kind, star = ""] = command;
  let here = afterBlanks(text, at + whole.length);
  const braced = text[here] === "{";
  if (braced) here = afterBlanks(text, here + 1);
  const name = matchAt(NAME, text, here)?.[0];
  if (name === undefined) return null;
  here = afterBlanks(text, here + name.length);
  if (braced && text[here] === "}") here++;
  const count = kind === undefined ? null : bracket(text, here);
  const usual = count === null ? null : bracket(text, count.end);
  here = usual?.end ?? here;
  if (kind === undefined) while (text[here] === "#") here += 2;
  const body = group(text, afterBlanks(text, here));
  if (body === null) return null;
  const isOperator = kind === "DeclareMathOperator";
  const definition = {
    name,
    body: isOperator ? `\\operatorname${star}{${body.inside}}` : body.inside,
    optional: usual?.inside != null,
    source: text.slice(at, body.end),
  };
  return { definition, end: body.end };
}

/** Takes a formula apart. */
export function takeApart(tex: string): Tex {
  const definitions: Definition[] = [];
  let rest = "";
  let at = 0;
  for (;;) {
    const next = tex.indexOf("\\", at);
    if (next < 0) break;
    rest += tex.slice(at, next);
    const found = definitionAt(tex, next);
    if (found === null) {
      const step = tex.startsWith("\\\\", next) ? 2 : 1;
      rest += tex.slice(next, next + step);
      at = next + step;
    } else {
      definitions.push(found.definition);
      at = found.end;
    }
  }
  rest = (rest + tex.slice(at)).replace(/\\require\s*\{[^{}]*\}/g, "");
  return { rest, definitions, labels: labelsOf(rest) };
}

function labelsOf(tex: string): Label[] {
  return tex.split("\\\\").flatMap(row => {
    const tag = /\\tag\*?\{([^{}]*)\}/.exec(row)?.[1] ?? null;
    return [...row.matchAll(/\\label\s*\{([^{}]*)\}/g)].map(([, name = ""]) => ({ name, tag }));
  });
}

const NUMBERED = /\\(begin|end)\{(equation|align|alignat|gather|multline|eqnarray|flalign)\}/g;

/**
 * A formula in the words that both KaTeX and MathJax know.
 *
 * Args:
 *   rest: what `takeApart` left of it.
 *   display: whether it stands on lines of its own; in the line there are no numbers.
 *   numbers: the numbers of the labels of the notebook.
 */
export function prepared(rest: string, display: boolean, numbers: ReadonlyMap<string, string>): string {
  const rows = rest.split("\\\\").map(row => {
    const hasTag = /\\tag\b/.test(row) || !display;
    return row.replace(/\\label\s*\{([^{}]*)\}/g, (_, name: string) => (hasTag ? "" : `\\tag{${numbers.get(name) ?? "?"}}`));
  });
  return rows
    .join("\\\\")
    .replace(NUMBERED, "\\$1{$2*}")
    .replace(/\\(eq)?ref\s*\{([^{}]*)\}/g, (_, eq: string | undefined, name: string) => {
      const number = numbers.get(name) ?? "???";
      return `\\href{#mjx-eqn:${encodeURIComponent(name)}}{\\text{${eq === undefined ? number : `(${number})`}}}`;
    });
}
