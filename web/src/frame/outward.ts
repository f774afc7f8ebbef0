/**
 * What an output asks of the browser besides its place on the screen: files to save, other pages, dialogs. The sandbox has none of them
 * (`allow-downloads` and `allow-modals` need no click: a file would be saved, a question in this server's name asked, as soon as an output is looked at;
 * a window that is opened is a way out).
 *
 *     <a download>          ──► the page, which asks the person
 *     <a href>, open()      ──► the page, which opens a tab after a click, or asks
 *     alert(text)           ──► a line under the output
 *     confirm(), prompt()   ──► the same, answered with no
 */
import { runLink } from "./inline.ts";

export interface Outward {
  save(name: string, content: Blob): void;
  /** A link was followed: its address as it is written, and what it reads. */
  open(address: string, text: string): void;
  say(line: string): void;
}

const blobs = new Map<string, Blob>();

/** What is at an address that the output has made itself; null for all others. */
function contentOf(address: string): Blob | null {
  const held = blobs.get(address);
  if (held !== undefined) return held;
  const parts = /^data:([^,;]*)((?:;[^,]*)?),(.*)$/s.exec(address);
  if (parts === null) return null;
  const [, type = "", options = "", text = ""] = parts;
  try {
    const plain = decodeURIComponent(text);
    return new Blob([/;\s*base64\s*$/i.test(options) ? Uint8Array.from(atob(plain), one => one.charCodeAt(0)) : plain], { type });
  } catch {
    return null; // neither base64 nor text
  }
}

function keepBlobs(): void {
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = object => {
    const address = createObjectURL.call(URL, object);
    if (object instanceof Blob) blobs.set(address, object);
    return address;
  };
  URL.revokeObjectURL = address => {
    blobs.delete(address);
    revokeObjectURL.call(URL, address);
  };
}

type Link = HTMLAnchorElement | HTMLAreaElement | SVGAElement;

const isLink = (one: EventTarget): one is Link =>
  (one instanceof HTMLAnchorElement || one instanceof HTMLAreaElement || one instanceof SVGAElement) && writtenIn(one) !== "";

const writtenIn = (link: Link): string => (link.getAttribute("href") ?? link.getAttribute("xlink:href") ?? "").trim();

export function watchOutward({ save, open, say }: Outward): void {
  const offer = (address: string, name: string): void => {
    const content = contentOf(address);
    if (content === null) say(`The file at ${address} was not fetched: output has no network.`);
    else save(name, content);
  };
  /** Follows a link; false for one to a place in the same document, which the browser follows. */
  const follow = (link: Link): boolean => {
    const written = writtenIn(link);
    if (link instanceof HTMLAnchorElement && link.protocol === "javascript:") runLink(link);
    else if (link.hasAttribute("download") || contentOf(written) !== null)
      offer(link instanceof SVGAElement ? written : link.href, link.getAttribute("download") ?? "");
    else if (written.startsWith("#")) return false;
    else open(written, (link.textContent || link.getAttribute("aria-label") || "").trim().slice(0, 200));
    return true;
  };
  keepBlobs();
  const clicked = (event: MouseEvent): void => {
    const link = event.composedPath().find(isLink);
    if (event.defaultPrevented || link === undefined || event.button > 1) return;
    if (follow(link)) event.preventDefault();
  };
  addEventListener("click", clicked);
  addEventListener("auxclick", clicked);
  // a link that stands in no document is clicked by code alone, and no listener gets the event
  const { click } = HTMLElement.prototype;
  const { dispatchEvent } = EventTarget.prototype;
  const isLoose = (link: HTMLAnchorElement): boolean => !link.isConnected && isLink(link);
  HTMLAnchorElement.prototype.click = function () {
    if (!isLoose(this) || !follow(this)) click.call(this);
  };
  HTMLAnchorElement.prototype.dispatchEvent = function (event) {
    return event.type === "click" && isLoose(this) && follow(this) ? true : dispatchEvent.call(this, event);
  };
  window.open = address => {
    if (String(address ?? "") !== "") open(String(address), "");
    return null;
  };
  window.alert = text => say(String(text ?? ""));
  window.confirm = text => {
    say(`${text ?? ""} (Output cannot ask: this was answered with no.)`);
    return false;
  };
  window.prompt = text => {
    say(`${text ?? ""} (Output cannot ask: this was answered with nothing.)`);
    return null;
  };
  window.print = () => say("Output cannot print. The menu of the output can save it.");
}
