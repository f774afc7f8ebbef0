/** What goes over HTTP and not over the line: signing in and out, and asking why a line could not be opened. */
import { BASE, inside, outOf } from "./base_url.ts";
import type { Probe, Socket, World } from "./connection.ts";
import { keepKey, subprotocols, withKey } from "./login_key.ts";
import type { Right } from "./schema.ts";

export type SignIn = { ok: true; notice?: string } | { ok: false; message: string };

/** Fetches an address of this server as who is signed in. */
export function ask(address: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
  return fetch(inside(address), { credentials: "same-origin", ...init, headers: withKey(init.headers) });
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json", "x-webipy-base": BASE }; // which a login's cookie is bound to
  return ask(path, { method: "POST", headers, body: JSON.stringify(body), cache: "no-store" });
}

/** Exchanges a one-time code or a token for a login. A browser that is signed in already keeps the one it has. Rejects when the server is out of reach. */
export async function signIn(secret: { code: string } | { token: string }): Promise<SignIn> {
  return await answered(await post("/login", secret));
}

async function answered(response: Response): Promise<SignIn> {
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) return { ok: false, message: messageIn(body) };
  if (body !== null && typeof body === "object" && "key" in body) keepKey(String(body.key));
  return body !== null && typeof body === "object" && "notice" in body ? { ok: true, notice: String(body.notice) } : { ok: true };
}

const messageIn = (body: unknown): string => (body !== null && typeof body === "object" && "message" in body ? String(body.message) : "");

/** Why the server refused a request: its sentence, or the status where it gives none. */
export async function refusalOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  return messageIn(body) || String(response.status);
}

/** What a link is for: what the server shows before a name is given. */
export interface Offer {
  readonly session: string;
  readonly title: string;
  readonly verb: Right;
  readonly owner: string;
  /** This browser is in as it is. */
  readonly is_in: boolean;
}

/** Asks what a link is for; a sentence when it is for nothing. Rejects when the server is out of reach. */
export async function askOffer(share: string): Promise<Offer | string> {
  const response = await post("/share", { share });
  const answer: unknown = await response.json();
  return response.ok ? (answer as Offer) : messageIn(answer);
}

/** Gives a name for a link, for the login of a guest. Rejects when the server is out of reach. */
export async function join(share: string, name: string): Promise<SignIn> {
  return await answered(await post("/login", { share, name }));
}

/** Ends this browser's login. Gives the address where to go on, if there is one: where a hub signs people in, they sign out there, too. */
export async function signOut(): Promise<string | null> {
  const response = await post("/logout", {});
  if (!response.ok && response.status !== 401) throw new Error(`The server refused to sign out (${response.status}).`);
  keepKey(null);
  const body = response.status === 200 ? ((await response.json().catch(() => null)) as { next?: string } | null) : null;
  return body?.next ?? null;
}

/** Whether a hub signs people in here, as the last probe has found. */
export let atHub = false;

/** The address that leads to the hub's sign-in, and back to a page of this server. */
export const hubSignIn = (page: string): string => `${inside("/oauth_login")}?next=${encodeURIComponent(outOf(page) ?? "/")}`;

/** Why this browser is not signed in any more, when the server gives a reason; set by the last probe. */
export let whyOut = "";

/** Asks over HTTP whether this browser is signed in: a failed WebSocket handshake gives no reason. */
export async function probe(): Promise<Probe> {
  try {
    const response = await post("/rpc", { jsonrpc: "2.0", id: 1, method: "server.info", params: {} });
    if (response.status !== 401) return "signed_in";
    const body = (await response.json().catch(() => null)) as { data?: { reason?: string } } | null;
    const reason = body?.data?.reason;
    atHub = reason === "hub";
    whyOut = reason === undefined || atHub ? "" : messageIn(body);
    return "signed_out";
  } catch {
    return "unreachable";
  }
}

/** The address of a file below the root: as this server calls it, and not yet the browser's (`inside`). */
export const fileAddress = (path: string): string => `/files/${path.split("/").map(encodeURIComponent).join("/")}`;

/** The browser's address of what stands at one of this server, which it may fetch itself for some minutes. Rejects with a sentence when there is none. */
export async function ticketed(address: string): Promise<string> {
  const response = await post("/rpc", { jsonrpc: "2.0", id: 1, method: "ticket.make", params: { address } });
  const body = (await response.json().catch(() => null)) as { result?: { address: string }; error?: unknown } | null;
  if (body?.result === undefined) throw new Error(messageIn(body?.error ?? body) || String(response.status));
  return inside(body.result.address);
}

/** Lets the browser save what stands at an address of this server. Rejects as `ticketed`. */
export async function save(address: string, name: string): Promise<void> {
  const link = document.createElement("a");
  link.href = await ticketed(address);
  link.download = name;
  link.click();
}

/** Shows a picture of this server in an element, which can send no key itself; nothing when it cannot be had. */
export async function showPicture(image: HTMLImageElement, address: string): Promise<void> {
  const response = await ask(address);
  if (!response.ok) return;
  const shown = URL.createObjectURL(await response.blob());
  const done = (): void => URL.revokeObjectURL(shown);
  image.addEventListener("load", done, { once: true });
  image.addEventListener("error", done, { once: true });
  image.src = shown;
}

/** The browser itself as the world of a connection. */
export function browserWorld(): World {
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${inside("/rpc")}`;
  return {
    openSocket: () => new WebSocket(address, subprotocols()) as unknown as Socket,
    probe,
    now: () => performance.now(),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
  };
}
