/** What goes over HTTP and not over the line: signing in and out, and asking why a line could not be opened. */
import type { Probe, Socket, World } from "./connection.ts";

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
  const response = await post("/login", secret);
  if (response.ok) return { ok: true };
  const answer: unknown = await response.json().catch(() => null);
  const message = answer !== null && typeof answer === "object" && "message" in answer ? String(answer.message) : "";
  return { ok: false, message };
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
