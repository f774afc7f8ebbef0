/**
 * Style sheets in texts (`<style>` in a Markdown cell). Their rules are given to the elements of the same text, as if each had them in its `style`: so they
 * reach nothing else, hold as long as the text is shown, and pass the same check (safe_style.ts).
 *
 * Of rules that meet in an element the one with the more particular selector counts, then the later one, as in any sheet. Conditions, animations and what
 * follows the pointer have no meaning here.
 *
 * Source: Selectors level 4, section 17 (specificity).
 * Rejected: a sheet of the document with `@scope` (it would outlive its text, and could give its elements any look of the page).
 */

/** The elements around a text in Jupyter, and the page: in front of a selector they mean the text. */
const AROUND = /^(?::root|html|body|div|\.jp-\w+|\.rendered_html|\.text_cell(?:_render)?|\.cell)(?:\.[\w-]+)*(?:\s*>\s*|\s+)(?=\S)/i;

/** What the sanitizer puts before ids. */
const ID_PREFIX = "user-content-";

/** A selector as it is meant inside of the text. */
function within(selector: string): string {
  let inner = selector.trim();
  for (let at = 0; at < MOST_AROUND; at++) inner = inner.replace(AROUND, "");
  return inner.replace(/#(?=[\w-])/g, `#${ID_PREFIX}`);
}
/** Elements around a text that a selector names. */
const MOST_AROUND = 4;
/** Selectors of one text; those after them are left out. */
const MOST_SELECTORS = 500;

/** How particular a selector is: names, then classes and their like, then elements. */
export function weightOf(selector: string): number {
  const count = (pattern: RegExp): number => selector.match(pattern)?.length ?? 0;
  return 10_000 * count(/#[\w-]/g) + 100 * count(/\.[\w-]|\[|(?<!:):[\w-]/g) + count(/(?:^|[\s>+~,(])[a-z]/gi);
}

/** The selectors of a list; commas in brackets are part of one. */
export function selectorsOf(list: string): string[] {
  const found = [""];
  let depth = 0;
  for (const sign of list) {
    if (sign === "(" || sign === "[") depth++;
    if (sign === ")" || sign === "]") depth--;
    if (sign === "," && depth === 0) found.push("");
    else found[found.length - 1] += sign;
  }
  return found;
}

interface Declared {
  readonly weight: number;
  readonly text: string;
}

function matching(part: ParentNode, selector: string): Iterable<Element> {
  try {
    return part.querySelectorAll(selector);
  } catch {
    return []; // a selector that only a whole page has
  }
}

/**
 * Gives the elements of a text what its style sheets say of them.
 *
 * Args:
 *   part: the text, in no document yet.
 *   sheets: the text of its style sheets.
 *   attribute: that holds the style of an element until it is checked and set.
 */
export function spreadSheets(part: ParentNode, sheets: string, attribute: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sheets);
  const found = new Map<Element, Declared[]>();
  let left = MOST_SELECTORS;
  for (const rule of sheet.cssRules) {
    if (!(rule instanceof CSSStyleRule)) continue;
    const selectors = selectorsOf(rule.selectorText).slice(0, left);
    left -= selectors.length;
    for (const selector of selectors)
      for (const element of matching(part, within(selector))) {
        const all = found.get(element) ?? [];
        all.push({ weight: weightOf(selector), text: rule.style.cssText });
        found.set(element, all);
      }
  }
  for (const [element, all] of found) {
    const texts = all.sort((one, other) => one.weight - other.weight).map(one => one.text);
    element.setAttribute(attribute, [...texts, element.getAttribute(attribute) ?? ""].join(" "));
  }
}
