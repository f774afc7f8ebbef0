/**
 * Ids in a text. They stand in the page's own document, where two texts may use the same one and a name may be one that the page uses: each text
 * gets a prefix for them, and what refers to an id inside of the text follows.
 *
 *     id="g", name="g"                          user-content-7-g
 *     fill="url(#g)", <use href="#g">           url(#user-content-7-g), #user-content-7-g
 *     aria-labelledby="a b", headers, for       each id of them
 *     <a href="#g">                             as it is: a link may go to any text of the notebook (fragments.ts)
 *
 * Source: HTML, "ID references"; SVG 2, section 16.1 (URL references).
 */

/** DOMPurify has put it before every id and name already. */
const PREFIX = "user-content-";
const LISTS = ["for", "headers", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details", "itemref"];
const URL_REFERENCE = /url\(\s{0,99}(["']?)#([^"'()\s]*)\1\s{0,99}\)/gi;
const XLINK = "http://www.w3.org/1999/xlink";

let texts = 0;

/** A prefix for the ids that are made for a text, which no other text has. */
export const newPrefix = (): string => `${PREFIX}${++texts}-`;

/** The id that its author wrote. */
export const plainId = (id: string): string => id.replace(/^user-content-(?:\d+-)?/, "");

function scopeAttributes(element: Element, scoped: (id: string) => string): void {
  for (const attribute of element.attributes) {
    const { name, value } = attribute;
    if (name === "id" || name === "name") attribute.value = scoped(plainId(value));
    else if (LISTS.includes(name)) attribute.value = value.split(/\s+/).filter(Boolean).map(scoped).join(" ");
    else if (value.includes("#")) {
      if (/url\(/i.test(value))
        attribute.value = value.replace(URL_REFERENCE, (_, quote: string, id: string) => `url(${quote}#${scoped(id)}${quote})`);
      const isReference =
        name === "usemap" || ((name === "href" || attribute.namespaceURI === XLINK || name === "xlink:href") && element.localName !== "a");
      if (isReference && value.startsWith("#")) attribute.value = `#${scoped(value.slice(1))}`;
    }
  }
}

/** Gives the ids in a text a prefix of their own. The fragment comes from DOMPurify, with its prefix. */
export function scopeIds(fragment: DocumentFragment): void {
  const prefix = newPrefix();
  if (fragment.querySelector("[id], [name]") === null) return;
  for (const element of fragment.querySelectorAll("*")) scopeAttributes(element, id => prefix + id);
}
