/** The stores that a test has opened, ended behind it: one that waits for the server to take an edit would go on past the test's own page. */
import { afterEach } from "vitest";
import { Connection } from "../src/rpc/connection.ts";
import type { AnyEvent } from "../src/rpc/schema.ts";
import { SessionStore } from "../src/session/store.ts";
import { numbered } from "./log.ts";
import { FakeWorld, settle } from "./world.ts";

const OPEN: SessionStore[] = [];

afterEach(() => {
  for (const store of OPEN.splice(0)) {
    store.close();
    store.unsent.value = 0;
  }
});

/** Ends a store at the end of the test. */
export function endLater(store: SessionStore): void {
  OPEN.push(store);
}

/** A session whose events have all come, over a connection that the test answers. */
export async function openSession(log: readonly AnyEvent[]) {
  localStorage.clear();
  const world = new FakeWorld();
  const connection = new Connection(world);
  connection.start();
  const store = new SessionStore(connection, "s");
  store.open();
  endLater(store);
  world.last.open();
  const events = (list: readonly AnyEvent[]): void =>
    world.last.say({ jsonrpc: "2.0", method: "events", params: { session: "s", first: list[0]?.seq ?? 1, events: list } });
  world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: log.length });
  events(log);
  await settle();
  const calls = (method: string): unknown[] => world.last.sent.filter(one => one.method === method).map(one => one.params);
  /** What comes after the log. */
  const more = (...bodies: Parameters<typeof numbered>[0]): void => {
    const start = store.model.seq;
    events(numbered(bodies).map((event, at) => ({ ...event, seq: start + at + 1 })));
    store.flush();
  };
  return { world, connection, store, events, calls, more };
}
