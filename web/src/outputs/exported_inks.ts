/**
 * Text on a ground that the author of an output brings (a cell of a Styler, a box), in an exported document: black or white, whatever can be read on that
 * ground. So it can be read on a light screen, on a dark one and on paper, between which the document changes without being asked.
 */
import { inkOn } from "../model/ansi.ts";
import { rgbOf } from "./ink.ts";

const MOST_ELEMENTS = 5000;

/** Gives text in the page's own colour the ink that its ground needs. */
export function setInks(box: HTMLElement): void {
  const page = getComputedStyle(box).color;
  const grounds = [...box.querySelectorAll<HTMLElement>("*")].slice(0, MOST_ELEMENTS).flatMap(part => {
    const style = getComputedStyle(part);
    const ground = rgbOf(style.backgroundColor);
    return ground === null || style.color !== page ? [] : [[part, ground] as const];
  });
  for (const [part, ground] of grounds) part.style.color = inkOn(ground)[0] === 0 ? "black" : "white";
}
