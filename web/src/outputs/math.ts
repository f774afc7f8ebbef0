/**
 * The formulas of a notebook. KaTeX sets them (it builds elements and sets styles through CSSOM; no markup text is made), MathJax what KaTeX cannot
 * read; each is loaded when it is first needed.
 *
 * Formulas depend on each other: a command that one defines holds in all of them, and references name the numbers of others. So all that stand in the
 * page are kept, and those are set again that mention what has changed.
 */

import type { KatexOptions } from "katex";
import { inside } from "../rpc/base_url.ts";
import { drawing } from "../ui/drawing.ts";
import { complain } from "../ui/notices.ts";
import type { Formula, Part } from "./math_source.ts";
import { type Definition, prepared, type Tex, takeApart } from "./tex.ts";

type Katex = { render(tex: string, element: HTMLElement, options?: KatexOptions): void };

interface Placed extends Tex {
  readonly tex: string;
  readonly display: boolean;
  readonly place: HTMLElement;
  drawn: boolean;
}

let loading: Promise<Katex> | null = null;
let loadingChemistry: Promise<unknown> | null = null;
const placed = new Map<HTMLElement, Placed>();
let definitions: ReadonlyMap<string, Definition> = new Map();
let numbers: ReadonlyMap<string, string> = new Map();
let waiting = false;

/** In an exported document the style sheet stands in the document. */
const SHEET = KATEX_CSS.startsWith("/") ? inside(KATEX_CSS) : KATEX_CSS;

async function load(): Promise<Katex> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = SHEET;
  document.head.append(link);
  const { default: katex } = await import("katex");
  return katex;
}

let sheet: Promise<CSSStyleSheet> | null = null;

/** The style sheet of formulas for a shadow root: those of the page do not reach into it. */
export function mathSheet(): Promise<CSSStyleSheet> {
  sheet ??= fetch(SHEET).then(async response => await new CSSStyleSheet({ baseURL: response.url }).replace(await response.text()));
  return sheet;
}

/**
 * Puts places for formulas into a part of a document.
 *
 * Args:
 *   part: the part.
 *   partsOf: the parts of a text: what is no formula, as it is to be shown, and the formulas.
 *
 * Returns: each place with its formula, in their order.
 */
export function placeFormulas(
  part: DocumentFragment | Element,
  partsOf: (text: Text) => readonly Part[],
): (readonly [HTMLElement, Formula])[] {
  const placed: (readonly [HTMLElement, Formula])[] = [];
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode() !== null) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    const found = partsOf(text);
    if (found.length === 1 && found[0] === text.data) continue;
    const nodes = found.map(one => {
      if (typeof one === "string") return one;
      const place = document.createElement("span");
      placed.push([place, one]);
      return place;
    });
    text.replaceWith(...nodes);
  }
  return placed;
}

/** Sets one formula. What neither KaTeX nor MathJax can read is shown as it was written, with the reason as its title. */
export function setMath(tex: string, display: boolean, into: HTMLElement): void {
  placed.set(into, { tex, display, place: into, drawn: false, ...takeApart(tex) });
  if (waiting) return;
  waiting = true;
  drawing(setAll()).catch(error => {
    waiting = false;
    loading = null;
    complain(error);
  });
}

const before = (one: Placed, other: Placed): number =>
  (one.place.compareDocumentPosition(other.place) & Node.DOCUMENT_POSITION_FOLLOWING) === 0 ? 1 : -1;

/** The names whose meaning differs between the two. */
function changed<Value>(old: ReadonlyMap<string, Value>, now: ReadonlyMap<string, Value>, text: (value: Value) => string): string[] {
  const names = new Set([...old.keys(), ...now.keys()]);
  const textOf = (value: Value | undefined): string | null => (value === undefined ? null : text(value));
  return [...names].filter(name => textOf(old.get(name)) !== textOf(now.get(name)));
}

/** Reads what the formulas in the page define; gives what has changed. */
function readAll(): string[] {
  for (const [place, one] of placed) if (one.drawn && !place.isConnected) placed.delete(place);
  const inOrder = [...placed.values()].filter(one => one.definitions.length > 0 || one.labels.length > 0).sort(before);
  const defined = new Map(inOrder.flatMap(one => one.definitions.map(each => [each.name, each] as const)));
  let count = 0;
  const numbered = new Map(inOrder.flatMap(one => one.labels.map(({ name, tag }) => [name, tag ?? String(++count)] as const)));
  const names = [...changed(definitions, defined, one => one.source), ...changed(numbers, numbered, one => one).map(name => `{${name}}`)];
  definitions = defined;
  numbers = numbered;
  return names;
}

/** Commands that stand in the bodies of others change those, too. */
const mentions = (one: Placed, names: readonly string[]): boolean => {
  const bodies = [...definitions.values()].filter(each => one.rest.includes(each.name)).map(each => each.body);
  return names.some(name => [one.rest, ...bodies].some(text => text.includes(name)));
};

async function setAll(): Promise<void> {
  loading ??= load();
  const katex = await loading;
  if ([...placed.values()].some(one => !one.drawn && /\\(?:ce|pu)\b/.test(one.tex))) {
    loadingChemistry ??= import("katex/contrib/mhchem");
    await loadingChemistry;
  }
  waiting = false;
  const names = readAll();
  for (const one of placed.values()) if (!one.drawn || (names.length > 0 && mentions(one, names))) draw(katex, one);
}

/** Commands of MathJax that KaTeX has under another name. */
const OURS = { "\\mbox": "\\text{#1}" };

function draw(katex: Katex, one: Placed): void {
  one.drawn = true;
  const { place, display, rest } = one;
  if (rest.trim() === "") {
    place.replaceChildren();
    return;
  }
  const tex = prepared(rest, display, numbers);
  const macros: { [name: string]: string } = { ...OURS };
  for (const each of definitions.values()) if (!each.optional) macros[each.name] = each.body;
  try {
    katex.render(tex, place, {
      displayMode: display,
      throwOnError: true,
      strict: "ignore",
      trust: ({ command, url }: { command: string; url?: string }) => command === "\\href" && /^(?:#|https?:)/i.test(url ?? ""),
      maxSize: 50,
      maxExpand: 1000,
      macros,
      output: "htmlAndMathml",
    });
    finish(one);
  } catch (error) {
    void drawing(drawByMathJax(one, tex, error));
  }
}

/** What KaTeX cannot read. */
async function drawByMathJax(one: Placed, tex: string, refusal: unknown): Promise<void> {
  const { place, display } = one;
  const source = [...definitions.values()].map(each => each.source).join("");
  try {
    const { showSvg } = await import("./mathjax.ts");
    if (placed.get(place) === one) await showSvg(source, tex, display, place);
    finish(one);
  } catch {
    if (placed.get(place) !== one) return;
    const code = document.createElement("code");
    code.className = "math-failed";
    code.textContent = display ? `$$${one.tex}$$` : `$${one.tex}$`;
    code.title = refusal instanceof Error ? refusal.message : String(refusal);
    place.replaceChildren(code);
  }
}

/**
 * Lets the links of a formula be reached: KaTeX hides what it draws from people who do not see it, and gives them MathML instead, in which no browser
 * follows links. A formula with links is read as it is drawn.
 */
function openLinks(place: HTMLElement): void {
  for (const formula of place.querySelectorAll(".katex")) {
    if (formula.querySelector(".katex-html a") === null) continue;
    formula.querySelector(".katex-html")?.removeAttribute("aria-hidden");
    formula.querySelector(".katex-mathml")?.setAttribute("aria-hidden", "true");
    for (const part of formula.querySelectorAll(".katex-mathml [href]")) part.removeAttribute("href");
  }
}

/** Names the place for links to it, and makes its own links safe. */
function finish({ place, labels }: Placed): void {
  openLinks(place);
  const [label] = labels;
  if (label !== undefined) place.id = `mjx-eqn:${label.name}`;
  for (const link of place.querySelectorAll("a")) {
    if (link.getAttribute("href")?.startsWith("#") === true) continue;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
}
