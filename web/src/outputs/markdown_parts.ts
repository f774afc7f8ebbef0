/**
 * Markdown as elements, for the page and for exported documents alike: marked makes HTML, sanitize.ts makes it harmless, and what GitHub and Jupyter add
 * to it is made of its elements.
 *
 *     source ──► formulas hidden (math_source.ts) ──► marked ──► sanitizer ──► parts dressed ──► addresses and code, by who shows it ──► formulas placed
 *
 * Nothing here knows a page: where addresses lead, how code gets its colours and when formulas are set is the work of markdown.ts in the page, and of
 * exported_texts.ts in an exported document.
 */
import { Marked, type MarkedExtension } from "marked";
import { r } from "../text/rich.ts";
import { headingId } from "./heading_ids.ts";
import { placeFormulas } from "./math.ts";
import { type Formula, HiddenFormulas } from "./math_source.ts";
import { setSafeStyle } from "./safe_style.ts";
import { markdownFragment, STYLE_NAME } from "./sanitize.ts";
import { newPrefix } from "./scoped_ids.ts";

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const BLOCKS = "p, h1, h2, h3, h4, h5, h6, ul, ol, blockquote, table, dl, details";

/** Fenced code that names its language. */
export interface Code {
  readonly element: HTMLElement;
  readonly language: string;
  readonly source: string;
}

export interface MarkedText {
  readonly part: DocumentFragment;
  /** Boxes of tables, which scroll. */
  readonly boxes: readonly HTMLElement[];
  /** Places for formulas, in their order. */
  readonly formulas: readonly (readonly [HTMLElement, Formula])[];
}

// ---- what GitHub makes of some marks

const ALERTS = ["note", "tip", "important", "warning", "caution"] as const;

/** `> [!NOTE]` becomes a box with its name. */
function setAlerts(part: DocumentFragment): void {
  for (const quote of part.querySelectorAll("blockquote")) {
    const first = quote.querySelector(":scope > p:first-child");
    const text = first?.firstChild;
    const match = text instanceof Text ? /^\s*\[!(\w+)\][ \t]*(?:\n|$)/.exec(text.data) : null;
    const kind = ALERTS.find(one => one === match?.[1]?.toLowerCase());
    if (first == null || !(text instanceof Text) || match === null || kind === undefined) continue;
    text.data = text.data.slice(match[0].length);
    if (first.textContent?.trim() === "" && first.children.length === 0) first.remove();
    const title = document.createElement("p");
    title.className = "alert-title";
    title.textContent = r.alert[kind];
    quote.classList.add("alert", kind);
    quote.prepend(title);
  }
}

/** The boxes of task lists show what is done; the text changes it. */
function setTasks(part: DocumentFragment): void {
  for (const mark of part.querySelectorAll("[data-task]")) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.disabled = true;
    box.checked = mark.getAttribute("data-task") === "done";
    const item = mark.closest("li");
    box.setAttribute("aria-label", item?.textContent?.trim().slice(0, 80) || r.task);
    item?.classList.add("task");
    mark.replaceWith(box);
  }
}

/** Tables scroll when they are wide, rather than break their words. */
function setTables(part: DocumentFragment): HTMLElement[] {
  return [...part.querySelectorAll("table")].map(table => {
    const box = document.createElement("div");
    box.className = "table-box";
    table.classList.add("df");
    table.replaceWith(box);
    box.append(table);
    return box;
  });
}

// ---- code

function codeIn(part: DocumentFragment): Code[] {
  return [...part.querySelectorAll<HTMLElement>("pre > code[class*='language-']")].map(element => {
    const language = /(?:^|\s)language-\{?\.?([^\s{},]+)/.exec(element.className)?.[1]?.toLowerCase() ?? "";
    return { element, language, source: element.textContent ?? "" };
  });
}

// ---- formulas

/** Puts places for the formulas into a part of a document. In code and attributes they are what was written. */
function placeHidden(part: DocumentFragment, hidden: HiddenFormulas): (readonly [HTMLElement, Formula])[] {
  if (hidden.formulas.length === 0) return [];
  for (const element of part.querySelectorAll("*"))
    for (const attribute of element.attributes) {
      const plain = hidden.restore(attribute.value);
      if (plain !== attribute.value) attribute.value = plain;
    }
  const isCode = (text: Text): boolean => text.parentElement?.closest("code, pre") != null;
  return placeFormulas(part, text => (isCode(text) ? [hidden.restore(text.data)] : hidden.find(text.data)));
}

// ---- texts

/** Ids of headings, as Jupyter makes them. */
function setHeadingIds(part: DocumentFragment, hidden: HiddenFormulas): void {
  const prefix = newPrefix();
  for (const heading of part.querySelectorAll<HTMLElement>("h1, h2, h3, h4, h5, h6"))
    if (heading.id === "") heading.id = `${prefix}${headingId(hidden.restore(heading.textContent ?? ""))}`;
}

/** Whether a text may have footnotes. */
export const hasFootnotes = (source: string): boolean => source.includes("[^");

function fragmentOf(hidden: HiddenFormulas, footnotes: MarkedExtension | null): DocumentFragment {
  const marked = new Marked({ gfm: true, async: false });
  if (footnotes !== null) marked.use(footnotes);
  marked.use({ renderer: { checkbox: ({ checked }) => `<span data-task="${checked ? "done" : "open"}"></span> ` } });
  return markdownFragment(marked.parse(hidden.text, { async: false }));
}

/**
 * Reads a text.
 *
 * Args:
 *   source: the text.
 *   dress: gives code and addresses their meaning, in a part that stands in no document yet.
 *   footnotes: makes footnotes (footnotes.ts); null for a text that has none.
 */
export function markedText(
  source: string,
  dress: (part: DocumentFragment, codes: readonly Code[]) => void,
  footnotes: MarkedExtension | null,
): MarkedText {
  const hidden = new HiddenFormulas(source);
  const part = fragmentOf(hidden, footnotes);
  for (const element of part.querySelectorAll<HTMLElement | SVGElement>(`[${STYLE_NAME}]`)) {
    const style = element.getAttribute(STYLE_NAME) ?? "";
    element.removeAttribute(STYLE_NAME);
    setSafeStyle(element, style);
  }
  setHeadingIds(part, hidden);
  setAlerts(part);
  setTasks(part);
  const boxes = setTables(part);
  dress(part, codeIn(part));
  const formulas = placeHidden(part, hidden);
  if (RIGHT_TO_LEFT.test(source))
    for (const block of part.querySelectorAll(BLOCKS)) if (!block.hasAttribute("dir")) block.setAttribute("dir", "auto");
  return { part, boxes, formulas };
}

/** The formula that a text/latex is: between dollars, or a bare environment; null for other text. */
export function onlyFormula(source: string): string | null {
  const text = source.trim();
  const display = /^\$\$([\s\S]+)\$\$$|^\\\[([\s\S]+)\\\]$/.exec(text);
  const inline = /^\$([^$]+)\$$|^\\\(([\s\S]+)\\\)$/.exec(text);
  const environment = /^\\begin\{[\s\S]+\}$/.test(text);
  if (display === null && inline === null && !environment) return null;
  const tex = display?.[1] ?? display?.[2] ?? inline?.[1] ?? inline?.[2] ?? text;
  return tex.replace(/^\\displaystyle\s*/, "");
}
