// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import type { PushBrowser } from "../../src/rpc/schema.ts";
import { connection } from "../../src/session/connection.ts";
import { agree, obstacle, ownAmong, showByWorker, turnOff, turnOn } from "../../src/session/push.ts";
import { isPushWanted, wantsPush } from "../../src/session/push_wanted.ts";
import { pushWords as words } from "../../src/text/push.ts";
import { toasts } from "../../src/ui/notices.ts";

const KEY = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
const ENDPOINT = "https://push.example/1";

class FakeSubscription {
  ended = false;
  constructor(readonly endpoint: string) {}
  toJSON = () => ({ endpoint: this.endpoint, keys: { p256dh: "k", auth: "s" } });
  unsubscribe = async (): Promise<boolean> => {
    this.ended = true;
    if (subscribed === this) subscribed = null;
    return true;
  };
}

let subscribed: FakeSubscription | null;
let subscribe: MockInstance;
let calls: MockInstance;
let browsers: PushBrowser[];
let permission: string;
const shown = vi.fn(async () => undefined);

async function row(endpoint: string, more: Partial<PushBrowser> = {}): Promise<PushBrowser> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint)));
  const digest = [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
  return { id: "b1", browser: "Firefox on Linux", service: "push.example", since: "2026-01-01T00:00:00Z", digest, here: true, ...more };
}

const made = (): string[] => calls.mock.calls.map(([method]) => method);

beforeEach(async () => {
  subscribed = null;
  permission = "granted";
  browsers = [await row(ENDPOINT)];
  toasts.value = [];
  wantsPush(false);
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("PushManager", class {});
  vi.stubGlobal("Notification", { permission: "default", requestPermission: async () => permission });
  subscribe = vi.fn(async () => {
    subscribed = new FakeSubscription(ENDPOINT);
    return subscribed;
  });
  const pushManager = { subscribe, getSubscription: async () => subscribed };
  const registration = { scope: `${location.origin}/`, active: {}, pushManager, showNotification: shown };
  const container = {
    register: vi.fn(async () => registration),
    ready: Promise.resolve(registration),
    getRegistration: async () => registration,
  };
  Object.defineProperty(navigator, "serviceWorker", { value: container, configurable: true });
  calls = vi.spyOn(connection, "call").mockImplementation((async (method: string) => {
    if (method === "push.key") return { public_key: KEY };
    if (method === "push.unsubscribe") browsers = [];
    return { offered: true, browsers };
  }) as never);
});

afterEach(() => {
  Reflect.deleteProperty(navigator, "serviceWorker");
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("turning it on and off", () => {
  test("subscribes with the key of the server, and says where", async () => {
    const list = await turnOn();
    expect(made()).toEqual(["push.key", "push.subscribe"]);
    expect(calls.mock.calls[1]?.[1]).toEqual({ endpoint: ENDPOINT, p256dh: "k", auth: "s" });
    expect(subscribe.mock.calls).toEqual([[{ userVisibleOnly: true, applicationServerKey: expect.objectContaining({ length: 65 }) }]]);
    expect(navigator.serviceWorker.register).toHaveBeenCalledWith("/push-worker.js", { scope: "/", updateViaCache: "none" });
    expect(isPushWanted()).toBe(true);
    const own = await ownAmong(list.browsers);
    expect(own?.id).toBe("b1");
    const before = subscribed;
    if (own !== null) await turnOff(own);
    expect([before?.ended, isPushWanted()]).toEqual([true, false]);
  });

  test("says what does not work", async () => {
    permission = "denied";
    await expect(turnOn()).rejects.toThrow(words.denied);
    permission = "granted";
    subscribe.mockRejectedValueOnce(new DOMException("no service", "AbortError"));
    await expect(turnOn()).rejects.toThrow("could not subscribe");
    vi.mocked(navigator.serviceWorker.register).mockRejectedValueOnce(new DOMException("bad certificate", "SecurityError"));
    await expect(turnOn()).rejects.toThrow("trusts the certificate");
    expect(isPushWanted()).toBe(false);
  });

  test("takes back what the server does not take, and a subscription with another key", async () => {
    calls.mockImplementation((async (method: string) => {
      if (method === "push.key") return { public_key: KEY };
      throw new Error("no push service");
    }) as never);
    await expect(turnOn()).rejects.toThrow("no push service");
    expect(subscribed).toBeNull();
    const old = new FakeSubscription("https://push.example/0");
    subscribed = old;
    calls.mockResolvedValue({ public_key: KEY, offered: true, browsers } as never);
    subscribe.mockRejectedValueOnce(new DOMException("another key", "InvalidStateError"));
    await turnOn();
    expect([old.ended, subscribe.mock.calls.length]).toEqual([true, 3]);
  });

  test("knows where it cannot work", () => {
    expect(obstacle()).toBeNull();
    vi.stubGlobal("Notification", { permission: "denied" });
    expect(obstacle()).toBe(words.denied);
    vi.stubGlobal("isSecureContext", false);
    expect(obstacle()).toBe(words.insecure);
    vi.stubGlobal("isSecureContext", true);
    Reflect.deleteProperty(navigator, "serviceWorker");
    expect(obstacle()).toBe(words.none);
  });
});

describe("agreeing with the server", () => {
  test("changes nothing where both have the same", async () => {
    await turnOn();
    calls.mockClear();
    await agree();
    expect(made()).toEqual(["push.list"]);
  });

  test("tells it another address, and another login of the same person", async () => {
    await turnOn();
    for (const one of [await row("https://push.example/0"), await row(ENDPOINT, { here: false })]) {
      browsers = [one];
      calls.mockClear();
      await agree();
      expect(made()).toEqual(["push.list", "push.subscribe"]);
    }
  });

  test("ends what is somebody else's, or was removed, and says so", async () => {
    await turnOn();
    const before = subscribed;
    browsers = [await row("https://push.example/phone", { here: false })];
    await agree();
    expect([before?.ended, isPushWanted()]).toEqual([true, false]);
    expect(toasts.value.map(one => one.text)).toEqual([words.ended]);
  });

  test("removes what the browser has no more", async () => {
    await turnOn();
    subscribed = null;
    await agree();
    expect(made().at(-1)).toBe("push.unsubscribe");
  });
});

test("a page shows by the service worker, where there is one", async () => {
  expect(await showByWorker("Finished", "a", "s1")).toBe(true);
  expect(shown).toHaveBeenCalledWith("Finished", { tag: "a", data: { session: "s1" } });
  Object.defineProperty(navigator, "serviceWorker", { value: { getRegistration: async () => undefined }, configurable: true });
  expect(await showByWorker("Finished", "a", "s1")).toBe(false);
});
