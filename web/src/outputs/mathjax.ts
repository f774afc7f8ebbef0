/**
 * Formulas that KaTeX cannot read, by MathJax. It builds its picture as text, without a document; that text passes the sanitizer as every markup does.
 *
 * Rejected: MathJax in the page (it writes style elements and attributes, which the page's policy refuses, and loads its fonts by itself).
 */

import { MathJaxTexFont } from "@mathjax/mathjax-tex-font/mjs/svg.js";
import { liteAdaptor } from "@mathjax/src/mjs/adaptors/liteAdaptor.js";
import { RegisterHTMLHandler } from "@mathjax/src/mjs/handlers/html.js";
import "@mathjax/src/mjs/input/tex/amscd/AmsCdConfiguration.js";
import "@mathjax/src/mjs/input/tex/ams/AmsConfiguration.js";
import "@mathjax/src/mjs/input/tex/base/BaseConfiguration.js";
import "@mathjax/src/mjs/input/tex/bbox/BboxConfiguration.js";
import "@mathjax/src/mjs/input/tex/boldsymbol/BoldsymbolConfiguration.js";
import "@mathjax/src/mjs/input/tex/braket/BraketConfiguration.js";
import "@mathjax/src/mjs/input/tex/bussproofs/BussproofsConfiguration.js";
import "@mathjax/src/mjs/input/tex/cancel/CancelConfiguration.js";
import "@mathjax/src/mjs/input/tex/cases/CasesConfiguration.js";
import "@mathjax/src/mjs/input/tex/centernot/CenternotConfiguration.js";
import "@mathjax/src/mjs/input/tex/color/ColorConfiguration.js";
import "@mathjax/src/mjs/input/tex/empheq/EmpheqConfiguration.js";
import "@mathjax/src/mjs/input/tex/enclose/EncloseConfiguration.js";
import "@mathjax/src/mjs/input/tex/extpfeil/ExtpfeilConfiguration.js";
import "@mathjax/src/mjs/input/tex/gensymb/GensymbConfiguration.js";
import "@mathjax/src/mjs/input/tex/html/HtmlConfiguration.js";
import "@mathjax/src/mjs/input/tex/mathtools/MathtoolsConfiguration.js";
import "@mathjax/src/mjs/input/tex/mhchem/MhchemConfiguration.js";
import "@mathjax/src/mjs/input/tex/newcommand/NewcommandConfiguration.js";
import "@mathjax/src/mjs/input/tex/noundefined/NoUndefinedConfiguration.js";
import "@mathjax/src/mjs/input/tex/physics/PhysicsConfiguration.js";
import "@mathjax/src/mjs/input/tex/textcomp/TextcompConfiguration.js";
import "@mathjax/src/mjs/input/tex/textmacros/TextMacrosConfiguration.js";
import "@mathjax/src/mjs/input/tex/unicode/UnicodeConfiguration.js";
import "@mathjax/src/mjs/input/tex/upgreek/UpgreekConfiguration.js";
import { TeX } from "@mathjax/src/mjs/input/tex.js";
import { mathjax } from "@mathjax/src/mjs/mathjax.js";
import { SVG } from "@mathjax/src/mjs/output/svg.js";
import { reachByKeys } from "../ui/scrolled_boxes.ts";
import { markdownFragment } from "./sanitize.ts";

const USUAL = (
  "base ams amscd bbox boldsymbol braket bussproofs cancel cases centernot color empheq enclose extpfeil gensymb html mathtools " +
  "mhchem newcommand textcomp textmacros unicode upgreek"
).split(" ");
/**
 * Tried one after the other. Physics gives some of the usual commands another meaning; the last shows an unknown command in red, between the others.
 */
const PACKAGES: readonly (readonly string[])[] = [USUAL, [...USUAL, "physics"], [...USUAL, "noundefined"]];

/** The width that a formula may take, in `em`: the longest line of a text. */
const WIDTH_EM = 42;
const EM_PX = 16;

/** The gaps where a formula in the line may be broken, by the number that MathJax gives them. */
const GAPS_EM = [0, 0.111, 0.167, 0.222, 0.278, 0.333];

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);

/** The picture of a formula as markup. Throws what MathJax says against it. */
function svgOf(source: string, display: boolean, room: number, packages: readonly string[]): string {
  const formatError = (_: unknown, error: Error): never => {
    throw error;
  };
  const settings = { packages: [...packages], formatError, maxMacros: 1000, maxBuffer: 50_000 };
  const page = mathjax.document("", {
    InputJax: new TeX(settings),
    OutputJax: new SVG({ fontData: MathJaxTexFont, fontCache: "none" }),
  });
  const made: unknown = page.convert(source, { display, em: EM_PX, ex: EM_PX / 2, containerWidth: room * EM_PX });
  const markup = adaptor.innerHTML(made as Parameters<typeof adaptor.innerHTML>[0]);
  return markup
    .replaceAll('class="mjx-dashed"', 'stroke-dasharray="140"')
    .replaceAll('class="mjx-dotted"', 'stroke-linecap="round" stroke-dasharray="0,140"');
}

/** Draws the lines of tables and frames, which MathJax leaves to a style sheet of its own. */
function drawLines(picture: SVGElement): void {
  for (const line of picture.querySelectorAll("line[data-line], rect[data-frame]")) {
    line.setAttribute("stroke-width", "70");
    line.setAttribute("fill", "none");
  }
  for (const part of picture.querySelectorAll("svg")) part.setAttribute("overflow", "visible");
}

/** How wide a formula may be in a place, in `em` as MathJax counts it: two of the `ex` that its pictures are measured in. */
function roomIn(place: HTMLElement): number {
  const probe = document.createElement("span");
  probe.style.cssText = "display: inline-block; width: 10ex";
  place.replaceChildren(probe);
  const em = probe.offsetWidth / 5;
  const room = place.closest<HTMLElement>(".md, .html")?.clientWidth ?? 0;
  return em > 0 && room > 0 ? Math.min(WIDTH_EM, room / em) : WIDTH_EM;
}

/** A formula that takes all the room there is becomes smaller with it. */
function fitRoom(picture: SVGElement): void {
  if (picture.querySelector("[data-width-includes-label]") === null) return;
  picture.style.maxWidth = "100%";
  picture.style.height = "auto";
}

/** The picture by the first packages that can make it. Throws what MathJax says at last. */
function firstSvg(source: string, display: boolean, room: number): string {
  let refusal: unknown;
  for (const packages of PACKAGES) {
    try {
      return svgOf(source, display, room, packages);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

/** Names a link by the characters that are drawn in it. */
function nameLink(link: Element): void {
  const drawn = [...link.querySelectorAll("[data-c]")].map(one =>
    String.fromCodePoint(Number.parseInt(one.getAttribute("data-c") ?? "", 16) || 32),
  );
  link.setAttribute("aria-label", drawn.join("").trim() || (link.getAttribute("href") ?? ""));
}

/**
 * Shows a formula as a picture; one in the line as several, between which the line may be broken. Rejects when MathJax cannot read it.
 *
 * Args:
 *   definitions: the commands of the notebook, as TeX.
 *   tex: the formula, without delimiters.
 *   display: whether it stands on lines of its own.
 *   into: the place for it.
 */
export async function showSvg(definitions: string, tex: string, display: boolean, into: HTMLElement): Promise<void> {
  const svg = firstSvg(definitions + tex, display, roomIn(into));
  const pictures = [...markdownFragment(svg).children].filter(one => one instanceof SVGSVGElement);
  if (pictures.length === 0) throw new Error("no picture was made");
  const gaps = [...svg.matchAll(/<mjx-break size="(\d)"/g)].map(([, size]) => GAPS_EM[Number(size)] ?? 0);
  const aligns = [...svg.matchAll(/<svg [^>]*?vertical-align:\s*(-?[\d.]+ex)/g)].map(([, align = ""]) => align);
  const box = document.createElement("span");
  box.className = display ? "math-picture display" : "math-picture";
  const links = pictures.flatMap(picture => [...picture.querySelectorAll("a")]);
  for (const link of links) nameLink(link);
  if (links.length === 0) {
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", tex);
  }
  for (const [at, picture] of pictures.entries()) {
    drawLines(picture);
    fitRoom(picture);
    picture.removeAttribute("role");
    if (links.length === 0) picture.setAttribute("aria-hidden", "true");
    picture.style.verticalAlign = aligns[at] ?? "";
    if (at > 0) {
      picture.style.marginLeft = `${gaps[at - 1] ?? 0}em`;
      box.append(document.createElement("wbr"));
    }
    box.append(picture);
  }
  into.replaceChildren(box);
  if (display) reachByKeys(box, tex);
}
