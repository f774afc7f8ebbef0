/**
 * Addresses in a part of a document, before it is put into the page: each means what addresses.ts says. Links to notebooks open them here, those to
 * files show or save them; pictures, sound and film of this server are fetched with the key of the login, those of others are taken out and given to
 * who asks for them; frames are taken out and given to who seals them.
 */

import { HOST } from "../frame/protocol.ts";
import { map } from "../model/json.ts";
import { formText } from "../model/mime.ts";
import { inside } from "../rpc/base_url.ts";
import { ask, fileAddress, save, showPicture, ticketed } from "../rpc/http.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { isViewable, openPath } from "../session/file_links.ts";
import { open } from "../session/open_session.ts";
import { fileViewAddress, homeAddress, notebookAddress } from "../session/route.ts";
import { complain } from "../ui/notices.ts";
import { type Address, addressOf } from "./addresses.ts";
import { awaitPlace, goToPlace } from "./fragments.ts";
import { giveGround } from "./grounds.ts";
import { liftSources } from "./media_sources.ts";

/** What does not stand in the page itself: something of another server, or what runs. */
export type Embedded =
  | { readonly kind: "picture" | "audio" | "video"; readonly address: string; readonly alt: string }
  | { readonly kind: "frame"; readonly markup: string }
  | { readonly kind: "page"; readonly path: string; readonly size: Size }
  | { readonly kind: "site"; readonly address: string; readonly size: Size }
  | { readonly kind: "diagram"; readonly source: string };

/** As a frame gives it: pixels, or a share of what is there (`100%`). */
export interface Size {
  readonly width: string | null;
  readonly height: string | null;
}

/** Where a text or an output stands. */
export interface Surroundings {
  readonly attachments: JsonMap;
  /** Of the notebook, with its slash. */
  readonly folder: string;
  /** Whether a click on a file saves it: in outputs. In texts it opens the page of the file. */
  readonly saves?: boolean;
  embed?(place: HTMLElement, what: Embedded): void;
}

/** Something to do when the part stands in the page. */
type Later = () => void;

/** More than this is not fetched whole before it is played. */
const MOST_MEDIA_BYTES = 64 * 1024 * 1024;
const NEAR = "600px";

function contentOf(attachments: JsonMap, name: string): { readonly type: string; readonly address: string } | null {
  const bundle = map(attachments[name]);
  const type = Object.keys(bundle).find(one => /^(?:image|audio|video)\/|^application\/pdf$|^text\//.test(one));
  if (type === undefined) return null;
  const text = formText(bundle, type).replace(/\s+/g, "");
  return { type, address: `data:${type};base64,${text}` };
}

const shownAddress = (path: string): string => `${fileAddress(path)}?inline=1`;

// ---- links

/** Opens a notebook at a place. The one that is open stays as it is. */
async function followNotebook(path: string, fragment: string, hash: string): Promise<void> {
  if (open.value?.store.model.file?.path === path) return goToPlace(fragment);
  await openPath(path, hash);
  awaitPlace(fragment);
}

function setLink(link: HTMLAnchorElement | SVGAElement, address: Address, { attachments, saves = false }: Surroundings): void {
  const lead = (href: string, act: (() => unknown) | null): void => {
    link.setAttribute("href", href);
    if (act === null) return;
    link.addEventListener("click", event => {
      if (!(event instanceof MouseEvent) || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      act();
    });
  };
  if (address.kind === "fragment") {
    link.removeAttribute("target");
    lead(`#${encodeURIComponent(address.id)}`, () => goToPlace(address.id));
  } else if (address.kind === "attachment") {
    const content = contentOf(attachments, address.name);
    if (content === null) return;
    link.setAttribute("download", address.name);
    lead(content.address, null);
  } else if (address.kind === "file") {
    const { path, fragment } = address;
    const hash = fragment === "" ? "" : `#${encodeURIComponent(fragment)}`;
    const name = path.split("/").at(-1) ?? "";
    if (path.endsWith("/")) lead(homeAddress(path.slice(0, -1)), null);
    else if (/\.ipynb$/i.test(path) && !link.hasAttribute("download"))
      lead(notebookAddress(path) + hash, () => followNotebook(path, fragment, hash));
    else if (!saves && !link.hasAttribute("download") && isViewable(name)) lead(fileViewAddress(path), null);
    else lead(inside(fileAddress(path)), () => save(fileAddress(path), name).catch(complain));
  }
}

// ---- what is shown in place

/** Fetches sound or film when it comes near the screen. */
function loadNear(element: HTMLMediaElement, path: string): void {
  const fetchIt = async (): Promise<void> => {
    const response = await ask(fileAddress(path));
    if (!response.ok) return;
    const large = Number(response.headers.get("content-length") ?? 0) > MOST_MEDIA_BYTES;
    if (large) await response.body?.cancel();
    element.src = large ? await ticketed(shownAddress(path)) : URL.createObjectURL(await response.blob());
  };
  const watch = new IntersectionObserver(
    entries => {
      if (!entries.some(one => one.isIntersecting)) return;
      watch.disconnect();
      fetchIt().catch(complain);
    },
    { rootMargin: NEAR },
  );
  watch.observe(element);
}

/** Takes something out; its place is left. In a link, the place stands behind it. */
function placeFor(element: Element, alt: string): HTMLElement {
  const place = document.createElement("span");
  const link = element.closest("a");
  if (link === null) element.replaceWith(place);
  else {
    element.replaceWith(alt);
    link.after(" ", place);
  }
  return place;
}

/** A picture without a ground of its own gets one that it can be seen on. */
function watchInk(element: HTMLElement): void {
  if (element instanceof HTMLImageElement) element.addEventListener("load", () => giveGround(element), { once: true });
}

function setSource(element: HTMLElement, surroundings: Surroundings): Later | null {
  const source = element.getAttribute("src") ?? "";
  const address = addressOf(source, surroundings.folder, location.origin);
  const alt = element.getAttribute("alt") ?? element.getAttribute("title") ?? "";
  const kind = element.localName === "img" ? "picture" : element.localName === "audio" ? "audio" : "video";
  if (address.kind === "remote") {
    const place = placeFor(element, alt);
    return () => surroundings.embed?.(place, { kind, address: address.url.href, alt });
  }
  if (address.kind === "attachment") {
    const content = contentOf(surroundings.attachments, address.name);
    if (content === null) element.removeAttribute("src");
    else {
      watchInk(element);
      element.setAttribute("src", content.address);
    }
  } else if (address.kind === "file") {
    element.removeAttribute("src");
    if (element instanceof HTMLMediaElement) return () => loadNear(element, address.path);
    watchInk(element);
    return () => void showPicture(element as HTMLImageElement, shownAddress(address.path));
  } else if (address.kind !== "content") element.removeAttribute("src");
  return null;
}

function setFrame(frame: Element, surroundings: Surroundings): Later {
  const address = addressOf(frame.getAttribute("src") ?? "", surroundings.folder, location.origin);
  const place = document.createElement("span");
  place.className = "embedded";
  const markup = frame.outerHTML;
  const size = { width: frame.getAttribute("width"), height: frame.getAttribute("height") };
  frame.replaceWith(place);
  if (address.kind === "file") return () => surroundings.embed?.(place, { kind: "page", path: address.path, size });
  if (address.kind === "remote" && address.url.protocol === "https:" && HOST.test(address.url.host))
    return () => surroundings.embed?.(place, { kind: "site", address: address.url.href, size });
  return () => surroundings.embed?.(place, { kind: "frame", markup });
}

/**
 * Gives every address in a part of a document its meaning. No frame and nothing of another server is left in it.
 *
 * Args:
 *   part: from the sanitizer, in no document yet.
 *   surroundings: where it will stand.
 *
 * Returns:
 *   What to do when it stands there.
 */
export function setAddresses(part: DocumentFragment, surroundings: Surroundings): Later[] {
  const later: Later[] = [];
  for (const frame of part.querySelectorAll("iframe")) later.push(setFrame(frame, surroundings));
  for (const media of part.querySelectorAll<HTMLMediaElement>("audio, video")) {
    liftSources(media);
    media.preload = "metadata";
  }
  for (const element of part.querySelectorAll<HTMLElement>("img, audio, video")) {
    const act = setSource(element, surroundings);
    if (act !== null) later.push(act);
  }
  for (const picture of part.querySelectorAll("image, feImage"))
    for (const name of ["href", "xlink:href"]) {
      const kind = addressOf(picture.getAttribute(name) ?? "#", "", location.origin).kind;
      if (kind !== "content" && kind !== "fragment") picture.removeAttribute(name);
    }
  for (const link of part.querySelectorAll<HTMLAnchorElement | SVGAElement>("a")) {
    const href = link.getAttribute("href") ?? link.getAttribute("xlink:href");
    if (href !== null) setLink(link, addressOf(href, surroundings.folder, location.origin), surroundings);
  }
  return later;
}
