/** What every view can reach: the connection, the route and the open session. Made once in main.tsx. */
import { signal } from "@preact/signals";
import { Connection, type Phase } from "../api/connection.ts";
import { browserWorld, type Offer, signOut, whyOut } from "../api/http.ts";
import { KEY } from "../api/key.ts";
import { RpcFailure } from "../api/rpc.ts";
import type { ServerInfo } from "../api/schema.ts";
import { Actions } from "../store/actions.ts";
import { refused } from "../store/refused.ts";
import { setGuest, setRight } from "../store/right.ts";
import { SessionStore } from "../store/store.ts";
import { anchor, clockOffset, complain, drawer, finding, pager, renaming, selected } from "../store/ui.ts";

export type Route =
  | { readonly page: "home"; readonly folder: string }
  | { readonly page: "session"; readonly session: string }
  | { readonly page: "text"; readonly path: string }
  | { readonly page: "raw" }
  | { readonly page: "nowhere" };

export interface Open {
  readonly store: SessionStore;
  readonly actions: Actions;
}

export const connection = new Connection(browserWorld());
export const phase = signal<Phase>("connecting");
/** Whether the line was live since the page was opened (or signed in again). */
export const everLive = signal(false);
export const server = signal<ServerInfo | null>(null);
/** The version of the server when this page was loaded. */
export const updated = signal(false);
/** Set when the server that answers now is another than the one before: when that was seen, on its clock. */
export const restarted = signal<{ readonly at: number } | null>(null);
export const route = signal<Route>({ page: "home", folder: "" });
export const open = signal<Open | null>(null);
/** Shown instead of the page: the sign-in form, with what went wrong before. */
export const signingIn = signal<{ message: string } | null>(null);
/** Shown instead of the page: what a link is for (null: for nothing, with the reason), and the question for a name. */
export const joining = signal<{ secret: string; offer: Offer | null; message: string } | null>(null);

export function routeOf(path: string, query = ""): Route {
  const match = /^\/s\/([^/]+)\/?$/.exec(path);
  if (match?.[1] !== undefined) return { page: "session", session: decodeURIComponent(match[1]) };
  if (/^\/(files|outputs|exports)\//.test(path)) return { page: "raw" };
  if (path !== "/" && path !== "") return { page: "nowhere" };
  const asked = new URLSearchParams(query);
  const text = asked.get("edit");
  return text !== null ? { page: "text", path: text } : { page: "home", folder: asked.get("in") ?? "" };
}

const inQuery = (path: string): string => encodeURIComponent(path).replaceAll("%2F", "/");

/** The address of the page that edits a file as text. */
export const textAddress = (path: string): string => `/?edit=${inQuery(path)}`;

/** The address of the home page that shows a folder. */
export function homeAddress(folder: string): string {
  return folder === "" ? "/" : `/?in=${inQuery(folder)}`;
}

/** Shows the page of the address bar. */
export function follow(): void {
  const next = routeOf(location.pathname, location.search);
  const left = open.value;
  open.value = null;
  left?.store.close();
  selected.value = null;
  anchor.value = null;
  finding.value = null;
  renaming.value = false;
  pager.value = null;
  drawer.value = false;
  if (next.page === "session") {
    const store = new SessionStore(connection, next.session);
    store.isReplaced = () => open.value !== null && open.value.store !== store && open.value.store.id === store.id;
    open.value = { store, actions: new Actions(store) };
    store.open();
  }
  route.value = next;
}

/** Opens a file as a notebook: its session, made if there is none. What is no notebook opens as text. */
export async function openNotebook(path: string, kernelspec: string | null = null): Promise<void> {
  try {
    const session = await connection.durable("session.create", { path, kernelspec });
    refused.value = null;
    goTo(`/s/${encodeURIComponent(session.id)}`);
  } catch (error) {
    if (!(error instanceof RpcFailure && error.kind === "invalid_notebook")) {
      complain(error);
      return;
    }
    refused.value = { path, reason: error.message };
    if (route.value.page !== "text" || route.value.path !== path) goTo(textAddress(path));
  }
}

export function goTo(path: string): void {
  history.pushState(null, "", path);
  follow();
}

/** Ends this browser's login as a guest. */
export async function leave(): Promise<void> {
  try {
    await signOut();
    setGuest(null);
    location.assign("/");
  } catch (error) {
    complain(error);
  }
}

async function greet(): Promise<void> {
  const asked = Date.now();
  const facts = await connection.call("server.info", {});
  setRight(facts.verb);
  setGuest(facts.session);
  clockOffset.value = Date.parse(facts.time) - (asked + Date.now()) / 2;
  const before = server.value?.started ?? null;
  if (before !== null && facts.started !== before) restarted.value = { at: Date.parse(facts.time) };
  updated.value = server.value !== null && server.value.version !== facts.version;
  server.value = updated.value && server.value !== null ? { ...facts, version: server.value.version } : facts;
}

const GREET_MS = 60_000;

/** Connects, and keeps the signals in step with the line. */
export function connect(): void {
  connection.onPhase(now => {
    phase.value = now;
    if (now === "live") {
      everLive.value = true;
      signingIn.value = null;
      greet().catch(complain);
    } else if (now === "ended" && !everLive.value) signingIn.value ??= { message: whyOut };
  });
  addEventListener("storage", event => {
    if (event.key === KEY && event.newValue !== null && phase.value === "ended") connection.start(); // signed in again in another tab
  });
  addEventListener("online", () => connection.retryNow());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connection.retryNow();
  });
  setInterval(() => {
    if (phase.value === "live" && !document.hidden) greet().catch(complain);
  }, GREET_MS);
  connection.start();
}
