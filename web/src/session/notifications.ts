/**
 * Tells the person that what they have asked about has ended: once, whatever happens to the server in between.
 *
 *     server ──notification──► shown, remembered here ──notification.confirm──► the server sends it never again
 *
 * The server sends a notification again when it has not heard that it was shown, after a restart for instance. So this browser remembers which ones it has
 * shown, for all of its tabs; what it has shown is confirmed and not shown again.
 *
 * It is shown by the system where the person has allowed that, and is not looking at this page; else as a note in the page, as soon as somebody looks at it.
 * It comes with what acts need, when nothing else is to do.
 */
import { effect, signal } from "@preact/signals";
import type { NotificationList, Notified } from "../rpc/schema.ts";
import { notificationWords as words } from "../text/notifications.ts";
import { toast } from "../ui/notices.ts";
import { connection, phase } from "./connection.ts";
import { goTo, route, sessionAddress } from "./route.ts";

const SHOWN = "webipy-notified";
/** So many are remembered; the server forgets as many. */
const MOST = 1000;

/** What the person waits for: `session execution`. */
export const awaited = signal<ReadonlySet<string>>(new Set());

export const keyOf = (session: string, execution: string): string => `${session} ${execution}`;

function shownBefore(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(SHOWN) ?? "[]");
    return Array.isArray(found) ? found.map(String) : [];
  } catch {
    return []; // no storage, or somebody else's text: at worst one comes twice
  }
}

function remember(id: string): void {
  try {
    localStorage.setItem(SHOWN, JSON.stringify([...shownBefore(), id].slice(-MOST)));
  } catch {
    return; // the storage is full or forbidden: at worst one comes twice
  }
}

const isSeen = (): boolean => document.visibilityState === "visible" && document.hasFocus();
const systemAllows = (): boolean => "Notification" in window && Notification.permission === "granted";

const isHere = (told: Notified): boolean => route.value.page === "session" && route.value.session === told.session;

function go(told: Notified): void {
  focus();
  if (!isHere(told)) goTo(sessionAddress(told.session));
}

/** Shows one by the system; false where that is not possible. */
function showBySystem(told: Notified): boolean {
  if (!systemAllows()) return false;
  try {
    const one = new Notification(told.text, { tag: told.id });
    one.onclick = () => go(told);
    return true;
  } catch {
    return false; // Chromium on Android has them for service workers alone
  }
}

function note(told: Notified): void {
  toast(told.text, { bad: told.status !== "ok", action: isHere(told) ? null : { title: words.show, run: () => go(told) } });
}

/** Shows one as soon as somebody looks at this page. */
function noteSoon(told: Notified): void {
  if (document.visibilityState === "visible") noteOnce(told);
  else document.addEventListener("visibilitychange", () => noteSoon(told), { once: true });
}

function noteOnce(told: Notified): void {
  if (!shownBefore().includes(told.id)) {
    remember(told.id);
    note(told);
  }
  confirm(told);
}

function confirm(told: Notified): void {
  connection.call("notification.confirm", { id: told.id }).catch(() => undefined); // the server sends it again, and it is known then
}

/** Takes one from the server. */
export function take(told: Notified): void {
  awaited.value = new Set([...awaited.value].filter(key => !told.executions.some(one => key === keyOf(told.session, one))));
  if (shownBefore().includes(told.id)) confirm(told);
  else if (!isSeen() && showBySystem(told)) {
    remember(told.id);
    confirm(told);
  } else noteSoon(told);
}

/** At the first time the browser asks whether this page may show notifications of the system. */
export function askSystem(): void {
  if ("Notification" in window && Notification.permission === "default") Notification.requestPermission().catch(() => undefined); // a note in the page remains
}

/** Asks to be told, or takes it back. */
export async function ask(session: string, execution: string, wanted: boolean): Promise<void> {
  const key = keyOf(session, execution);
  if (wanted) askSystem();
  await connection.call(wanted ? "notification.ask" : "notification.withdraw", { session, execution });
  const now = new Set(awaited.value);
  if (wanted) now.add(key);
  else now.delete(key);
  awaited.value = now;
}

function listed(list: NotificationList): void {
  awaited.value = new Set(list.waiting.flatMap(one => one.executions.map(execution => keyOf(one.session, execution))));
}

connection.onNotification(({ method, params }) => {
  if (method === "notification") take(params as Notified);
});
effect(() => {
  if (phase.value === "live") connection.call("notification.listen", {}).then(listed, () => undefined); // a line that is lost again begins anew
});
