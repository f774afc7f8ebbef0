/** Signing in to accounts over HTTP: by a name and a password, by an invitation, or at an identity provider. Comes with the forms. */
import { BASE, outOf } from "./base_url.ts";
import { ask, type SignIn } from "./http.ts";
import { keepKey } from "./login_key.ts";

/** How browsers are signed in here: without accounts, also by them, or by them alone. */
export type Ways = "none" | "some" | "only";

/** What the sign-in page offers. */
export interface Doors {
  readonly ways: Ways;
  /** What the identity provider is called where people sign in, too; null: there is none. */
  readonly provider: string | null;
}

/** Whom an invitation is for. */
export interface Invited {
  /** The name to sign in with. */
  readonly account: string;
  /** The name that others see. */
  readonly name: string;
}

async function post(path: string, body: unknown): Promise<{ readonly ok: boolean; readonly answer: Record<string, unknown> }> {
  const headers = { "content-type": "application/json", "x-webipy-base": BASE };
  const response = await ask(path, { method: "POST", headers, body: JSON.stringify(body), cache: "no-store" });
  const answer: unknown = await response.json().catch(() => null);
  return { ok: response.ok, answer: answer !== null && typeof answer === "object" ? (answer as Record<string, unknown>) : {} };
}

/** Asks how browsers are signed in. Rejects when the server is out of reach. */
export async function askDoors(): Promise<Doors> {
  const { answer } = await post("/rpc", { jsonrpc: "2.0", id: 1, method: "server.info", params: {} });
  const { accounts, sso } = (answer.data ?? {}) as { accounts?: unknown; sso?: unknown };
  return { ways: accounts === "some" || accounts === "only" ? accounts : "none", provider: typeof sso === "string" ? sso : null };
}

/**
 * Begins to sign in at the identity provider. Rejects when the server is out of reach.
 *
 * Args:
 *   page: where to be afterwards: a path of this origin, with its query.
 *   stay: whether this browser is to stay signed in.
 *
 * Returns:
 *   the address to go to, or why there is none.
 */
export async function beginSso(page: string, stay: boolean): Promise<{ readonly url: string } | { readonly message: string }> {
  const { ok, answer } = await post("/sso/begin", { next: outOf(page) ?? "/", stay });
  return ok ? { url: String(answer.url) } : { message: String(answer.message ?? "") };
}

async function entered(body: unknown): Promise<SignIn> {
  const { ok, answer } = await post("/login", body);
  if (!ok) return { ok: false, message: String(answer.message ?? "") };
  keepKey(String(answer.key));
  return { ok: true };
}

/** Signs this browser in to an account. Rejects when the server is out of reach. */
export function enter(account: string, password: string, stay: boolean): Promise<SignIn> {
  return entered({ account, password, stay });
}

/** Whom an invitation is for; a sentence when it is for nobody. Rejects when the server is out of reach. */
export async function askInvited(invite: string): Promise<Invited | string> {
  const { ok, answer } = await post("/invitation", { invite });
  return ok ? (answer as unknown as Invited) : String(answer.message ?? "");
}

/** Chooses the name that others see, and a password, and signs in. Rejects when the server is out of reach. */
export function accept(invite: string, name: string, password: string, stay: boolean): Promise<SignIn> {
  return entered({ invite, name, password, stay });
}
