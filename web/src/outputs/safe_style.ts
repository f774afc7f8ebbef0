/**
 * The styles that a text may give its own parts: colours, type, boxes. None that lets it leave its place, load something or follow the pointer.
 * Set through CSSOM, which the page's policy allows.
 */
const SAFE =
  /^(?:color|background-color|opacity|font(?:-.*)?|text-(?:align|decoration|indent|transform|shadow|wrap)(?:-.*)?|line-height|letter-spacing|word-(?:spacing|break)|white-space(?:-.*)?|overflow-wrap|direction|unicode-bidi|vertical-align|border(?:-.*)?|padding(?:-.*)?|margin(?:-.*)?|(?:min-|max-)?(?:width|height)|inline-size|block-size|display|float|clear|flex(?:-.*)?|justify-(?:content|items|self)|align-(?:content|items|self)|(?:row-|column-)?gap|grid(?:-.*)?|columns?(?:-.*)?|list-style-(?:type|position)|table-layout|caption-side|box-sizing|object-fit|aspect-ratio|writing-mode|overflow(?:-[xy])?|fill(?:-.*)?|stroke(?:-.*)?|tab-size|quotes)$/;
/** Pictures that are made of colours alone. */
const GRADIENT = /^(?:(?:repeating-)?(?:linear|radial|conic)-gradient\([\w\s#%.,()+*/-]*\)(?:,\s*)?)+$/i;
const UNSAFE_VALUE = /url|image|expression|element|attr|env|var|\\/i;

/** Whether a text may set a property to a value, both as the browser serializes them. */
export function isSafe(property: string, value: string): boolean {
  if (property === "background-image") return GRADIENT.test(value) && !UNSAFE_VALUE.test(value);
  if (!SAFE.test(property) || property.includes("image") || UNSAFE_VALUE.test(value)) return false;
  return !(property.startsWith("margin") && /(?:^|[^\w.])-\s*[\d.]/.test(value)); // no box over another one
}

/** Gives an element the styles of a text that are safe. */
export function setSafeStyle(element: HTMLElement | SVGElement, text: string): void {
  const { style } = element;
  style.cssText = text;
  for (const property of [...style]) if (!isSafe(property, style.getPropertyValue(property))) style.removeProperty(property);
  if (element.getAttribute("style") === "") element.removeAttribute("style");
}
