/**
 * Pictures and cells that were made for one ground, seen on another: a figure without a ground of its own is dark ink on nothing, a box or a table cell that
 * somebody coloured has the text of the page. What can be seen is decided by what was drawn.
 *
 *     transparent picture, mostly dark ink     a light ground (class `light`)
 *     transparent picture, mostly light ink    a dark ground (class `dark`)
 *     any other                                none
 */
import { contrast, inkOn, legible, type Rgb } from "../model/ansi.ts";

const SIDE_PX = 32;
/** A picture with a smaller part of it open has a ground of its own. */
const LEAST_OPEN = 0.15;

/**
 * The ground that an image needs.
 *
 * Args:
 *   pixels: red, green, blue and opacity of each, 0 to 255.
 */
export function groundFor(pixels: Uint8ClampedArray): "light" | "dark" | null {
  let open = 0;
  let ink = 0;
  let light = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    const opacity = (pixels[at + 3] ?? 0) / 255;
    if (opacity < 0.9) open++;
    ink += opacity;
    light += (opacity * (0.2126 * (pixels[at] ?? 0) + 0.7152 * (pixels[at + 1] ?? 0) + 0.0722 * (pixels[at + 2] ?? 0))) / 255;
  }
  if (open < LEAST_OPEN * (pixels.length / 4) || ink === 0) return null;
  return light / ink > 0.6 ? "dark" : "light";
}

/** Gives a picture that has been loaded the ground that its ink needs. One of another origin stays as it is. */
export function setGround(image: HTMLImageElement): void {
  const canvas = document.createElement("canvas");
  canvas.width = SIDE_PX;
  canvas.height = SIDE_PX;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return;
  context.drawImage(image, 0, 0, SIDE_PX, SIDE_PX);
  const ground = groundFor(context.getImageData(0, 0, SIDE_PX, SIDE_PX).data);
  if (ground !== null) image.classList.add(ground);
}

const MOST_ELEMENTS = 5000;
/** The contrast from which text stays as its author wants it (WCAG 2.2, large text). */
const LEAST_CONTRAST = 3;
/** The grounds of the page: --paper of css/tokens.css. */
const PAPER: Readonly<Record<Scheme, Rgb>> = { light: [250, 249, 246], dark: [19, 21, 23] };
const SCHEMES = ["light", "dark"] as const;
type Scheme = (typeof SCHEMES)[number];

/** A colour as `getComputedStyle` says it; null for one that is more transparent than that. */
export const rgbOf = (text: string, leastOpacity = 0.6): Rgb | null => {
  const parts = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(text);
  if (parts === null || Number(parts[4] ?? 1) < leastOpacity) return null;
  return [Number(parts[1]), Number(parts[2]), Number(parts[3])];
};
const css = (rgb: Rgb): string => `rgb(${rgb.join(", ")})`;

/** What an element shows in one of the two themes. */
interface Look {
  readonly ink: Rgb | null;
  /** What the element itself stands on, where it brings that; `picture` when that is no colour. */
  readonly ground: Rgb | "picture" | null;
  readonly hasPageInk: boolean;
}

const holdsText = (part: Element): boolean =>
  [...part.childNodes].some(node => node.nodeType === Node.TEXT_NODE && (node.nodeValue ?? "").trim() !== "");

/** Looks at all parts as they are in one of the themes. */
function looks(parts: readonly HTMLElement[], host: HTMLElement, scheme: Scheme): Map<Element, Look> {
  host.style.colorScheme = scheme;
  const page = getComputedStyle(host).color;
  return new Map(
    parts.map(part => {
      const style = getComputedStyle(part);
      const colour = rgbOf(style.backgroundColor);
      const image = style.backgroundImage;
      const covers = image !== "none" && !/gradient\(.*(?:transparent|, 0\))/.test(image); // a bar in a cell leaves the rest open
      const ground = colour === null && covers ? "picture" : colour;
      return [part, { ink: rgbOf(style.color, 0.3), ground, hasPageInk: style.color === page }];
    }),
  );
}

/** What a part stands on: its own ground, that of what holds it, or the page. */
function groundOf(part: Element, seen: ReadonlyMap<Element, Look>, scheme: Scheme): Rgb | "picture" {
  for (let at: Element | null = part; at !== null; at = at.parentElement) {
    const ground = seen.get(at)?.ground ?? null;
    if (ground !== null) return ground;
  }
  return PAPER[scheme];
}

/** The ink that a part needs in one theme; null when its own can be read. */
function neededInk(part: Element, seen: ReadonlyMap<Element, Look>, scheme: Scheme): Rgb | null {
  const look = seen.get(part);
  const ground = groundOf(part, seen, scheme);
  if (look === undefined || look.ink === null || ground === "picture") return null;
  if (look.hasPageInk) return look.ground === null ? null : inkOn(ground);
  return contrast(look.ink, ground) < LEAST_CONTRAST ? legible(look.ink, ground) : null;
}

/** A drawing in the text that was made for a light ground, with dark words or lines on nothing, gets one. */
function setDrawingGround(drawing: SVGSVGElement): void {
  if (drawing.getBoundingClientRect().width < 40) return; // a sign in a line of text
  const dark = [...drawing.querySelectorAll("text, line, path, polyline, polygon, rect, circle, ellipse")]
    .slice(0, MOST_ELEMENTS)
    .some(part => {
      const { fill, stroke } = getComputedStyle(part);
      return [fill, stroke].some(colour => {
        const rgb = rgbOf(colour);
        return rgb !== null && contrast(rgb, PAPER.dark) < 2;
      });
    });
  if (dark) drawing.classList.add("light");
}

/**
 * Lets everything be read in both themes. Text in the colour of the page, on a ground that an output or a text brings, becomes black or white; text in a
 * colour that cannot be told from what it stands on is moved towards black or white, in that theme alone.
 *
 * Args:
 *   root: what holds the parts, drawn in the page.
 *   host: the element of the page that has the colour of text.
 */
export function setInk(root: HTMLElement | ShadowRoot, host: HTMLElement): void {
  const coloured = root instanceof ShadowRoot || root.querySelector("[class]") !== null ? "*" : "[style], [bgcolor], [color]";
  const parts = [...root.querySelectorAll<HTMLElement>(coloured)]
    .filter(part => part.closest("svg, .katex, .math-picture") === null)
    .slice(0, MOST_ELEMENTS);
  const before = host.style.colorScheme;
  const light = looks(parts, host, "light");
  const dark = looks(parts, host, "dark");
  if (root instanceof ShadowRoot)
    for (const drawing of root.querySelectorAll<SVGSVGElement>("svg:not(.math-picture *)")) setDrawingGround(drawing);
  host.style.colorScheme = before;
  if (host.getAttribute("style") === "") host.removeAttribute("style");
  for (const part of parts) {
    const own = light.get(part);
    if (own === undefined || (!holdsText(part) && !(own.hasPageInk && own.ground !== null))) continue;
    const inks = [neededInk(part, light, "light"), neededInk(part, dark, "dark")] as const;
    if (inks[0] === null && inks[1] === null) continue;
    const [day, night] = [inks[0] ?? own.ink, inks[1] ?? dark.get(part)?.ink ?? null];
    if (day === null || night === null) continue;
    const ink = css(day) === css(night) ? css(day) : `light-dark(${css(day)}, ${css(night)})`;
    part.style.setProperty("color", ink, "important");
  }
}
