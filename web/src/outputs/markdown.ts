/**
 * Markdown cells and outputs: marked makes HTML, sanitize.ts makes it harmless, KaTeX sets the formulas.
 *
 * Formulas are taken out before marked sees the text (it would read their underscores as emphasis) and set afterwards into the elements that keep
 * their places. KaTeX is loaded when the first formula is met.
 */
import { Marked, type TokenizerAndRendererExtension } from "marked";
import { map } from "../model/json.ts";
import { formText } from "../model/mime.ts";
import { fileAddress, showPicture } from "../rpc/http.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { setMath } from "./math.ts";
import { markdownFragment } from "./sanitize.ts";

interface Formula {
  readonly tex: string;
  readonly display: boolean;
}

const DISPLAY =
  /^\$\$([\s\S]+?)\$\$|^\\\[([\s\S]+?)\\\]|^(\\begin\{(equation|align|gather|multline|eqnarray|alignat|cases|matrix|pmatrix|bmatrix)(\*?)\}[\s\S]+?\\end\{\4\5\})/;
const INLINE = /^\$(?!\s)((?:\\.|[^$\\])+?)(?<!\s)\$(?!\d)|^\\\(([\s\S]+?)\\\)/;

/** Where the next formula may begin. A block must begin a line, or it would cut paragraphs in two. */
const starts = {
  block: (text: string): number => {
    const at = text.search(/\n(?:\$\$|\\\[|\\begin\{)/);
    return at < 0 ? at : at + 1;
  },
  inline: (text: string): number => text.search(/\$|\\\(|\\\[|\\begin\{/),
};

function extension(formulas: Formula[]): TokenizerAndRendererExtension[] {
  const place = (tex: string, display: boolean): string => `<span data-tex="${formulas.push({ tex, display }) - 1}"></span>`;
  const rule = (name: string, level: "block" | "inline", pattern: RegExp, display: boolean): TokenizerAndRendererExtension => ({
    name,
    level,
    start: (text: string) => {
      const at = starts[level](text);
      return at < 0 ? undefined : at;
    },
    tokenizer: (text: string) => {
      const match = pattern.exec(text);
      return match === null ? undefined : { type: name, raw: match[0], tex: match[1] ?? match[2] ?? match[3] ?? "" };
    },
    renderer: token => (level === "block" ? `<p>${place(String(token.tex), display)}</p>` : place(String(token.tex), display)),
  });
  return [
    rule("displayMath", "block", DISPLAY, true),
    rule("displayMathInline", "inline", DISPLAY, true),
    rule("inlineMath", "inline", INLINE, false),
  ];
}

/** A picture that lies on another server. */
export interface Picture {
  readonly address: string;
  readonly alt: string;
}

/** Where the pictures of a text are: its own attachments, the folder that relative paths start from, and who shows those of other servers. */
export interface Surroundings {
  readonly attachments: JsonMap;
  readonly folder: string;
  remote?(place: HTMLElement, picture: Picture): void;
}

/** The address of a picture: an attachment as its bytes, a relative path as a file below the root. */
function pictureAddress(href: string, { attachments, folder }: Surroundings): string {
  if (href.startsWith("attachment:")) {
    const bundle = map(attachments[decoded(href.slice("attachment:".length))]);
    const type = Object.keys(bundle).find(one => one.startsWith("image/"));
    return type === undefined ? href : `data:${type};base64,${formText(bundle, type).replace(/\s+/g, "")}`;
  }
  if (/^([a-z][a-z0-9+.-]*:|\/|#)/i.test(href) || href === "") return href;
  const parts: string[] = [];
  for (const part of `${folder}${decoded(href)}`.split("/"))
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  return `${fileAddress(parts.join("/"))}?inline=1`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that is just one
  }
}

/** Takes the pictures of other servers out, before they can be loaded; gives their places. One in a link stands behind it. */
function remotePictures(fragment: DocumentFragment): [HTMLElement, Picture][] {
  const found: [HTMLElement, Picture][] = [];
  for (const image of fragment.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    const address = /^(https?:)?\/\//i.test(source) && URL.canParse(source, location.href) ? new URL(source, location.href) : null;
    if (address === null || address.origin === location.origin) continue;
    const place = document.createElement("span");
    const link = image.closest("a");
    if (link === null) image.replaceWith(place);
    else {
      image.replaceWith(image.alt);
      link.after(" ", place);
    }
    found.push([place, { address: address.href, alt: image.alt }]);
  }
  return found;
}

/** Takes the addresses of this server's pictures out, which the browser cannot load by itself; gives them. */
function ownPictures(fragment: DocumentFragment): [HTMLImageElement, string][] {
  const found: [HTMLImageElement, string][] = [];
  for (const image of fragment.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    const address = URL.canParse(source, location.href) ? new URL(source, location.href) : null;
    if (address === null || address.origin !== location.origin || !/^https?:$/.test(address.protocol)) continue;
    image.removeAttribute("src");
    found.push([image, address.pathname + address.search]);
  }
  return found;
}

/** Shows markdown in an element. The formulas of it come when KaTeX is there. */
export function showMarkdown(source: string, into: HTMLElement, surroundings: Surroundings = { attachments: {}, folder: "" }): void {
  const formulas: Formula[] = [];
  const marked = new Marked({ gfm: true, async: false, extensions: extension(formulas) });
  marked.use({
    walkTokens: token => {
      if (token.type === "image") token.href = pictureAddress(String(token.href), surroundings);
    },
  });
  const fragment = markdownFragment(marked.parse(source, { async: false }));
  const places = [...fragment.querySelectorAll<HTMLElement>("span[data-tex]")];
  for (const table of fragment.querySelectorAll("table")) table.classList.add("df");
  const remote = remotePictures(fragment);
  const own = ownPictures(fragment);
  into.replaceChildren(fragment);
  for (const [image, address] of own) void showPicture(image, address);
  for (const code of into.querySelectorAll<HTMLElement>("pre > code:is(.language-python, .language-py, .language-python3)"))
    void import("../ui/highlight.ts").then(({ paintPython }) => paintPython(code.textContent ?? "", code));
  for (const [place, picture] of remote) surroundings.remote?.(place, picture);
  for (const place of places) {
    const formula = formulas[Number(place.dataset.tex)];
    if (formula !== undefined) void setMath(formula.tex, formula.display, place);
  }
}

/** Shows text/latex: formulas between dollars, or a bare environment; other text stays as it is. */
export function showLatex(source: string, into: HTMLElement): void {
  const text = source.trim();
  const display = /^\$\$([\s\S]+)\$\$$|^\\\[([\s\S]+)\\\]$/.exec(text);
  const inline = /^\$([^$]+)\$$|^\\\(([\s\S]+)\\\)$/.exec(text);
  const environment = /^\\begin\{[\s\S]+\}$/.test(text);
  if (display !== null || inline !== null || environment) {
    const tex = display?.[1] ?? display?.[2] ?? inline?.[1] ?? inline?.[2] ?? text;
    into.replaceChildren();
    void setMath(tex.replace(/^\\displaystyle\s*/, ""), true, into);
  } else showMarkdown(source, into);
}
