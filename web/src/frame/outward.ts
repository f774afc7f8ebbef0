/**
 * What an output asks of the browser besides its place on the screen: files to save, dialogs. The sandbox has neither (`allow-downloads` and
 * `allow-modals` need no click: a file would be saved, a question in this server's name asked, as soon as an output is looked at).
 *
 *     <a download>          ──► the page, which asks the person
 *     alert(text)           ──► a line under the output
 *     confirm(), prompt()   ──► the same, answered with no
 */
import { runLink } from "./inline.ts";

export interface Outward {
  save(name: string, content: Blob): void;
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

export function watchOutward({ save, say }: Outward): void {
  const offer = (link: HTMLAnchorElement): void => {
    const content = contentOf(link.href);
    if (content === null) say(`The file at ${link.href} was not fetched: output has no network.`);
    else save(link.download, content);
  };
  keepBlobs();
  addEventListener("click", event => {
    const link = event.composedPath().find(one => one instanceof HTMLAnchorElement && one.href !== "") as HTMLAnchorElement | undefined;
    if (event.defaultPrevented || link === undefined) return;
    const isCode = link.protocol === "javascript:";
    if (!isCode && !link.hasAttribute("download")) return;
    event.preventDefault();
    if (isCode) runLink(link);
    else offer(link);
  });
  // a link that stands in no document is clicked by code alone, and no listener gets the event
  const { click } = HTMLElement.prototype;
  const { dispatchEvent } = EventTarget.prototype;
  const isLoose = (link: HTMLAnchorElement): boolean => !link.isConnected && link.hasAttribute("download");
  HTMLAnchorElement.prototype.click = function () {
    if (isLoose(this)) offer(this);
    else click.call(this);
  };
  HTMLAnchorElement.prototype.dispatchEvent = function (event) {
    if (event.type !== "click" || !isLoose(this)) return dispatchEvent.call(this, event);
    offer(this);
    return true;
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
