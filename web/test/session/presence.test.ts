// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Connection } from "../../src/rpc/connection.ts";
import type { Presence, Verb } from "../../src/rpc/schema.ts";
import { right, setRight } from "../../src/session/permissions.ts";
import { asked, following, people, watchPeople } from "../../src/session/presence.ts";
import { SessionStore } from "../../src/session/store.ts";
import { toasts } from "../../src/ui/notices.ts";
import { FakeWorld, settle } from "../world.ts";

let world: FakeWorld;
let store: SessionStore;
const follower = { observe: vi.fn(), stop: vi.fn() };

const notify = (verb: Verb, asks: string | null = null, session = "s"): void => {
  const me = { id: "1", person: "p", name: "me", verb, is_guest: true, cell: null, selection: null, is_idle: false, asks };
  const params = { session, you: "1", more: 0, people: [me] } as unknown as Presence;
  world.last.say({ jsonrpc: "2.0", method: "presence", params });
};

beforeEach(() => {
  world = new FakeWorld();
  const connection = new Connection(world);
  connection.start();
  store = new SessionStore(connection, "s");
  world.last.open();
  toasts.value = [];
  follower.observe.mockReset();
  follower.stop.mockReset();
});
afterEach(() => setRight(null));

describe("presence", () => {
  test("fetches what follows people once, and gives it the newest notification", async () => {
    const fetch = vi.fn(async () => () => follower);
    const stop = watchPeople(store, fetch);
    expect(fetch).not.toHaveBeenCalled();
    notify("read");
    notify("write");
    await settle();
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(follower.observe.mock.calls.map(([one]) => one.people[0].verb)).toEqual(["write"]);
    notify("write");
    expect(follower.observe).toHaveBeenCalledTimes(2);
    stop();
    expect(follower.stop).toHaveBeenCalledTimes(1);
  });

  test("makes none when the session is left before its code has come", async () => {
    const make = vi.fn(() => follower);
    const stop = watchPeople(store, async () => make);
    notify("read");
    stop();
    await settle();
    expect(make).not.toHaveBeenCalled();
  });

  test("knows the own right, and when a request to edit is granted", () => {
    const stop = watchPeople(store, async () => () => follower);
    notify("own", null, "other");
    expect(right.value).toBe(null);
    notify("read", "waiting");
    expect([right.value, asked.value]).toEqual(["read", "waiting"]);
    notify("write");
    expect([right.value, asked.value, toasts.value.at(-1)?.text]).toEqual(["write", null, "You can edit now."]);
    stop();
  });

  test("tells the right in the session, whatever the server says of others; it ends with the session", () => {
    setRight("own");
    store.verb.value = "read"; // the answer to the subscription
    const stop = watchPeople(store, async () => () => follower);
    expect(right.value).toBe("read");
    notify("execute");
    setRight("own"); // asked once a minute
    expect(right.value).toBe("execute");
    stop();
    expect(right.value).toBe("own");
  });

  test("is forgotten with the connection, and following with the session", () => {
    const stop = watchPeople(store, async () => () => follower);
    people.value = [{} as (typeof people.value)[number]];
    following.value = "p";
    world.last.fail();
    expect([people.value, following.value]).toEqual([[], "p"]);
    stop();
    expect(following.value).toBe(null);
  });
});
