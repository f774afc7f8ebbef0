/** What whoever uses this page may do here. The server decides; the page only does not offer what it would refuse. */

import { signal } from "@preact/signals";
import { keyHere } from "../rpc/base_url.ts";
import type { Verb } from "../rpc/schema.ts";
import { p } from "../text/people.ts";
import { say, sayOnce, settle } from "../ui/notices.ts";
import { mode } from "./selection.ts";

const RANK: Record<Verb, number> = { none: 0, read: 1, write: 2, execute: 3, own: 4 };

const GUEST_KEY = keyHere("webipy-guest");

/** In the session that is shown, otherwise on the server; null until the server has answered. */
export const right = signal<Verb | null>(null);
/** The only session of a guest; null for whoever runs the server. */
export const guestOf = signal<string | null>(remembered());

/** A guest who opens the home page is known before the server has answered, so that nothing is asked that is refused. */
function remembered(): string | null {
  try {
    return localStorage.getItem(GUEST_KEY);
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** Until the server has answered, a guest may look, and anybody else is who runs the server. */
export function may(verb: Verb): boolean {
  return RANK[right.value ?? (guestOf.value === null ? "own" : "read")] >= RANK[verb];
}

const held: { onServer: Verb | null; inSession: Verb | null } = { onServer: null, inSession: null };

/** Sets the strongest right that the server reports of any place. */
export function setRight(verb: Verb | null): void {
  held.onServer = verb;
  apply();
}

/** Sets the right in the session that is shown, which is what counts there; null: none is shown. */
export function setSessionRight(verb: Verb | null): void {
  held.inSession = verb;
  apply();
}

/** Who may not edit any more leaves the editor. */
function apply(): void {
  const verb = held.inSession ?? held.onServer;
  if (verb === right.value) return;
  settle("right");
  right.value = verb;
  if (!may("write")) mode.value = "command";
}

export function setGuest(session: string | null): void {
  guestOf.value = session;
  try {
    if (session === null) localStorage.removeItem(GUEST_KEY);
    else localStorage.setItem(GUEST_KEY, session);
  } catch {
    // a browser that keeps nothing: the server sends it each time
  }
}

/** Says why something is not done, once at a time. */
export function sayWhyNot(verb: Verb): void {
  const words = p.why[verb];
  sayOnce(words, "right");
  say(words);
}
