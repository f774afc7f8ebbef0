/**
 * Links of sealed frames. The frame says which link was followed; the page decides what becomes of it:
 *
 *     clicked just now, and its address stands in the output      a new tab, which knows nothing of this one
 *     followed by code alone, or an address that code has made     the page shows the address and asks: it could tell what the output shows
 *     it reads as one server and leads to another                  the page shows the address and asks
 *
 * An address is read from the folder of the notebook, as everywhere (addresses.ts).
 */
import { fileAddress, save } from "../rpc/http.ts";
import { addressOf as fileLink, isViewable } from "../session/file_links.ts";
import { homeAddress, notebookAddress } from "../session/route.ts";
import { complain } from "../ui/notices.ts";
import { addressOf } from "./addresses.ts";
import type { Guest } from "./sealed_frame.ts";

export interface Destination {
  /** The browser's; this server's for a file that is saved. */
  readonly address: string;
  /** The name of a file that is saved rather than shown. */
  readonly saved?: string;
}

/**
 * Where a link leads; null when it leads nowhere that a page may go.
 *
 * Args:
 *   written: its address as it stands in the output.
 *   folder: of the notebook, with its slash.
 *   origin: of the page.
 */
export function destinationOf(written: string, folder: string, origin: string): Destination | null {
  const meant = addressOf(written, folder, origin);
  if (meant.kind === "remote") return { address: meant.url.href };
  if (meant.kind === "file") {
    const { path, fragment } = meant;
    const name = path.split("/").at(-1) ?? "";
    const hash = fragment === "" ? "" : `#${encodeURIComponent(fragment)}`;
    if (path.endsWith("/")) return { address: homeAddress(path.slice(0, -1)) };
    if (/\.ipynb$/i.test(path)) return { address: notebookAddress(path) + hash };
    return isViewable(name) ? { address: fileLink({ kind: "file", path, name }) + hash } : { address: fileAddress(path), saved: name };
  }
  if (meant.kind !== "other" || written.trim() === "" || !URL.canParse(written.trim(), origin)) return null;
  const url = new URL(written.trim(), origin);
  return url.protocol === "mailto:" || url.origin === origin ? { address: url.href } : null;
}

/** A text as it reads without the escapes of HTML and JavaScript, which may stand inside of each other. */
function plain(text: string): string {
  const once = (one: string): string => one.replaceAll("&amp;", "&").replaceAll("\\u0026", "&").replaceAll("\\/", "/");
  return once(once(text));
}

/** Whether an address stands in a text as it is written there. */
export const standsIn = (address: string, text: string): boolean => plain(text).includes(plain(address));

/** Whether an address stands in an output as its author wrote it. */
export function isWritten(address: string, { body, before = [] }: Guest): boolean {
  const texts = [typeof body === "string" ? body : JSON.stringify(body), ...before.map(one => one.body)];
  return texts.some(text => standsIn(address, text));
}

const READS_AS_ADDRESS = /^(?:https?:\/\/|(?=www\.))([\w.-]+)|^([\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|io|dev|app))(?=[/?#:\s]|$)/i;
const bare = (host: string): string => host.toLowerCase().replace(/^www\./, "");

/** Whether a link reads as the address of another server than the one that it leads to. */
export function misleads(text: string, address: string): boolean {
  const read = READS_AS_ADDRESS.exec(text.trim());
  const named = read?.[1] ?? read?.[2];
  return named !== undefined && (!URL.canParse(address) || bare(new URL(address).hostname) !== bare(named));
}

/** Whether a person has just clicked in that frame, or pressed a key there. */
export const isAsked = (frame: Element): boolean => navigator.userActivation.isActive && document.activeElement === frame;

/** Opens it in a tab of its own, or saves it. */
export function follow({ address, saved }: Destination): void {
  if (saved !== undefined) {
    save(address, saved).catch(complain);
    return;
  }
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.click();
}
