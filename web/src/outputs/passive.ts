/**
 * A passive HTML output: the sanitizer, the style sheet of its shadow root (tables as the page's own), its formulas and its addresses.
 *
 * What may not stand in the page stands in a frame of the light tree, below the element that holds the output; a slot in the shadow root shows it in its
 * place.
 */
import css from "../css/output.css";
import { mathSheet, placeFormulas, setMath } from "./math.ts";
import { type Part, parts } from "./math_source.ts";
import { showHtml } from "./sanitize.ts";
import { type Embedded, setAddresses } from "./user_links.ts";

export { isActive } from "./sanitize.ts";

let sheet: CSSStyleSheet | null = null;

export function outputSheet(): CSSStyleSheet {
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

/** Where there are no formulas: in code, and where pandas was told to leave dollars alone. */
const PLAIN = "code, pre, style, .tex2jax_ignore, .mathjax_ignore";
const MAY_BE_FORMULA = /\$[^$]+\$|\\[([]|\\begin\{|\\(?:eq)?ref\{/;

/** The parts of a text; where there may be no formula it is its only one. */
const partsOf = (text: Text): readonly Part[] =>
  MAY_BE_FORMULA.test(text.data) && text.parentElement?.closest(PLAIN) == null ? parts(text.data, false) : [text.data];

/**
 * Shows an output.
 *
 * Args:
 *   html: the output; `isActive` is false for it.
 *   host: the element that holds it.
 *   folder: of the notebook, with its slash.
 *   embed: shows what may not stand in the page, in a place of the light tree.
 */
export function showPassive(html: string, host: HTMLElement, folder: string, embed: (place: HTMLElement, what: Embedded) => void): void {
  host.replaceChildren();
  const slotted = (place: HTMLElement, what: Embedded): void => {
    const slot = document.createElement("slot");
    slot.name = `part-${host.childElementCount}`;
    const light = document.createElement("div");
    light.slot = slot.name;
    place.replaceWith(slot);
    host.append(light);
    embed(light, what);
  };
  showHtml(html, host, outputSheet(), part => {
    const later = setAddresses(part, { attachments: {}, folder, saves: true, embed: slotted });
    const formulas = MAY_BE_FORMULA.test(part.textContent ?? "") ? placeFormulas(part, partsOf) : [];
    if (formulas.length === 0) return later;
    return [
      ...later,
      () => {
        for (const [place, { tex, display }] of formulas) setMath(tex, display, place);
        const root = host.shadowRoot;
        void mathSheet().then(sheet => root?.adoptedStyleSheets.push(sheet));
      },
    ];
  });
}
