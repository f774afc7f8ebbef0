// @vitest-environment happy-dom
import { describe, expect, test, vi } from "vitest";
import { Connection } from "../../src/rpc/connection.ts";
import type { AnyEvent } from "../../src/rpc/schema.ts";
import { FIRST_CELL, SessionStore } from "../../src/session/store.ts";
import { numbered } from "../log.ts";
import { endLater } from "../stores.ts";
import { FakeWorld, settle } from "../world.ts";

const LOG = numbered([
  { type: "session_created", session: "s", title: "t" },
  { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "1" },
  { type: "execution_queued", execution: "r", code: "1", cell: "a" },
  { type: "execution_started", execution: "r", execution_count: 1 },
  { type: "output_added", execution: "r", output: { output_type: "stream", name: "stdout", text: "one\ntwo\n" } },
  { type: "output_added", execution: "r", output: { output_type: "display_data", data: { "image/png": "" }, metadata: {} } },
  { type: "execution_finished", execution: "r", status: "ok", duration_s: 1 },
]);

function opened() {
  localStorage.clear();
  const world = new FakeWorld();
  const connection = new Connection(world);
  connection.start();
  const store = new SessionStore(connection, "s");
  store.open();
  endLater(store);
  world.last.open();
  const events = (list: AnyEvent[]) =>
    world.last.say({ jsonrpc: "2.0", method: "events", params: { session: "s", first: list[0]?.seq ?? 1, events: list } });
  return { world, connection, store, events };
}

describe("a session in the page", () => {
  test("is ready when everything up to the subscription has come, in whatever order it comes", async () => {
    const { world, store, events } = opened();
    events(LOG.slice(0, 3));
    expect(store.loadState.value).toBe("opening");
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 7 });
    await settle();
    expect(store.loadState.value).toBe("opening");
    events(LOG.slice(3));
    expect(store.loadState.value).toBe("ready");
    expect(store.model.seq).toBe(7);
    expect(store.chunks.value.map(chunk => chunk.cells)).toEqual([["a"]]);
  });

  test("tells steadily that edits are on their way, however often they come and go", () => {
    vi.useFakeTimers();
    const { store } = opened();
    let pending = 0;
    const told: number[] = [];
    const stop = store.sending.subscribe(sending => void told.push(sending));
    const nothing = (): void => {};
    store.drafts.set("a", {
      text: () => "",
      pending: () => pending,
      receive: nothing,
      push: nothing,
      insert: () => false,
      caret: () => 0,
      placeAt: () => null,
      range: () => null,
      putCaret: () => false,
      press: nothing,
      restart: nothing,
    });
    for (let key = 0; key < 10; key++)
      for (const now of [1, 0]) {
        pending = now;
        store.drafted("a");
        expect(store.unsent.value).toBe(now);
        vi.advanceTimersByTime(50);
      }
    expect(told).toEqual([0, 1]);
    vi.advanceTimersByTime(500);
    expect(told).toEqual([0, 1, 0]);
    stop();
    vi.useRealTimers();
  });

  test("subscribes again after the last event it has seen, and says what was missed", async () => {
    const { world, connection, store, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 4 });
    await settle();
    events(LOG.slice(0, 4));
    world.last.fail();
    connection.retryNow();
    world.last.open();
    expect(world.last.sent.find(one => one.method === "session.subscribe")?.params).toEqual({ session: "s", since: 4, snapshot: false });
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 7 });
    await settle();
    events(LOG.slice(4));
    expect(store.caughtUp.value).toMatchObject({ absence: "offline", lines: 2, figures: 1 });
    expect(store.missed.get("r")).toEqual({ absence: "offline", lines: 2 });
  });

  test("a gap is asked for again and never shown", async () => {
    const { world, store, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 7 });
    await settle();
    events(LOG.slice(0, 2));
    events(LOG.slice(4));
    expect(store.model.seq).toBe(2);
    const asked = world.last.sent.filter(one => one.method === "session.subscribe").map(one => one.params);
    expect(asked).toEqual([
      { session: "s", since: 0, snapshot: true },
      { session: "s", since: 2, snapshot: false },
    ]);
  });

  test("an empty session gets one cell of a fixed name", async () => {
    const { world, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 1 });
    await settle();
    events(LOG.slice(0, 1));
    expect(world.last.sent.find(one => one.method === "cell.insert")?.params).toMatchObject({ session: "s", id: FIRST_CELL, after: null });
  });

  test("a session that had cells gets none", async () => {
    const { world, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 3 });
    await settle();
    events(
      numbered([
        { type: "session_created", session: "s", title: "t" },
        { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "" },
        { type: "cell_deleted", cell: "a" },
      ]),
    );
    expect(world.last.sent.some(one => one.method === "cell.insert")).toBe(false);
  });

  test("a cell that is made here is shown at once, and the server's event changes nothing about it", async () => {
    const { world, store, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 2 });
    await settle();
    events(LOG.slice(0, 2));
    const cell = store.insert("a", "code", "2");
    expect(store.order).toEqual(["a", cell]);
    expect(store.sourceOf(cell)).toBe("2");
    const inserted = {
      type: "cell_inserted" as const,
      seq: 3,
      time: "2026-01-01T00:00:00Z",
      cell,
      after: "a",
      cell_type: "code" as const,
      source: "2",
    };
    events([inserted]);
    store.flush();
    expect(store.order).toEqual(["a", cell]);
    expect(store.model.order).toEqual(["a", cell]);
  });

  test("a cell that is told of and deleted in one go is gone", async () => {
    const { world, store, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 2 });
    await settle();
    events(LOG.slice(0, 2));
    const cell = store.insert("a", "code", "2");
    const head = { time: "2026-01-01T00:00:00Z", cell };
    events([
      { ...head, type: "cell_inserted", seq: 3, after: "a", cell_type: "code", source: "2" },
      { ...head, type: "cell_deleted", seq: 4 },
    ]);
    store.flush();
    expect(store.order).toEqual(["a"]);
  });

  test("a cell that the server refuses goes away again", async () => {
    const { world, store, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 2 });
    await settle();
    events(LOG.slice(0, 2));
    store.insert("a", "code", "2");
    world.last.refuse("cell.insert", "too_large");
    await settle();
    expect(store.order).toEqual(["a"]);
  });

  test("a cell whose place is gone comes to the end", async () => {
    const { world, store, events } = opened();
    world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: 2 });
    await settle();
    events(LOG.slice(0, 2));
    store.insert("deleted", "code", "2");
    world.last.refuse("cell.insert", "not_found");
    await settle();
    expect(world.last.sent.at(-1)?.params).toMatchObject({ after: "a", source: "2" });
  });

  test("a session that does not exist is told apart from other refusals", async () => {
    const { world, store } = opened();
    world.last.refuse("session.subscribe", "not_found");
    await settle();
    expect(store.loadState.value).toBe("missing");
    expect(store.problem.value).toBe("refused: not_found");
  });
});
