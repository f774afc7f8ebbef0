/**
 * Web Push in this browser: a service worker is registered, the browser subscribes at the push service of its maker, and the server keeps where.
 *
 *     turnOn ──► permission ──► push.key ──► register ──► subscribe ──► push.subscribe
 *     agree, when the line is live ──► what the browser has and what the server has are the same again
 *
 * What the browser has may be somebody else's, who was signed in here before; what the server has may be gone, as its login has ended. Then this browser
 * is not told any more, and says so once. It comes when it is wanted, or was turned on before.
 */
import { BASE, inside } from "../rpc/base_url.ts";
import type { PushBrowser, PushBrowsers } from "../rpc/schema.ts";
import { pushWords as words } from "../text/push.ts";
import { toast } from "../ui/notices.ts";
import { connection } from "./connection.ts";
import { wantsPush } from "./push_wanted.ts";

const SCRIPT = inside("/push-worker.js");

interface Types {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** The address of the service worker, and no other, as the content policy of the page wants it. */
function scriptAddress(): string {
  const { trustedTypes } = window as unknown as { trustedTypes?: Types };
  return trustedTypes === undefined
    ? SCRIPT
    : trustedTypes.createPolicy("webipy", { createScriptURL: () => SCRIPT }).createScriptURL(SCRIPT);
}

let address: string | null = null;

/** Why this browser cannot be told by Web Push here, as people read it; null when it can. */
export function obstacle(): string | null {
  if (!window.isSecureContext) return words.insecure;
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return words.none;
  return Notification.permission === "denied" ? words.denied : null;
}

/** The service worker of this server; null: it is not registered. */
async function worker(): Promise<ServiceWorkerRegistration | null> {
  if (!window.isSecureContext || !("serviceWorker" in navigator)) return null;
  const found = await navigator.serviceWorker.getRegistration(BASE);
  return found !== undefined && new URL(found.scope).pathname === BASE ? found : null;
}

async function subscription(): Promise<PushSubscription | null> {
  return (await (await worker())?.pushManager?.getSubscription()) ?? null;
}

const hex = (bytes: ArrayBuffer): string => [...new Uint8Array(bytes)].map(byte => byte.toString(16).padStart(2, "0")).join("");

const digestOf = async ({ endpoint }: PushSubscription): Promise<string> =>
  hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint)));

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(letters, letter => letter.charCodeAt(0));
}

/** That of a subscription among the browsers that are told; null: it is none of them. */
async function entryOf(own: PushSubscription | null, browsers: readonly PushBrowser[]): Promise<PushBrowser | null> {
  if (own === null) return null;
  const digest = await digestOf(own);
  return browsers.find(one => one.digest === digest) ?? null;
}

/** That of this browser among those that are told; null: it is none of them. */
export const ownAmong = async (browsers: readonly PushBrowser[]): Promise<PushBrowser | null> => entryOf(await subscription(), browsers);

/** Subscribes at the push service. Rejects with words of what does not work. */
async function subscribe(key: string): Promise<PushSubscription> {
  address ??= scriptAddress();
  try {
    await navigator.serviceWorker.register(address, { scope: BASE, updateViaCache: "none" });
  } catch (error) {
    throw new Error(words.untrusted(String(error)));
  }
  const { pushManager } = await navigator.serviceWorker.ready;
  const before = await pushManager.getSubscription();
  try {
    return await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
  } catch (error) {
    if (before === null || !(error instanceof DOMException) || error.name !== "InvalidStateError")
      throw new Error(words.refused(String(error)));
  }
  await before.unsubscribe(); // it was made with another key: that of a server of before
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
}

/** Tells the server where this browser is. */
async function send(own: PushSubscription): Promise<PushBrowsers> {
  const { p256dh = "", auth = "" } = own.toJSON().keys ?? {};
  const kept = await connection.call("push.subscribe", { endpoint: own.endpoint, p256dh, auth });
  wantsPush(true);
  return kept;
}

/** Lets this browser be told. Rejects with words of what does not work. */
export async function turnOn(): Promise<PushBrowsers> {
  if ((await Notification.requestPermission()) !== "granted") throw new Error(words.denied);
  const { public_key } = await connection.call("push.key", {});
  const own = await subscribe(public_key);
  try {
    return await send(own);
  } catch (error) {
    await own.unsubscribe();
    throw error;
  }
}

/** Lets a browser be told no more: this one, or another. */
export async function turnOff(browser: PushBrowser): Promise<PushBrowsers> {
  const own = await subscription();
  const isOwn = own !== null && (await digestOf(own)) === browser.digest;
  const left = await connection.call("push.unsubscribe", { id: browser.id });
  if (isOwn) {
    wantsPush(false);
    await own.unsubscribe();
  }
  return left;
}

/** Lets what the browser has and what the server has be the same again. */
export async function agree(): Promise<void> {
  const { offered, browsers } = await connection.call("push.list", {});
  if (!offered) return;
  const own = await subscription();
  const kept = await entryOf(own, browsers);
  if (kept?.here) return;
  const mine = browsers.find(one => one.here);
  if (own !== null && (kept !== null || mine !== undefined)) {
    await send(own); // it has another address now, or comes by another login of the same person
    return;
  }
  wantsPush(false);
  if (mine !== undefined) await connection.call("push.unsubscribe", { id: mine.id });
  await own?.unsubscribe();
  toast(words.ended);
}

/** Shows something by the service worker, in whose place its own message of the same id would come; false where there is none. */
export async function showByWorker(text: string, id: string, session: string): Promise<boolean> {
  const found = await worker();
  if (found?.active == null) return false;
  await found.showNotification(text, { tag: id, data: { session } });
  return true;
}
