/** Paints terminal lines: text nodes and class names; colours outside of the theme's 16 are set through CSSOM, which the page's policy allows. */
import { type Colour, inkOn, legible, paletteRgb, type Rgb, styleOf } from "../model/ansi.ts";
import { type Line, linesOf } from "../model/lines.ts";

/** Characters of one line that are painted; the rest is counted and can be copied. A browser lays out megabytes on one line for seconds. */
export const MOST_CHARACTERS = 20_000;

/** The grounds that text stands on in the two themes, those with the least contrast: the marked line of a traceback (css/cells.css, .tb-line). */
const LIGHT: Rgb = [247, 222, 219];
const DARK: Rgb = [67, 37, 36];

const rgbOf = (colour: Colour | null): Rgb | null => (colour === null ? null : "rgb" in colour ? colour.rgb : paletteRgb(colour.palette));
const css = (rgb: Rgb): string => `rgb(${rgb.join(",")})`;

/** What the sixteen colours that the theme decides are where it does not: on a ground that a program chose among others (those of xterm). */
const USUAL = "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff".split(" ");

const usualRgb = (colour: Colour): Rgb => {
  const value = Number.parseInt("palette" in colour ? (USUAL[colour.palette] ?? "0") : "0", 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};

const inBothThemes = (rgb: Rgb): string => `light-dark(${css(legible(rgb, LIGHT))}, ${css(legible(rgb, DARK))})`;

/** The colours that the theme decides are classes; others are made legible on whatever they stand on. */
function paintColours(element: HTMLElement, front: Colour | null, back: Colour | null): void {
  const [rgb, ground] = [rgbOf(front), rgbOf(back)];
  if (front !== null && rgb === null && "palette" in front && ground === null) element.classList.add(`af${front.palette}`);
  const onTheme = back !== null && ground === null && "palette" in back;
  if (onTheme) element.classList.add(`ab${back.palette}`, "a-on");
  if (ground !== null) {
    element.style.backgroundColor = css(ground);
    element.style.color = css(front === null ? inkOn(ground) : legible(rgb ?? usualRgb(front), ground));
  } else if (rgb !== null) element.style.setProperty(onTheme ? "--front" : "color", inBothThemes(rgb));
}

/** An address of the web in a text; a sentence's own signs at its end are none of it. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u2502]*[^\s<>"'`\u2502.,;:!?)\]}*]/gi;

function linkTo(address: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

/** Appends text; the addresses in it are links. */
function appendText(text: string, into: Node): void {
  if (!text.includes("://")) {
    into.appendChild(document.createTextNode(text));
    return;
  }
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    if (match.index > at) into.appendChild(document.createTextNode(text.slice(at, match.index)));
    const link = linkTo(match[0]);
    link.textContent = match[0];
    into.appendChild(link);
    at = match.index + match[0].length;
  }
  if (at < text.length) into.appendChild(document.createTextNode(text.slice(at)));
}

function paintMark(text: string, number: number): HTMLElement {
  const style = styleOf(number);
  const element = style.link === null ? document.createElement("span") : linkTo(style.link);
  if (style.link === null) appendText(text, element);
  else element.textContent = text;
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
    if (a > at) appendText(line.text.slice(at, a), into);
    into.appendChild(paintMark(line.text.slice(a, b), mark.style));
    at = b;
  }
  if (at < to) appendText(line.text.slice(at, to), into);
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

/**
 * Makes an element hold these nodes. Those that it holds already stay, and a text that only grew grows: what a person has selected stays selected.
 *
 * Args:
 *   element: what holds them.
 *   fresh: what it is to hold; the nodes that are needed are taken out of it.
 */
export function repaint(element: HTMLElement, fresh: ParentNode): void {
  const nodes = [...fresh.childNodes];
  let at = 0;
  for (; at < nodes.length; at++) {
    const [old, now] = [element.childNodes[at], nodes[at]];
    if (old === undefined || now === undefined) break;
    if (old.isEqualNode(now)) continue;
    if (!(old instanceof Text && now instanceof Text && now.data.startsWith(old.data))) break;
    old.appendData(now.data.slice(old.data.length));
  }
  while (element.childNodes.length > at) element.lastChild?.remove();
  element.append(...nodes.slice(at));
}

/** Whether text is selected in an element. */
export function holdsSelection(element: Element | null): boolean {
  const selection = getSelection();
  return element !== null && selection !== null && !selection.isCollapsed && selection.containsNode(element, true);
}
