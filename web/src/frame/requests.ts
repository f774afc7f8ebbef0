/**
 * Requests of the output for files beside the notebook: `fetch("data.json")`, an XMLHttpRequest. What the page has is the answer (supplies.ts), 404 when
 * it has none; every other request is the browser's, and the frame's policy decides.
 *
 * Invariant: nothing is sent. A request that writes, or does not wait, goes to the policy, which lets no frame reach this server.
 */

/** A copy of a file, by its address as it is written; null when the page has none. */
type FileAt = (address: string) => Promise<Blob | null>;

const isRelative = (address: string): boolean => !/^(?:[a-z][a-z0-9+.-]*:|\/\/|#|$)/i.test(address.trim());
const isRead = (method: string): boolean => /^(?:get|head)$/i.test(method);

/** The address of a file that a request names; null for one that is none of this server. Code that makes a whole URL of it began with the document's. */
function fileNamed(asked: unknown): string | null {
  const written = asked instanceof Request ? asked.url : String(asked);
  if (isRelative(written)) return written;
  const base = new URL(document.baseURI);
  if (!URL.canParse(written)) return null;
  const url = new URL(written);
  if (url.origin !== base.origin || !url.protocol.startsWith("http")) return null;
  return url.pathname.slice(1) + url.search;
}

function watchFetch(fileAt: FileAt): void {
  const { fetch } = window;
  window.fetch = async (input, init) => {
    const method = init?.method ?? (input instanceof Request ? input.method : "get");
    const name = isRead(method) ? fileNamed(input) : null;
    if (name === null) return await fetch(input, init);
    const content = await fileAt(name);
    return content === null ? new Response(null, { status: 404, statusText: "Not Found" }) : new Response(content);
  };
}

const ANSWERED = ["status", "statusText", "readyState", "response", "responseText", "responseXML", "responseURL"] as const;

/** The content in the form that a request asks for. */
async function inForm(request: XMLHttpRequest, content: Blob): Promise<{ response: unknown; text: string }> {
  if (request.responseType === "blob") return { response: content, text: "" };
  if (request.responseType === "arraybuffer") return { response: await content.arrayBuffer(), text: "" };
  const text = await content.text();
  if (request.responseType === "document") return { response: new DOMParser().parseFromString(text, "text/html"), text: "" };
  if (request.responseType !== "json") return { response: text, text };
  try {
    return { response: JSON.parse(text), text: "" };
  } catch {
    return { response: null, text: "" }; // as the standard has it
  }
}

/** Lets a request have an answer, as if it had been sent. */
async function answer(request: XMLHttpRequest, address: string, content: Blob | null, isCurrent: () => boolean): Promise<void> {
  const { response, text } = await inForm(request, content ?? new Blob([]));
  if (!isCurrent()) return;
  const isXml = content !== null && /\.(?:xml|svg|kml|gpx)$/i.test(address);
  const status = content === null ? 404 : 200;
  const said: { readonly [key in (typeof ANSWERED)[number]]: unknown } = {
    status,
    statusText: content === null ? "Not Found" : "OK",
    readyState: 4,
    response,
    responseText: text,
    responseXML: isXml ? new DOMParser().parseFromString(text, "text/xml") : null,
    responseURL: address,
  };
  for (const key of ANSWERED) Object.defineProperty(request, key, { configurable: true, get: () => said[key] });
  const size = content?.size ?? 0;
  request.dispatchEvent(new Event("readystatechange"));
  for (const type of ["progress", "load", "loadend"])
    request.dispatchEvent(new ProgressEvent(type, { lengthComputable: true, loaded: size, total: size }));
}

function watchXhr(fileAt: FileAt): void {
  const { open, send, abort } = XMLHttpRequest.prototype as {
    open(...given: unknown[]): void;
    send(body?: unknown): void;
    abort(): void;
  };
  const named = new WeakMap<XMLHttpRequest, { readonly address: string }>();
  const forget = (request: XMLHttpRequest): void => {
    named.delete(request);
    for (const key of ANSWERED) Reflect.deleteProperty(request, key);
  };
  XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, method: string, url: string | URL, ...more: unknown[]) {
    forget(this);
    const address = isRead(method) && more[0] !== false ? fileNamed(url) : null;
    if (address !== null) named.set(this, { address });
    open.call(this, method, url, ...more);
  } as typeof XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.send = function (body) {
    const wish = named.get(this);
    if (wish === undefined) send.call(this, body);
    else void fileAt(wish.address).then(content => answer(this, wish.address, content, () => named.get(this) === wish));
  };
  XMLHttpRequest.prototype.abort = function () {
    forget(this);
    abort.call(this);
  };
}

export function watchRequests(fileAt: FileAt): void {
  watchFetch(fileAt);
  watchXhr(fileAt);
}
