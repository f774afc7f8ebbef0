/**
 * Frames that an output brings with it as text (`<iframe srcdoc>`: folium, and HTML that wants a page of its own). Their text would run without the
 * guest, so it does not run at all (seal.ts); each gets the guest as its document instead, and its text from us, as we got ours from the page:
 *
 *     page ◄──► guest ◄──► guest of a nested frame ◄──► …
 *
 * What a nested guest wants of the page (libraries, files to save, servers) goes through its parent's.
 */
import type { LibraryName, Show, Supply } from "./protocol.ts";

export interface Above {
  show(text: string): Show;
  file(name: LibraryName): Promise<Blob>;
  /** What the page has for an address that the output names. */
  need(address: string, beside: string): Promise<Supply>;
  /** The keys that the page would have. */
  keys(): readonly string[];
  /** Hands on what the page has to check and decide. */
  pass(message: object): void;
}

/** This document as it was before anything was shown. Its script is the one that the policy names. */
const shell = `<!doctype html>${document.documentElement.outerHTML}`;
const nested = new Map<HTMLIFrameElement, string>();

function lift(frame: HTMLIFrameElement): void {
  const text = frame.getAttribute("srcdoc");
  const isScriptless = frame.hasAttribute("sandbox") && !frame.sandbox.contains("allow-scripts");
  if (text === null || text === shell || isScriptless) return;
  nested.set(frame, text);
  frame.srcdoc = shell;
}

/** Gives the guest to the frames in a part of a document, before it is put into one or after. */
export function liftFrames(part: Element | DocumentFragment): void {
  for (const frame of part.querySelectorAll("iframe")) lift(frame);
  if (part instanceof HTMLIFrameElement) lift(part);
}

/** Frames that are in no document any more are forgotten. */
function tidy(): void {
  for (const frame of nested.keys()) if (!frame.isConnected) nested.delete(frame);
}

/** A nested frame sends a message. */
export function heardNested(
  event: MessageEvent<{ webipy?: unknown; name?: unknown; address?: unknown; beside?: unknown }>,
  above: Above,
): void {
  const found = [...nested].find(([frame]) => frame.contentWindow !== null && frame.contentWindow === event.source);
  if (found === undefined || typeof event.data !== "object" || event.data === null) return;
  const [frame, text] = found;
  const answer = (message: object): void => frame.contentWindow?.postMessage(message, "*");
  const { webipy, name, address, beside } = event.data;
  if (webipy === "ready") {
    tidy();
    answer(above.show(text));
    answer({ webipy: "keys", keys: above.keys() });
  } else if (webipy === "want" && typeof name === "string")
    above.file(name as LibraryName).then(
      code => answer({ webipy: "library", name, code }),
      () => answer({ webipy: "library", name, code: null }),
    );
  else if (webipy === "need" && typeof address === "string" && typeof beside === "string")
    void above.need(address, beside).then(supply => answer({ webipy: "given", address, beside, ...supply }));
  else if (webipy === "blocked" || webipy === "file" || webipy === "link" || webipy === "key") above.pass(event.data);
}
