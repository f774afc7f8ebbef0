import { beforeEach, describe, expect, test } from "vitest";
import { remember } from "../../src/session/shown_ids.ts";
import { serve } from "../../src/worker/push_worker.ts";
import type { Lasting, Scope, Shown, Window } from "../../src/worker/scope.ts";

type Listener = (event: Lasting & { data: { json(): unknown } | null; notification: Shown }) => void;

/** The surroundings of a service worker. */
class FakeScope {
  readonly listeners = new Map<string, Listener>();
  readonly log: unknown[] = [];
  there: Shown[] = [];
  windows: Window[] = [];
  work: Promise<unknown> = Promise.resolve();
  readonly registration = {
    scope: "https://host/lab/",
    getNotifications: async ({ tag }: { tag: string }) => this.there.filter(one => one.tag === tag),
    showNotification: async (title: string, { tag = "", data, silent }: NotificationOptions) => {
      this.log.push({ title, tag, silent });
      this.there = [...this.there.filter(one => one.tag !== tag), this.shown(tag, data)];
    },
  };
  readonly clients = {
    matchAll: async () => this.windows,
    openWindow: async (url: string) => this.log.push({ opened: url }),
  };

  shown(tag: string, data: unknown): Shown {
    return { tag, data, close: () => (this.there = this.there.filter(one => one.tag !== tag)) };
  }

  window(url: string, visibilityState: string): Window {
    return { url, visibilityState, focus: async () => this.log.push({ focused: url }) };
  }

  skipWaiting = async (): Promise<void> => void this.log.push("skipped");
  addEventListener(name: string, listener: unknown): void {
    this.listeners.set(name, listener as Listener);
  }

  async tell(name: string, event: { data?: { json(): unknown } | null; notification?: Shown }): Promise<void> {
    const { data = null, notification = this.shown("", null) } = event;
    this.listeners.get(name)?.({ data, notification, waitUntil: work => (this.work = work) });
    await this.work;
  }

  push(id: string): Promise<void> {
    return this.tell("push", { data: { json: () => ({ id, text: `Finished: ${id}`, session: "s 1" }) } });
  }
}

let scope: FakeScope;

beforeEach(() => {
  scope = new FakeScope();
  serve(scope as unknown as Scope);
});

describe("the service worker", () => {
  test("answers no fetch, and takes the place of an older one at once", async () => {
    expect([...scope.listeners.keys()]).toEqual(["install", "push", "notificationclick"]);
    await scope.tell("install", {});
    expect(scope.log).toEqual(["skipped"]);
  });

  test("shows each message once", async () => {
    await scope.push("a");
    expect(scope.log).toEqual([{ title: "Finished: a", tag: "a", silent: false }]);
    await scope.push("a");
    expect(scope.log.slice(1)).toEqual([{ title: "Finished: a", tag: "a", silent: true }]);
    expect(scope.there.map(one => one.tag)).toEqual(["a"]);
  });

  test("takes away at once what was shown and closed before", async () => {
    await remember("b");
    await scope.push("b");
    expect(scope.there).toEqual([]);
    expect(scope.log).toEqual([{ title: "Finished: b", tag: "b", silent: true }]);
  });

  test("leaves it to a page that can be seen and has shown it", async () => {
    scope.windows = [scope.window("https://host/lab/", "visible")];
    await remember("c");
    await scope.push("c");
    expect(scope.log).toEqual([]);
    await scope.push("d");
    expect(scope.log.length).toBe(1);
  });

  test("takes nothing that is no message", async () => {
    const wrong = [null, { json: () => 1 }, { json: () => ({ id: "x" }) }, { json: () => JSON.parse("{") }];
    for (const data of wrong) await scope.tell("push", { data });
    expect(scope.log).toEqual([]);
  });

  test("brings the page of the session to the front, or opens it below the base URL", async () => {
    const click = { notification: scope.shown("a", { session: "s 1" }) };
    scope.windows = [scope.window("https://host/lab/s/other", "hidden")];
    await scope.tell("notificationclick", click);
    scope.windows.push(scope.window("https://host/lab/s/s%201?x#cell", "hidden"));
    await scope.tell("notificationclick", click);
    await scope.tell("notificationclick", { notification: scope.shown("a", null) });
    expect(scope.log).toEqual([
      { opened: "https://host/lab/s/s%201" },
      { focused: "https://host/lab/s/s%201?x#cell" },
      { opened: "https://host/lab/" },
    ]);
  });
});
