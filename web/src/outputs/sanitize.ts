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
 */
import DOMPurify from "dompurify";

const ACTIVE =
  /<\s*(script|iframe|frame|object|embed|applet|form|input|button|select|textarea|audio|video|canvas|dialog|portal|link|meta|base)\b/i;
/** A picture that lies elsewhere: the sealed frame asks before it loads it. */
const REMOTE = /<(?:img|source|image)\b[^<>]{0,2000}?\b(?:src|srcset|href)\s*=\s*["']?\s*(?:https?:)?\/\//i;
const RUNNABLE_TAGS = new Set(["script", "iframe", "frame", "object", "embed", "applet", "form", "link", "meta", "base", "portal"]);

const OUTPUT = {
  RETURN_DOM_FRAGMENT: true,
  FORCE_BODY: true,
  SANITIZE_NAMED_PROPS: true,
  ADD_ATTR: ["target"],
  FORBID_TAGS: ["style", "form", "input", "button", "select", "textarea", "option", "dialog", "audio", "video"],
  FORBID_ATTR: ["style", "srcset", "ping", "popover", "popovertarget", "command", "commandfor"],
} as const;

const MARKDOWN = { ...OUTPUT, FORBID_ATTR: [...OUTPUT.FORBID_ATTR, "data-webipy-style"] };

type Config = Parameters<typeof DOMPurify.sanitize>[1];

/** The rules that DOMPurify has now. Handed over with each text, it would read them anew each time, for longer than a short text takes. */
let rules: unknown = null;

function clean(markup: string, config: unknown): DocumentFragment {
  if (rules !== config) DOMPurify.setConfig(config as Config);
  rules = config;
  return DOMPurify.sanitize(markup) as unknown as DocumentFragment;
}

/** Whether this HTML has to be shown in the sealed frame. */
export function isActive(html: string): boolean {
  if (ACTIVE.test(html) || REMOTE.test(html) || html.match(START_TAG)?.some(tag => HANDLER.test(tag)) === true) return true;
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

const STYLE_NAME = "data-webipy-style";
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

/** Shows passive HTML in a shadow root, which keeps its styles from the page and the page's from it. */
export function showHtml(html: string, host: HTMLElement, ownStyle: CSSStyleSheet): void {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const { markup, sheets } = separate(html);
  const fragment = clean(markup, OUTPUT);
  tameLinks(fragment);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sheets);
  root.adoptedStyleSheets = [ownStyle, sheet];
  root.replaceChildren(fragment);
  setStyles(root);
}

/** Tags that the browser reports as soon as they are parsed, and that no text needs; what is inside of them stays as text. */
const REPORTED = /<\/?(?:style|base|link|meta)\b[^>]*>?/gi;

/** Sanitised markdown output, as a fragment without styles and forms. */
export function markdownFragment(html: string): DocumentFragment {
  const fragment = clean(separate(html).markup.replace(REPORTED, ""), MARKDOWN);
  tameLinks(fragment);
  return fragment;
}
