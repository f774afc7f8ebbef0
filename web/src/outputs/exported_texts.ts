/**
 * Runs inside an exported document: shows its Markdown and formulas as the page shows them, and lays it out for paper.
 *
 *     <script type="application/json" data-webipy-text>"…"</script><noscript>…</noscript>
 *
 * stands where a text is to be: its source as JSON, and nbconvert's rendering of it for a reader without scripts. That rendering also brings what is
 * not made here: the colours of fenced code, and the pictures that came along. It is read as a document that loads and runs nothing.
 *
 * Built three times: without formulas, with KaTeX, and with MathJax, too, for formulas that KaTeX cannot read.
 *
 * Rejected: running this when the document is made (the server has no browser for each, and node is not on a user's machine); a second Markdown in
 * Python that imitates this one (it would lag behind).
 */

import { allDrawn, drawing } from "../ui/drawing.ts";
import { type Beside, setExportedAddresses, setPlaces } from "./exported_addresses.ts";
import { setInks } from "./exported_inks.ts";
import { fitOnPaper } from "./exported_paper.ts";
import { footnotes } from "./footnotes.ts";
import { setGround } from "./ink.ts";
import { type Code, markedText, onlyFormula } from "./markdown_parts.ts";
import { placeFormulas, setMath } from "./math.ts";
import { parts } from "./math_source.ts";

declare global {
  interface Window {
    /** Done when all texts are shown, but for their formulas. */
    webipyTexts: Promise<void>;
    /** Done when all formulas are set, too: whoever prints the document waits for that. */
    webipyFormulas: Promise<void>;
    /** Done when all charts are drawn; set by webipy.converter.figures where there are some. */
    webipyDrawn?: Promise<void>;
  }
}

// ---- texts

const jsonIn = (element: Element | null): unknown => (element === null ? null : JSON.parse(element.textContent ?? "null"));

/** Pictures by the numbers of their words: the first rendering that has one is enough for all texts. */
const pictures = new Map<number, string>();

function besideOf(renderings: readonly (() => Document)[]): Beside {
  const listed = jsonIn(document.getElementById("webipy-beside"));
  let isRead = false;
  return {
    addresses: Array.isArray(listed) ? listed.map(String) : [],
    contentOf(number) {
      if (!isRead)
        for (const rendering of renderings)
          for (const image of rendering().querySelectorAll<HTMLImageElement>("img[data-webipy-beside]"))
            pictures.set(Number(image.dataset.webipyBeside), image.getAttribute("src") ?? "");
      isRead = true;
      return pictures.get(number) ?? null;
    },
  };
}

/** Code in colours, as nbconvert's rendering has it; a diagram where something draws it. */
function setCode(codes: readonly Code[], rendering: () => Document): void {
  for (const { element, language, source } of codes) {
    if (language === "mermaid") {
      const box = document.createElement("div");
      const place = document.createElement("pre");
      box.className = "jp-Mermaid";
      place.className = "mermaid";
      place.textContent = source;
      box.append(place);
      element.parentElement?.replaceWith(box);
      continue;
    }
    const coloured = [...rendering().querySelectorAll(".highlight pre")].find(one => one.textContent?.trim() === source.trim());
    if (coloured === undefined) continue;
    element.replaceChildren(...[...coloured.childNodes].map(node => document.importNode(node, true)));
    element.classList.add("highlight");
  }
}

interface Source {
  readonly host: HTMLElement;
  readonly source: string;
  rendering(): Document;
}

function textsOf(): Source[] {
  return [...document.querySelectorAll("script[data-webipy-text]")].flatMap(script => {
    const host = script.parentElement;
    if (host === null) return [];
    const markup = script.nextElementSibling?.localName === "noscript" ? (script.nextElementSibling.textContent ?? "") : "";
    let read: Document | null = null;
    const rendering = (): Document => {
      read ??= new DOMParser().parseFromString(markup, "text/html");
      return read;
    };
    return [{ host, source: String(jsonIn(script)), rendering }];
  });
}

function showText(source: string, host: HTMLElement, beside: Beside, rendering: () => Document): void {
  const { part, formulas } = markedText(
    source,
    (part, codes) => {
      setCode(codes, rendering);
      setExportedAddresses(part, beside);
    },
    footnotes(),
  );
  host.replaceChildren(part);
  for (const [place, { tex, display }] of formulas) setMath(tex, display, place);
}

function showTexts(): void {
  const texts = textsOf();
  const beside = besideOf(texts.map(one => one.rendering));
  for (const { host, source, rendering } of texts) showText(source, host, beside, rendering);
  const none = (): Document => document.implementation.createHTMLDocument();
  for (const host of document.querySelectorAll<HTMLElement>(".jp-RenderedLatex")) {
    const source = host.textContent ?? "";
    const tex = onlyFormula(source);
    if (tex === null) showText(source, host, beside, none);
    else {
      host.replaceChildren();
      setMath(tex, true, host);
    }
  }
  setPlaces(texts.map(one => one.host));
}

// ---- HTML

const PLAIN = "code, pre, script, style, textarea, svg, .jp-RenderedMarkdown, .tex2jax_ignore, .mathjax_ignore";
const isPlain = (text: Text): boolean => text.parentElement?.closest(PLAIN) != null;

/** Formulas in HTML outputs. */
function setFormulas(): void {
  for (const element of document.querySelectorAll(".jp-RenderedHTML"))
    for (const [place, { tex, display }] of placeFormulas(element, text => (isPlain(text) ? [text.data] : parts(text.data, false))))
      setMath(tex, display, place);
}

/** Pictures without a ground of their own get one, texts on a ground of their own the ink that can be read on it. */
async function setGrounds(): Promise<void> {
  const images = [...document.querySelectorAll<HTMLImageElement>(".jp-RenderedImage img, .jp-RenderedSVG img, .jp-RenderedMarkdown img")];
  for (const image of images) {
    if (/jp-needs-/.test(image.className) || /^data:image\/jpeg/.test(image.src) || !image.src.startsWith("data:")) continue;
    const isThere = await image.decode().then(
      () => true,
      () => false,
    );
    if (isThere) setGround(image);
  }
  for (const box of document.querySelectorAll<HTMLElement>(".jp-RenderedHTMLCommon"))
    if (/background|bgcolor/i.test(box.innerHTML)) setInks(box);
}

// ---- when

const whole = new Promise<void>(resolve => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => resolve());
  else resolve();
});

window.webipyTexts = whole.then(showTexts);
window.webipyFormulas = window.webipyTexts.then(setFormulas).then(allDrawn);
void drawing(window.webipyTexts.then(setGrounds));
void window.webipyFormulas.then(() => {
  const place = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  place?.scrollIntoView();
});
fitOnPaper(async () => {
  await window.webipyFormulas;
  await window.webipyDrawn;
});
