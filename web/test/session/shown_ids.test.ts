import { afterEach, describe, expect, test, vi } from "vitest";

type Done = { onsuccess?: () => void; onerror?: () => void; onupgradeneeded?: () => void; result?: unknown; error?: unknown };

/** A request that succeeds with a value, a moment later. */
function request(result: unknown): Done {
  const made: Done = { result };
  queueMicrotask(() => made.onsuccess?.());
  return made;
}

/** A database with the one store that is used, which all that open it share. */
function fakeDatabase(ids: Map<number, string>): unknown {
  let last = 0;
  const store = {
    add: (id: string) => request(ids.set(++last, id) && last),
    getAllKeys: () => request([...ids.keys()]),
    delete: (key: number) => request(void ids.delete(key)),
    index: () => ({ count: (id: string) => request([...ids.values()].filter(one => one === id).length) }),
  };
  const database = {
    createObjectStore: () => ({ createIndex: vi.fn() }),
    transaction: () => ({ objectStore: () => store }),
    close: vi.fn(),
  };
  return {
    open: () => {
      const made: Done = { result: database };
      queueMicrotask(() => {
        made.onupgradeneeded?.();
        made.onsuccess?.();
      });
      return made;
    },
  };
}

/** The module as a page, or the service worker, has it that has just begun. */
async function begun(): Promise<typeof import("../../src/session/shown_ids.ts")> {
  vi.resetModules();
  return import("../../src/session/shown_ids.ts");
}

afterEach(() => vi.unstubAllGlobals());

describe("what was shown", () => {
  test("is known to all pages and to the service worker", async () => {
    vi.stubGlobal("indexedDB", fakeDatabase(new Map()));
    const page = await begun();
    expect(await page.wasShown("a")).toBe(false);
    await page.remember("a");
    const worker = await begun();
    expect([await worker.wasShown("a"), await worker.wasShown("b")]).toEqual([true, false]);
  });

  test("is forgotten when it is a thousand ago", async () => {
    const ids = new Map(Array.from({ length: 1000 }, (_, number) => [number - 1000, `old ${number}`]));
    vi.stubGlobal("indexedDB", fakeDatabase(ids));
    await (await begun()).remember("new");
    const page = await begun();
    expect([ids.size, await page.wasShown("old 0"), await page.wasShown("old 1"), await page.wasShown("new")]).toEqual([
      1000,
      false,
      true,
      true,
    ]);
  });

  test("is known to this page alone where the browser keeps nothing", async () => {
    const refused = { open: () => ({ set onerror(call: () => void) { queueMicrotask(call); }, error: null }) }; // biome-ignore format: one line
    for (const without of [undefined, refused]) {
      vi.stubGlobal("indexedDB", without);
      const page = await begun();
      await page.remember("a");
      expect([await page.wasShown("a"), await page.wasShown("b")]).toEqual([true, false]);
    }
  });
});

describe("alone", () => {
  test("lets nobody else of the browser in between", async () => {
    const held: string[] = [];
    vi.stubGlobal("navigator", { locks: { request: async (name: string, work: () => Promise<void>) => held.push(name) && work() } });
    const { alone } = await begun();
    const work = vi.fn(async () => undefined);
    await alone(work);
    expect([held, work.mock.calls.length]).toEqual([["webipy-notified"], 1]);
  });

  test("does without where there are no locks", async () => {
    vi.stubGlobal("navigator", {});
    const { alone } = await begun();
    const work = vi.fn(async () => undefined);
    await alone(work);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
