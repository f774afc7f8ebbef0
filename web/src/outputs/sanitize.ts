/**
 * The only place where text becomes HTML. Everything passes DOMPurify and comes out as a fragment: no string of markup ever reaches the
 * document, so the page needs no Trusted Types policy besides DOMPurify's own.
 *
 * Output is shown in the page only when it is passive. `isActive` is true when DOMPurify took out something that could run or send, or when the
 * markup has a part that only makes sense alive (frames, forms, media); then the sealed frame shows it instead.
 *
 * Browsers report styles and event handlers in markup as violations of the page's policy as soon as they are parsed, in whatever document. So
 * `separate` takes them out of the text first: `style` attributes under another name, to be set through CSSOM; the text of `<style>` elements
 * into a constructed sheet of the shadow root that shows the output. That reading of the markup is only for looks: whatever it misses, DOMPurify still cleans.
 *
 * Ids: those of an output stand in its shadow root, where no name reaches the page, and stay as they are. Those of a text stand in the page; each text
 * gets a prefix of its own for them, and references follow (scoped_ids.ts).
 */
import DOMPurify from "dompurify";
import { scopeIds } from "./scoped_ids.ts";
import { confine } from "./style_sheets.ts";
import { spreadSheets } from "./text_styles.ts";

const ACTIVE = /<\s*(script|frame|object|embed|applet|form|input|button|select|textarea|canvas|dialog|portal|link|meta|base)\b/i;
/** A frame of a file below the root or of a page of another server, which is shown in a frame of its own. */
const FRAMES = /<\s*iframe\b[^<>]*>/gi;
const PAGE_FRAME = /^(?![^>]*\bsrcdoc\b)[^>]*\bsrc\s*=\s*["']?\s*(?:https:\/\/|(?![a-z][a-z0-9+.-]*:|\/\/))[^"'\s>]/i;
/** A picture that lies elsewhere: the sealed frame asks before it loads it. */
const REMOTE = /<(?:img|source|image|feimage|audio|video|track)\b[^<>]{0,2000}?\b(?:src|srcset|href)\s*=\s*["']?\s*(?:https?:)?\/\//i;
/** A style that would load something from elsewhere. Imports and fonts have no meaning in a shadow root. */
const HAS_STYLE = /<style\b|\bstyle\s*=/i;
const REMOTE_STYLE = /url\(\s{0,99}["']?\s{0,99}(?:https?:)?\/\//i;
const withoutImports = (html: string): string => html.replace(/@import\b[^;<@]*;|@font-face\s*\{[^}@]*\}/gi, "");
const RUNNABLE_TAGS = new Set(["script", "frame", "object", "embed", "applet", "form", "link", "meta", "base", "portal"]);

const OUTPUT = {
  RETURN_DOM_FRAGMENT: true,
  FORCE_BODY: true,
  SANITIZE_DOM: false,
  SANITIZE_NAMED_PROPS: false,
  ADD_TAGS: ["use", "iframe"],
  ADD_ATTR: ["target"],
  FORBID_TAGS: ["style", "form", "input", "button", "select", "textarea", "option", "dialog"],
  FORBID_ATTR: ["style", "srcset", "ping", "popover", "popovertarget", "command", "commandfor", "srcdoc", "autoplay"],
} as const;

/** The schemes that DOMPurify lets through, and the one of attachments. */
const SCHEMES = /^(?:(?:(?:f|ht)tps?|mailto|tel|callto|sms|cid|xmpp|matrix|attachment):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i;
const MARKDOWN = {
  ...OUTPUT,
  ALLOWED_URI_REGEXP: SCHEMES,
  SANITIZE_DOM: true,
  SANITIZE_NAMED_PROPS: true,
};

type Config = Parameters<typeof DOMPurify.sanitize>[1];

/** The rules that DOMPurify has now. Handed over with each text, it would read them anew each time, for longer than a short text takes. */
let rules: unknown = null;

function clean(markup: string, config: unknown): DocumentFragment {
  if (rules !== config) DOMPurify.setConfig(config as Config);
  rules = config;
  const fragment = DOMPurify.sanitize(markup) as unknown as DocumentFragment;
  for (const use of fragment.querySelectorAll("use")) if (!refersInside(use)) use.remove();
  return fragment;
}

/** Whether an SVG `use` shows a part of its own output; other documents are not let in. */
function refersInside(use: Element): boolean {
  const links = [use.getAttribute("href"), use.getAttributeNS("http://www.w3.org/1999/xlink", "href"), use.getAttribute("xlink:href")];
  return links.every(link => link === null || link.startsWith("#"));
}

/** Whether this HTML has to be shown in the sealed frame. */
export function isActive(html: string): boolean {
  if (ACTIVE.test(html) || REMOTE.test(html) || html.match(START_TAG)?.some(tag => HANDLER.test(tag)) === true) return true;
  if (
    html.match(FRAMES)?.some(frame => !PAGE_FRAME.test(frame)) === true ||
    (HAS_STYLE.test(html) && REMOTE_STYLE.test(withoutImports(html)))
  )
    return true;
  clean(separate(html).markup, OUTPUT);
  return DOMPurify.removed.some(removed => {
    if ("element" in removed && removed.element !== undefined) return RUNNABLE_TAGS.has(removed.element.nodeName.toLowerCase());
    const attribute = "attribute" in removed ? removed.attribute : null;
    if (attribute === null || attribute === undefined) return false;
    return attribute.name.startsWith("on") || /^\s*(javascript|vbscript|data):/i.test(attribute.value);
  });
}

/** Links open in another tab, without a way back. */
function tameLinks(fragment: DocumentFragment): void {
  for (const link of fragment.querySelectorAll("a[href]")) {
    if (link.getAttribute("href")?.startsWith("#") === true) continue;
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer");
  }
}

/** The attribute that holds a style until it is set through CSSOM. */
export const STYLE_NAME = "data-webipy-style";
/** Bounded, so that hostile markup cannot make the search slow. */
const START_TAG = /<[a-zA-Z][^\s/<>]*(?:[^<>"']|"[^"]*"|'[^']*'){0,500}>/g;
/** Begins where a name does, so that each name is looked at once. */
const ATTRIBUTE = /(?<![^\s"'<>/=])([^\s"'<>/=]+)(\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))/g;

/** Takes `<style>` elements out, in one walk through the text. */
function withoutSheets(html: string): { bare: string; sheets: string[] } {
  const sheets: string[] = [];
  let bare = "";
  let at = 0;
  const begin = /<style\b[^<>]*>/gi;
  const end = /<\/style\s*>/gi;
  for (let match = begin.exec(html); match !== null; match = begin.exec(html)) {
    end.lastIndex = begin.lastIndex;
    const close = end.exec(html);
    if (close === null) break;
    sheets.push(html.slice(begin.lastIndex, close.index));
    bare += html.slice(at, match.index);
    at = end.lastIndex;
    begin.lastIndex = at;
  }
  return { bare: bare + html.slice(at), sheets };
}

const HANDLER = /[\s"'/]on[a-z]+\s*=/i;

/** The markup without styles and event handlers, and the text of its style sheets. */
export function separate(html: string): { markup: string; sheets: string } {
  const { bare, sheets } = withoutSheets(html);
  const markup = bare.replace(START_TAG, tag =>
    tag.replace(ATTRIBUTE, (whole, name: string, value: string) => {
      if (/^on/i.test(name)) return "";
      return name.toLowerCase() === "style" ? STYLE_NAME + value : whole;
    }),
  );
  return { markup, sheets: sheets.join("\n") };
}

/** Sets through CSSOM what `separate` put aside. */
function setStyles(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement | SVGElement>(`[${STYLE_NAME}]`)) {
    element.style.cssText = element.getAttribute(STYLE_NAME) ?? "";
    element.removeAttribute(STYLE_NAME);
  }
}

/**
 * Shows passive HTML in a shadow root, which keeps its styles from the page and the page's from it.
 *
 * Args:
 *   html: the output.
 *   host: gets the shadow root, if it has none yet.
 *   ownStyle: the sheet for outputs.
 *   dress: is given the elements before they are put in; what it returns is called when they are there.
 */
export function showHtml(
  html: string,
  host: HTMLElement,
  ownStyle: CSSStyleSheet,
  dress: (part: DocumentFragment) => (() => void)[],
): void {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const { markup, sheets } = separate(html);
  const fragment = clean(markup, OUTPUT);
  tameLinks(fragment);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sheets);
  confine(sheet);
  root.adoptedStyleSheets = [ownStyle, sheet];
  setStyles(fragment);
  const later = dress(fragment);
  const top = document.createElement("div");
  top.className = "output_html rendered_html jp-RenderedHTMLCommon"; // the names that outputs know from other front ends
  top.append(fragment);
  root.replaceChildren(top);
  for (const act of later) act();
}

/** Tags that the browser reports as soon as they are parsed, and that no text needs; what is inside of them stays as text. */
const REPORTED = /<\/?(?:style|base|link|meta)\b[^>]*>?/gi;

/** The classes that a text may use: any other one could make it look like a part of the page, or lay it over the page. */
const TEXT_CLASS = /^(?:language-\S+|alert|alert-(?:info|success|warning|danger)|footnotes|sr-only)$/;

function keepTextClasses(fragment: DocumentFragment): void {
  for (const element of fragment.querySelectorAll("[class]")) {
    const kept = [...element.classList].filter(name => TEXT_CLASS.test(name));
    if (kept.length > 0) element.setAttribute("class", kept.join(" "));
    else element.removeAttribute("class");
  }
}

/** Sanitised markdown output, as a fragment without style sheets and forms, and with those classes only that texts have. */
export function markdownFragment(html: string): DocumentFragment {
  const { markup, sheets } = separate(html);
  const fragment = clean(markup.replace(REPORTED, ""), MARKDOWN);
  if (sheets.trim() !== "") spreadSheets(fragment, sheets, STYLE_NAME);
  keepTextClasses(fragment);
  tameLinks(fragment);
  scopeIds(fragment);
  return fragment;
}
