/**
 * The service worker: shows what comes by Web Push when no page is open, and opens the page of whoever clicks on it.
 *
 *     push ──► shown before, by it or by a page? ──no──► shown by the system, remembered (session/shown_ids.ts)
 *     click ──► the page of the session, if it is open, comes to the front; otherwise it is opened
 *
 * It answers no fetch: nothing of the page is kept, and nothing of it is ever old.
 *
 * A browser wants to see something for each message, unless a page can be seen. What was shown before is therefore shown again, without a sound, in the
 * place of what is still there; where nothing is there any more, it is taken away at once.
 */
import { alone, remember, wasShown } from "../session/shown_ids.ts";
import type { Scope, Shown } from "./scope.ts";

interface Message {
  readonly id: string;
  readonly text: string;
  readonly session: string;
}

/** The message, or null for what is none. */
function read(data: { json(): unknown } | null): Message | null {
  try {
    const { id, text, session } = (data?.json() ?? {}) as Partial<Message>;
    return typeof id === "string" && typeof text === "string" && typeof session === "string" ? { id, text, session } : null;
  } catch {
    return null;
  }
}

const windows = (scope: Scope) => scope.clients.matchAll({ type: "window", includeUncontrolled: true });

async function show(scope: Scope, { id, text, session }: Message): Promise<void> {
  const { registration } = scope;
  const before = await wasShown(id);
  if (before && (await windows(scope)).some(one => one.visibilityState === "visible")) return;
  const there = (await registration.getNotifications({ tag: id })).length > 0;
  await registration.showNotification(text, { tag: id, data: { session }, silent: before });
  if (!before) await remember(id);
  else if (!there) for (const one of await registration.getNotifications({ tag: id })) one.close();
}

/** The page of a session, below the address of this server as the browser has it. */
function addressOf(scope: Scope, { data }: Shown): string {
  const session = (data as { session?: unknown } | null)?.session;
  return new URL(typeof session === "string" ? `s/${encodeURIComponent(session)}` : "", scope.registration.scope).href;
}

async function go(scope: Scope, shown: Shown): Promise<void> {
  const address = addressOf(scope, shown);
  const there = (await windows(scope)).find(one => one.url.split(/[?#]/, 1)[0] === address);
  await (there === undefined ? scope.clients.openWindow(address) : there.focus());
}

/** Begins. */
export function serve(scope: Scope): void {
  scope.addEventListener("install", () => void scope.skipWaiting());
  scope.addEventListener("push", event => {
    const message = read(event.data);
    if (message !== null) event.waitUntil(alone(() => show(scope, message)));
  });
  scope.addEventListener("notificationclick", event => {
    event.notification.close();
    event.waitUntil(go(scope, event.notification));
  });
}
