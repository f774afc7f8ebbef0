/** Fetches ink.ts when a picture or a text needs it. */
import { drawing } from "../ui/drawing.ts";
import { complain } from "../ui/notices.ts";

/** Gives a picture that has been loaded the ground that its ink can be seen on. */
export function giveGround(image: HTMLImageElement): void {
  void drawing(import("./ink.ts")).then(({ setGround }) => setGround(image), complain);
}

/**
 * Lets text be read in the colours and on the grounds that an output or a text brings.
 *
 * Args:
 *   markup: its source.
 *   root: what holds its parts, drawn in the page.
 *   host: the element of the page that has the colour of text.
 */
export function keepReadable(markup: string, root: HTMLElement | ShadowRoot, host: HTMLElement): void {
  if (!/color\b|background|<svg/i.test(markup)) return;
  void drawing(import("./ink.ts")).then(({ setInk }) => setInk(root, host), complain);
}
