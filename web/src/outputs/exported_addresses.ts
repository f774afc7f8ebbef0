/**
 * Addresses in a text of an exported document. A document may lie anywhere, and is read where there is no network and no server:
 *
 *     webipy-picture-3-             a picture that came along (webipy.converter.pictures): its content
 *     data:…, picture.png           as they are
 *     https://elsewhere/…           a link with the name of the server: nothing is loaded from there
 *     #heading                      a place in any text of the document, by the names that Jupyter and GitHub give headings
 */
import { decoded } from "../model/paths.ts";
import { r } from "../text/rich.ts";
import { slug } from "./heading_ids.ts";
import { liftSources } from "./media_sources.ts";
import { plainId } from "./scoped_ids.ts";

const WORD = /webipy-picture-(\d+)-/g;
const REMOTE = /^\s*(?:https?:)?\/\//i;
const XLINK = "http://www.w3.org/1999/xlink";

function linkTo(address: string, words: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = words;
  return link;
}

/** What would load something from elsewhere becomes a link; in a link, its words. */
function replaceRemote(element: Element, words: (host: string) => string): boolean {
  const source = element.getAttribute("src") ?? "";
  if (!REMOTE.test(source) || !URL.canParse(source, "https://x/")) return false;
  const { host, href } = new URL(source, "https://x/");
  element.replaceWith(element.closest("a") === null ? linkTo(href, words(host)) : words(host));
  return true;
}

const KINDS = { img: "picture", audio: "audio", video: "video" } as const;

/** Pictures of a document that lay beside it. */
export interface Beside {
  /** The addresses as they were written, by the numbers in the words. */
  readonly addresses: readonly string[];
  contentOf(number: number): string | null;
}

/**
 * Gives every address in a part of a document its meaning.
 *
 * Args:
 *   part: from the sanitizer, in no document yet.
 *   beside: pictures that came along.
 */
export function setExportedAddresses(part: DocumentFragment, beside: Beside): void {
  for (const image of part.querySelectorAll("img")) {
    const number = /^webipy-picture-(\d+)-$/.exec(image.getAttribute("src") ?? "")?.[1];
    const content = number === undefined ? null : beside.contentOf(Number(number));
    if (content !== null) image.setAttribute("src", content);
  }
  restoreWords(part, beside.addresses);
  for (const media of part.querySelectorAll<HTMLMediaElement>("audio, video")) liftSources(media);
  for (const element of part.querySelectorAll("img, audio, video")) {
    const kind = KINDS[element.localName as keyof typeof KINDS];
    replaceRemote(element, host => r.remoteFrom(kind, element.getAttribute("alt") ?? element.getAttribute("title") ?? "", host));
  }
  for (const frame of part.querySelectorAll("iframe")) if (!replaceRemote(frame, host => r.site(host))) frame.remove();
  for (const picture of part.querySelectorAll("image, feImage"))
    for (const [space, name] of [
      [null, "href"],
      [null, "xlink:href"],
      [XLINK, "href"],
    ] as const)
      if (REMOTE.test(picture.getAttributeNS(space, name) ?? "")) picture.removeAttributeNS(space, name);
}

/** Where a word stands that is no picture, as in code, what was written comes back. */
function restoreWords(part: DocumentFragment, addresses: readonly string[]): void {
  if (addresses.length === 0) return;
  const restored = (text: string): string => text.replace(WORD, (word, number: string) => addresses[Number(number)] ?? word);
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null) {
    const text = walker.currentNode as Text;
    if (text.data.includes("webipy-picture-")) text.data = restored(text.data);
  }
  for (const element of part.querySelectorAll("*"))
    for (const attribute of element.attributes)
      if (attribute.value.includes("webipy-picture-")) attribute.value = restored(attribute.value);
}

/** Headings get back the ids that Jupyter gives them, the first of a name its own, and links of texts lead to what they name. */
export function setPlaces(texts: readonly HTMLElement[]): void {
  for (const text of texts)
    for (const heading of text.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
      const plain = plainId(heading.id);
      if (plain !== "" && document.getElementById(plain) === null) heading.id = plain;
    }
  const places = texts.flatMap(text => [...text.querySelectorAll("[id], a[name]")]);
  const idOf = (place: Element): string => place.id || (place.getAttribute("name") ?? "");
  for (const link of texts.flatMap(text => [...text.querySelectorAll("a[href^='#']")])) {
    const wanted = decoded((link.getAttribute("href") ?? "").slice(1));
    if (wanted === "" || document.getElementById(wanted) !== null) continue;
    const place =
      places.find(one => plainId(idOf(one)) === wanted) ??
      places.find(one => /^H[1-6]$/.test(one.tagName) && slug(plainId(one.id)) === slug(wanted));
    if (place !== undefined) link.setAttribute("href", `#${encodeURIComponent(idOf(place))}`);
  }
}
