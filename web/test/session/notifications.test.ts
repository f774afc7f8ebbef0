// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import type { Notified } from "../../src/rpc/schema.ts";
import { connection, phase } from "../../src/session/connection.ts";
import { ask, awaited, keyOf, take } from "../../src/session/notifications.ts";
import { remember } from "../../src/session/shown_ids.ts";
import { toasts } from "../../src/ui/notices.ts";

const told = (id: string, more: Partial<Notified> = {}): Notified => ({
  id,
  session: "s1",
  title: "May",
  executions: ["e1"],
  status: "ok",
  duration_s: 3,
  ended: "2026-01-01T00:00:00Z",
  text: `Finished after 3.0 s: ${id}.`,
  url: "http://host/s/s1",
  ...more,
});

const shown: { title: string; tag: string | undefined }[] = [];

class FakeNotification {
  static permission = "granted";
  static requestPermission = vi.fn(() => Promise.resolve("granted"));
  onclick: (() => void) | null = null;
  constructor(title: string, options: { tag?: string }) {
    shown.push({ title, tag: options.tag });
  }
}

let calls: MockInstance;
let waiting: MockInstance;
const confirmed = (): unknown[] => calls.mock.calls.filter(([method]) => method === "notification.confirm").map(([, params]) => params);

/** Takes one, and waits until so many are confirmed. */
async function taken(one: Notified, count: number): Promise<void> {
  take(one);
  await vi.waitFor(() => expect(confirmed().length).toBe(count));
}

function looking(isVisible: boolean, hasFocus: boolean): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(isVisible ? "visible" : "hidden");
  vi.spyOn(document, "hasFocus").mockReturnValue(hasFocus);
}

beforeEach(() => {
  shown.length = 0;
  toasts.value = [];
  awaited.value = new Set();
  FakeNotification.permission = "granted";
  FakeNotification.requestPermission.mockClear();
  vi.stubGlobal("Notification", FakeNotification);
  waiting = vi.spyOn(document, "addEventListener");
  calls = vi.spyOn(connection, "call").mockResolvedValue({ waiting: [], ways: [] } as never);
});

afterEach(() => {
  phase.value = "connecting";
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("notifications", () => {
  test("are notes for who looks, and the system's for who does not", async () => {
    looking(true, true);
    await taken(told("a"), 1);
    looking(true, false);
    await taken(told("b"), 2);
    expect(toasts.value.map(one => one.text)).toEqual(["Finished after 3.0 s: a."]);
    expect(shown).toEqual([{ title: "Finished after 3.0 s: b.", tag: "b" }]);
    expect(confirmed()).toEqual([
      { id: "a", seen: true },
      { id: "b", seen: false },
    ]);
  });

  test("come once, whatever the server sends", async () => {
    looking(true, true);
    await taken(told("c"), 1);
    await taken(told("c"), 2);
    looking(false, false);
    await taken(told("c"), 3);
    expect(toasts.value.length).toBe(1);
    expect(shown).toEqual([]);
    expect(confirmed()).toEqual([true, false, false].map(seen => ({ id: "c", seen })));
  });

  test("are not shown that the service worker has shown", async () => {
    await remember("d");
    looking(true, true);
    await taken(told("d"), 1);
    expect([toasts.value, shown, confirmed()]).toEqual([[], [], [{ id: "d", seen: false }]]);
  });

  test("wait for somebody to look where the system shows none", async () => {
    FakeNotification.permission = "denied";
    looking(false, false);
    take(told("e", { status: "error" }));
    await vi.waitFor(() => expect(waiting).toHaveBeenCalledWith("visibilitychange", expect.anything(), { once: true }));
    expect([toasts.value, confirmed()]).toEqual([[], []]);
    looking(true, true);
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.waitFor(() => expect(confirmed()).toEqual([{ id: "e", seen: true }]));
    expect(toasts.value.map(one => one.bad)).toEqual([true]);
  });

  test("are listened for on every line, and say what is awaited", async () => {
    calls.mockResolvedValue({ waiting: [{ id: "a", session: "s1", executions: ["e1", "e2"], asked: "" }], ways: [] } as never);
    phase.value = "live";
    await vi.waitFor(() => expect([...awaited.value]).toEqual([keyOf("s1", "e1"), keyOf("s1", "e2")]));
    looking(true, true);
    take(told("f", { executions: ["e1", "e2"] }));
    expect([...awaited.value]).toEqual([]);
  });

  test("are asked for, and taken back; the first time the browser asks, too", async () => {
    FakeNotification.permission = "default";
    await ask("s1", "e1", true);
    expect([...awaited.value]).toEqual([keyOf("s1", "e1")]);
    expect(FakeNotification.requestPermission).toHaveBeenCalledTimes(1);
    await ask("s1", "e1", false);
    expect(awaited.value.size).toBe(0);
    expect(calls.mock.calls.map(([method]) => method)).toEqual(["notification.ask", "notification.withdraw"]);
  });
});
