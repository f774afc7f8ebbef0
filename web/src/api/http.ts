/** What goes over HTTP and not over the line: signing in and out, and asking why a line could not be opened. */
import type { Probe, Socket, World } from "./connection.ts";
import type { Right } from "./schema.ts";

export type SignIn = { ok: true } | { ok: false; message: string };

async function post(path: string, body: unknown): Promise<Response> {
  return await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
  });
}

/** Exchanges a one-time code or a token for the login cookie. Rejects when the server is out of reach. */
export async function signIn(secret: { code: string } | { token: string }): Promise<SignIn> {
  return await answered(await post("/login", secret));
}

async function answered(response: Response): Promise<SignIn> {
  return response.ok ? { ok: true } : { ok: false, message: messageIn(await response.json().catch(() => null)) };
}

const messageIn = (answer: unknown): string =>
  answer !== null && typeof answer === "object" && "message" in answer ? String(answer.message) : "";

/** What a link is for, as the server tells before a name is given. */
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

/** Gives a name for a link, for the login cookie of a guest. Rejects when the server is out of reach. */
export async function join(share: string, name: string): Promise<SignIn> {
  return await answered(await post("/login", { share, name }));
}

/** Ends this browser's login. */
export async function signOut(): Promise<void> {
  const response = await post("/logout", {});
  if (!response.ok && response.status !== 401) throw new Error(`The server refused to sign out (${response.status}).`);
}

/** Asks over HTTP whether this browser is signed in: a failed WebSocket handshake does not tell. */
export async function probe(): Promise<Probe> {
  try {
    const response = await post("/rpc", { jsonrpc: "2.0", id: 1, method: "server.info", params: {} });
    return response.status === 401 ? "signed_out" : "signed_in";
  } catch {
    return "unreachable";
  }
}

/** The address of a file below the root. */
export const fileAddress = (path: string): string => `/files/${path.split("/").map(encodeURIComponent).join("/")}`;

/** Lets the browser save what stands at an address of this server. */
export function save(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** The browser itself as the world of a connection. */
export function browserWorld(): World {
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/rpc`;
  return {
    openSocket: () => new WebSocket(address) as unknown as Socket,
    probe,
    now: () => performance.now(),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
  };
}
