/**
 * Tells the person that what they have asked about has ended: once, whatever happens to the server in between.
 *
 *     server ──notification──► shown, remembered here ──notification.confirm──► the server sends it never again
 *
 * The server sends a notification again when it has not heard that it was shown, after a restart for instance. So this browser remembers which ones it has
 * shown, for all of its tabs and for the service worker that shows what comes by Web Push (shown_ids.ts); what it has shown is confirmed and not shown
 * again. With the confirmation goes whether somebody was looking: then no browser of theirs is called any more.
 *
 * It is shown by the system where the person has allowed that, and is not looking at this page; else as a note in the page, as soon as somebody looks at it.
 * It comes with what acts need, when nothing else is to do.
 */
import { effect, signal } from "@preact/signals";
import type { NotificationList, Notified } from "../rpc/schema.ts";
import { notificationWords as words } from "../text/notifications.ts";
import { LazyModule } from "../ui/lazy.ts";
import { toast } from "../ui/notices.ts";
import { connection, phase } from "./connection.ts";
import { isPushWanted } from "./push_wanted.ts";
import { goTo, route, sessionAddress } from "./route.ts";
import { alone, remember, wasShown } from "./shown_ids.ts";

/** What the person waits for: `session execution`. */
export const awaited = signal<ReadonlySet<string>>(new Set());

export const keyOf = (session: string, execution: string): string => `${session} ${execution}`;

const isSeen = (): boolean => document.visibilityState === "visible" && document.hasFocus();
const systemAllows = (): boolean => "Notification" in window && Notification.permission === "granted";

const isHere = (told: Notified): boolean => route.value.page === "session" && route.value.session === told.session;

function go(told: Notified): void {
  focus();
  if (!isHere(told)) goTo(sessionAddress(told.session));
}

const push = new LazyModule(() => import("./push.ts"));

/** Shows one by the system; false where that is not possible. */
async function showBySystem(told: Notified): Promise<boolean> {
  if (!systemAllows()) return false;
  try {
    if (isPushWanted() && (await (await push.fetch()).showByWorker(told.text, told.id, told.session))) return true;
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
  if (document.visibilityState === "visible") void alone(() => noteOnce(told));
  else document.addEventListener("visibilitychange", () => noteSoon(told), { once: true });
}

async function noteOnce(told: Notified): Promise<void> {
  const isNew = !(await wasShown(told.id));
  if (isNew) {
    note(told);
    await remember(told.id);
  }
  confirm(told, isNew && isSeen());
}

function confirm(told: Notified, seen: boolean): void {
  connection.call("notification.confirm", { id: told.id, seen }).catch(() => undefined); // the server sends it again, and it is known then
}

async function showOnce(told: Notified): Promise<void> {
  if (await wasShown(told.id)) confirm(told, false);
  else if (!isSeen() && (await showBySystem(told))) {
    await remember(told.id);
    confirm(told, false);
  } else noteSoon(told);
}

/** Takes one from the server. */
export function take(told: Notified): void {
  awaited.value = new Set([...awaited.value].filter(key => !told.executions.some(one => key === keyOf(told.session, one))));
  void alone(() => showOnce(told));
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
  if (phase.value !== "live") return;
  connection.call("notification.listen", {}).then(listed, () => undefined); // a line that is lost again begins anew
  if (isPushWanted())
    push
      .fetch()
      .then(({ agree }) => agree())
      .catch(() => undefined); // likewise
});
