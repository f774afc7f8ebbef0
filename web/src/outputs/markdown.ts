/**
 * Markdown cells and outputs in the page: markdown_parts.ts makes elements of them; here their addresses are set, and what scrolls can be reached.
 *
 * What needs more than this (colours of code, diagrams, formulas) is loaded when the first text has it.
 */
import { r } from "../text/rich.ts";
import { drawing } from "../ui/drawing.ts";
import { LazyModule } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { reachByKeys } from "../ui/scrolled_boxes.ts";
import { placesCame } from "./fragments.ts";
import { keepReadable } from "./grounds.ts";
import { type Code, hasFootnotes, markedText, onlyFormula } from "./markdown_parts.ts";
import { setMath } from "./math.ts";
import { type Surroundings, setAddresses } from "./user_links.ts";

// ---- code

/** Fenced code gets colours, a diagram its picture. */
function setCode(codes: readonly Code[], surroundings: Surroundings): (() => void)[] {
  return codes.map(({ element, language, source }) => {
    if (language === "mermaid") {
      const place = document.createElement("div");
      element.parentElement?.replaceWith(place);
      return () => surroundings.embed?.(place, { kind: "diagram", source });
    }
    if (/^(?:python|py|python3|ipython|ipython3)$/.test(language))
      return () => void drawing(import("../ui/highlight.ts")).then(({ paintPython }) => paintPython(source, element), complain);
    return () => void drawing(import("./code_colours.ts").then(({ paintCode }) => paintCode(source, language, element))).catch(complain);
  });
}

// ---- texts

const footnotes = new LazyModule(() => import("./footnotes.ts"));

/** The text that each element shows, or is to show. */
const wanted = new WeakMap<HTMLElement, string>();

/**
 * Shows markdown in an element. Formulas, colours and pictures come when what shows them is there; a text with footnotes, when what makes them is.
 *
 * Args:
 *   source: the text.
 *   into: is emptied first.
 *   surroundings: where the text stands, and who shows what may not stand in the page itself.
 */
export function showMarkdown(source: string, into: HTMLElement, surroundings: Surroundings = { attachments: {}, folder: "" }): void {
  wanted.set(into, source);
  const showIt = (): void => {
    if (wanted.get(into) === source) show(source, into, surroundings);
  };
  if (hasFootnotes(source) && footnotes.loaded === null) void drawing(footnotes.fetch()).catch(complain).then(showIt);
  else showIt();
}

function show(source: string, into: HTMLElement, surroundings: Surroundings): void {
  const later: (() => void)[] = [];
  const { part, boxes, formulas } = markedText(
    source,
    (part, codes) => {
      later.push(...setCode(codes, surroundings), ...setAddresses(part, surroundings));
    },
    hasFootnotes(source) ? (footnotes.loaded?.footnotes() ?? null) : null,
  );
  into.replaceChildren(part);
  keepReadable(source, into, into);
  for (const box of boxes) reachByKeys(box, r.wideTable);
  for (const box of into.querySelectorAll("pre")) reachByKeys(box, r.wideCode);
  for (const act of later) act();
  for (const [place, { tex, display }] of formulas) setMath(tex, display, place);
  placesCame();
}

/** Shows text/latex: formulas between dollars, or a bare environment; other text stays as it is. */
export function showLatex(source: string, into: HTMLElement): void {
  const tex = onlyFormula(source);
  if (tex === null) showMarkdown(source, into);
  else {
    into.replaceChildren();
    setMath(tex, true, into);
    reachByKeys(into, r.wideFormula);
  }
}
