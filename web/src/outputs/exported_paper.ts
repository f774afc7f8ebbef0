/**
 * Lays an exported document out for paper: nothing is wider than a sheet, and no figure is higher than one.
 *
 *     text, code           wraps (exported_paper.css), what goes on in a new line is indented
 *     tables               in parts with some of the columns each, below one another, where they would have to become very small; else smaller
 *     formulas             in several lines at their operators; else smaller
 *     figures, all else    smaller
 *
 * The style sheet of paper counts for print alone (`media="print"`). While a document is printed it counts everywhere, so that what is measured here is
 * what will be on the sheet: its width is a fixed one, whatever the window has. After printing all is as it was before.
 *
 * Source: HTML, "beforeprint"; CSS Viewport, `zoom` (lengths inside are those of the zoomed box).
 * Rejected: `transform: scale()` (the place that it takes stays as large as before); letting Chromium shrink the whole page (it makes all text small for one
 * wide table, and stops at half of the size).
 */
import { tableParts } from "./exported_tables.ts";

/** A figure is not higher than this: the smaller of A4 and Letter, without margins and without what stands above it. */
const HIGHEST_PX = 900;
/** Tables that would have to become smaller than this are taken apart, formulas get several lines. */
const SMALLEST = 0.7;
/** Elements of one document that are looked at. */
const MOST_ELEMENTS = 100_000;

const FIGURES = ".js-plotly-plot, .vega-embed, .jp-Mermaid, .jp-RenderedImage, .jp-RenderedSVG, img, svg, canvas, video, iframe";

const DRAWINGS = `:is(.jp-OutputArea-output, .jp-RenderedMarkdown) :is(.js-plotly-plot, svg, canvas)`;

const sheets = (): NodeListOf<HTMLStyleElement> => document.querySelectorAll("style[data-webipy-paper]");

/** What to do when the document is no longer on paper. */
let undo: (() => void)[] = [];
let isOnPaper = false;

function setStyle(element: HTMLElement | SVGElement, property: string, value: string): void {
  const { style } = element;
  const isNew = !element.hasAttribute("style");
  const before = style.getPropertyValue(property);
  const priority = style.getPropertyPriority(property);
  style.setProperty(property, value, "important");
  undo.push(() => {
    if (before === "") style.removeProperty(property);
    else style.setProperty(property, before, priority);
    if (isNew && element.getAttribute("style") === "") element.removeAttribute("style");
  });
}

// ---- what is closed, and what scrolls

function openAll(): void {
  for (const one of document.querySelectorAll("details:not([open])")) {
    if (one.closest(".vega-embed") !== null) continue;
    one.setAttribute("open", "");
    undo.push(() => one.removeAttribute("open"));
  }
}

/** Boxes that scroll show all that they hold. */
function unroll(boxes: readonly HTMLElement[]): void {
  const scrolls = (value: string): boolean => value === "auto" || value === "scroll";
  const found = boxes
    .flatMap(box => [box, ...box.querySelectorAll<HTMLElement>("div, pre, section, article, figure, details, p, table, tbody, ul, ol")])
    .slice(0, MOST_ELEMENTS)
    .filter(one => one.closest(FIGURES) === null)
    .map(one => [one, getComputedStyle(one)] as const)
    .filter(([, style]) => scrolls(style.overflowX) || scrolls(style.overflowY))
    .map(([one, style]) => [one, scrolls(style.overflowY) && one.scrollHeight > one.clientHeight + 1] as const);
  for (const [one, isHigh] of found) {
    setStyle(one, "overflow", "visible");
    if (!isHigh) continue;
    setStyle(one, "max-height", "none");
    setStyle(one, "height", "auto");
  }
}

// ---- what is too wide

/** The widths of a box: what there is, and what its content takes. */
const widths = (box: HTMLElement): readonly [there: number, taken: number] => [box.clientWidth, box.scrollWidth];

function shrink(box: HTMLElement, there: number, taken: number): void {
  if (there > 0 && taken > there + 1) setStyle(box, "zoom", String(there / taken));
}

/** The width that a table may have: that of the box around it. */
function widthFor(table: HTMLElement): number {
  const box = table.closest<HTMLElement>("li, td, blockquote, details, .jp-OutputArea-output, .jp-RenderedMarkdown, main, body");
  if (box === null) return 0;
  const style = getComputedStyle(box);
  const right = box.getBoundingClientRect().right - Number.parseFloat(style.paddingRight) - Number.parseFloat(style.borderRightWidth);
  return right - table.getBoundingClientRect().left;
}

/** A cell that takes more than half of a sheet without a place to break gets one everywhere. */
function breakCells(table: HTMLTableElement, there: number): void {
  const wide = [...table.querySelectorAll<HTMLTableCellElement>("th, td")].filter(cell => cell.offsetWidth > there / 2);
  for (const cell of wide) {
    if (cell.colSpan > 1 || cell.querySelector("table, img, svg, canvas, iframe") !== null) continue;
    setStyle(cell, "white-space", "pre-wrap");
    setStyle(cell, "overflow-wrap", "anywhere");
    setStyle(cell, "min-width", `${Math.floor(there / 3)}px`);
  }
}

function fitTable(table: HTMLTableElement): void {
  const there = widthFor(table);
  if (there <= 0 || table.offsetWidth <= there + 1) return;
  breakCells(table, there);
  if (table.offsetWidth <= there + 1) return;
  const pieces = there / table.offsetWidth < SMALLEST ? tableParts(table, there / SMALLEST) : [];
  if (pieces.length > 1) {
    table.after(...pieces);
    setStyle(table, "display", "none");
    undo.push(() => {
      for (const piece of pieces) piece.remove();
    });
  }
  const shown = pieces.length > 1 ? pieces : [table];
  const taken = Math.max(...shown.map(one => one.offsetWidth));
  for (const one of shown) shrink(one, there, taken);
}

function fitFormula(formula: HTMLElement): void {
  const [there, taken] = widths(formula);
  const line = formula.querySelector<HTMLElement>(":scope > .katex");
  const pieces = formula.querySelectorAll(":scope > .katex > .katex-html > .base"); // lines may end between them
  const widest = Math.max(0, ...[...pieces].map(one => one.getBoundingClientRect().width));
  if (there > 0 && there / taken < SMALLEST && line !== null && widest <= there) {
    setStyle(line, "white-space", "normal");
    setStyle(line, "line-height", "2.4"); // what stands high and low in one line keeps off the next
  }
  shrink(formula, there, formula.scrollWidth);
}

/** A drawing becomes as small as it must to stand on one sheet. */
function fitFigure(figure: HTMLElement | SVGSVGElement): void {
  const box = figure.parentElement?.closest<HTMLElement>("td, li, .jp-OutputArea-output, .jp-RenderedMarkdown");
  const { width, height } = figure.getBoundingClientRect();
  if (box == null || width <= 0) return;
  const share = Math.min(1, box.clientWidth / width, HIGHEST_PX / height);
  if (share < 1) setStyle(figure, "zoom", String(share));
}

// ---- the whole document

function toPaper(): void {
  if (isOnPaper) return;
  isOnPaper = true;
  for (const sheet of sheets()) {
    const before = sheet.media;
    sheet.media = "all";
    undo.push(() => {
      sheet.media = before;
    });
  }
  openAll();
  const boxes = [...document.querySelectorAll<HTMLElement>(".jp-OutputArea-output, .jp-RenderedMarkdown")];
  unroll(boxes);
  for (const formula of document.querySelectorAll<HTMLElement>(".katex-display, .math-picture.display")) fitFormula(formula);
  for (const table of document.querySelectorAll<HTMLTableElement>(":is(.jp-OutputArea-output, .jp-RenderedMarkdown) table"))
    if (table.parentElement?.closest("table") == null) fitTable(table);
  for (const figure of document.querySelectorAll<HTMLElement | SVGSVGElement>(DRAWINGS))
    if (figure.parentElement?.closest(`${DRAWINGS}, .katex, .math-picture`) == null) fitFigure(figure);
  for (const box of boxes) {
    const blocks = box.matches(".jp-RenderedMarkdown") ? [...box.children].filter(one => one instanceof HTMLElement) : [];
    for (const one of [...blocks, box]) shrink(one, ...widths(one));
  }
}

function fromPaper(): void {
  if (!isOnPaper) return;
  isOnPaper = false;
  for (const act of undo.reverse()) act();
  undo = [];
}

/**
 * Lays the document out when it is printed, and now when it is made for paper alone.
 *
 * Args:
 *   drawn: done when all that the document shows is there.
 */
export function fitOnPaper(drawn: () => Promise<void>): void {
  const media = matchMedia("print");
  const follow = (): void => (media.matches ? toPaper() : fromPaper());
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", () => media.matches || fromPaper());
  media.addEventListener("change", follow);
  const isForPaper = [...sheets()].some(sheet => sheet.media === "all");
  window.webipyPaper = drawn().then(() => {
    if (isForPaper) toPaper();
    else follow();
  });
}

declare global {
  interface Window {
    /** Done when the document is laid out for paper, where it is made for that. */
    webipyPaper: Promise<void>;
  }
}
