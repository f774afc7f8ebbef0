/** Paints terminal lines: text nodes and class names; colours outside of the theme's 16 are set through CSSOM, which the page's policy allows. */
import { type Colour, legible, paletteRgb, type Rgb, styleOf } from "../model/ansi.ts";
import { type Line, linesOf } from "../model/lines.ts";

/** Characters of one line that are painted; the rest is counted and can be copied. A browser lays out megabytes on one line for seconds. */
export const MOST_CHARACTERS = 20_000;

/** The grounds that text stands on in the two themes, those with the least contrast: the marked line of a traceback (css/cells.css, .tb-line). */
const LIGHT: Rgb = [247, 222, 219];
const DARK: Rgb = [67, 37, 36];

const rgbOf = (colour: Colour | null): Rgb | null => (colour === null ? null : "rgb" in colour ? colour.rgb : paletteRgb(colour.palette));
const css = (rgb: Rgb): string => `rgb(${rgb.join(",")})`;

/** The colours that the theme decides are classes; others are made legible on whatever they stand on. */
function paintColours(element: HTMLElement, front: Colour | null, back: Colour | null): void {
  const [rgb, ground] = [rgbOf(front), rgbOf(back)];
  if (front !== null && rgb === null && "palette" in front) element.classList.add(`af${front.palette}`);
  if (back !== null && ground === null && "palette" in back) element.classList.add(`ab${back.palette}`);
  if (ground !== null) {
    element.style.backgroundColor = css(ground);
    if (rgb !== null || front === null) element.style.color = css(legible(rgb ?? ground, ground));
  } else if (rgb !== null) element.style.color = `light-dark(${css(legible(rgb, LIGHT))}, ${css(legible(rgb, DARK))})`;
}

function paintMark(text: string, number: number): HTMLElement {
  const style = styleOf(number);
  const element = document.createElement("span");
  element.textContent = text;
  if (style.inverse && style.fg === null && style.bg === null) element.classList.add("a-inv");
  else if (style.inverse) paintColours(element, style.bg, style.fg);
  else paintColours(element, style.fg, style.bg);
  for (const name of ["bold", "dim", "italic", "underline", "strike", "hidden"] as const)
    if (style[name]) element.classList.add(`a-${name}`);
  return element;
}

/** Appends the part `from` to `to` of a line (UTF-16 units) to an element. */
export function paintLine(line: Line, into: Node, from = 0, to = line.text.length): void {
  let at = from;
  for (const mark of line.marks ?? []) {
    const a = Math.max(mark.from, from);
    const b = Math.min(mark.to, to);
    if (a >= b) continue;
    if (a > at) into.appendChild(document.createTextNode(line.text.slice(at, a)));
    into.appendChild(paintMark(line.text.slice(a, b), mark.style));
    at = b;
  }
  if (at < to) into.appendChild(document.createTextNode(line.text.slice(at, to)));
}

/** A fragment with the whole text, its lines joined by line feeds. */
export function paintText(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  linesOf(text).forEach((line, at) => {
    if (at > 0) fragment.appendChild(document.createTextNode("\n"));
    paintLine(line, fragment);
  });
  return fragment;
}

/** The text without its escape sequences, as a person would copy it. */
export function plainText(text: string): string {
  return linesOf(text)
    .map(line => line.text)
    .join("\n");
}
