/**
 * The graphic rendition of terminal text (ECMA-48 SGR): colours and weights as small frozen values.
 *
 * Styles are interned: equal renditions are the same number, so that a line of text can carry them as integers. Style 0 is plain.
 */

/** A colour: one of the 256 of a terminal palette, or 24 bits of red, green and blue. */
export type Colour = { readonly palette: number } | { readonly rgb: readonly [number, number, number] };

export interface Style {
  readonly fg: Colour | null;
  readonly bg: Colour | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
  readonly hidden: boolean;
  readonly strike: boolean;
  /** The address that the text leads to (OSC 8), or null. */
  readonly link: string | null;
}

export const PLAIN: Style = {
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  hidden: false,
  strike: false,
  link: null,
};

/** More styles than this are not kept apart: a program that makes a million colours would fill the memory. */
const MAX_STYLES = 65_536;
const styles: Style[] = [PLAIN];
const numbers = new Map<string, number>([[JSON.stringify(PLAIN), 0]]);

/** The number of a style. */
export function intern(style: Style): number {
  const key = JSON.stringify(style);
  const known = numbers.get(key);
  if (known !== undefined) return known;
  if (styles.length >= MAX_STYLES) return 0;
  styles.push(style);
  numbers.set(key, styles.length - 1);
  return styles.length - 1;
}

/** The style of a number that `intern` gave. */
export function styleOf(number: number): Style {
  return styles[number] ?? PLAIN;
}

const FLAGS: Readonly<Record<number, Partial<Style>>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  8: { hidden: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  28: { hidden: false },
  29: { strike: false },
  39: { fg: null },
  49: { bg: null },
};

const byte = (value: number | undefined): number => Math.min(255, Math.max(0, value ?? 0));

/** Reads the colour after 38 or 48 at `codes[at]`: returns it and how many codes it used. */
function extended(codes: readonly number[], at: number): [Colour | null, number] {
  if (codes[at] === 5) return [{ palette: byte(codes[at + 1]) }, 2];
  if (codes[at] === 2) return [{ rgb: [byte(codes[at + 1]), byte(codes[at + 2]), byte(codes[at + 3])] }, 4];
  return [null, 1];
}

function simpleColour(code: number): Partial<Style> | null {
  if (code >= 30 && code <= 37) return { fg: { palette: code - 30 } };
  if (code >= 90 && code <= 97) return { fg: { palette: code - 82 } };
  if (code >= 40 && code <= 47) return { bg: { palette: code - 40 } };
  if (code >= 100 && code <= 107) return { bg: { palette: code - 92 } };
  return null;
}

/** The style after the parameters of one SGR sequence (`1;31`, `38;5;208`, `38:2::255:0:0`, empty for a reset). */
export function rendition(before: number, parameters: string): number {
  const codes = parameters
    .replace(/([34]8):2:[0-9]*:/g, "$1;2;")
    .split(/[;:]/)
    .map(Number);
  let style = styleOf(before);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) style = { ...PLAIN, link: style.link };
    else if (code === 38 || code === 48) {
      const [colour, taken] = extended(codes, at + 1);
      style = code === 38 ? { ...style, fg: colour } : { ...style, bg: colour };
      at += taken;
    } else style = { ...style, ...(FLAGS[code] ?? simpleColour(code)) };
  }
  return intern(style);
}

/** Longer addresses are none: each is kept for as long as the page. */
const MOST_LINK = 2048;

/**
 * The style after a link begins or ends: `parameters;address`, and an empty address ends it. Addresses of the web and of mail are links, others
 * plain text.
 *
 * Args:
 *   before: the style until here.
 *   content: what stands in the sequence behind `8;`.
 *
 * Source: "Hyperlinks in terminal emulators" (OSC 8).
 */
export function linked(before: number, content: string): number {
  const address = content.slice(content.indexOf(";") + 1);
  const link = /^(?:https?:\/\/|mailto:)/i.test(address) && address.length <= MOST_LINK ? address : null;
  return intern({ ...styleOf(before), link });
}

const LEVELS = [0, 95, 135, 175, 215, 255];

/** The 24-bit value of palette colours 16 to 255 (the cube and the greys of xterm); null for the 16 that the theme decides. */
export function paletteRgb(index: number): [number, number, number] | null {
  if (index < 16) return null;
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return [grey, grey, grey];
  }
  const cube = index - 16;
  return [LEVELS[Math.floor(cube / 36)] ?? 0, LEVELS[Math.floor(cube / 6) % 6] ?? 0, LEVELS[cube % 6] ?? 0];
}

export type Rgb = readonly [number, number, number];

/** The relative luminance of a colour (WCAG 2.2). */
function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map(part => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours (WCAG 2.2), 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Black or white, whatever can be read better on a ground. */
export function inkOn(ground: Rgb): Rgb {
  return contrast([0, 0, 0], ground) >= contrast([255, 255, 255], ground) ? [0, 0, 0] : [255, 255, 255];
}

const LEGIBLE = 4.5;
const STEPS = 20;

/** The colour, moved towards black or white as far as it must be to be read on that ground. */
export function legible(colour: Rgb, ground: Rgb): Rgb {
  const end = luminance(ground) > 0.18 ? 0 : 255;
  for (let step = 0; step <= STEPS; step++) {
    const moved = colour.map(part => Math.round(part + ((end - part) * step) / STEPS)) as [number, number, number];
    if (contrast(moved, ground) >= LEGIBLE) return moved;
  }
  return [end, end, end];
}
