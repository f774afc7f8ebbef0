import { describe, expect, test } from "vitest";
import { ANSWER_LIMIT_MS, Connection, CROWDED_WAIT_MS, FIRST_WAIT_MS, IDLE_CHECK_MS, LONGEST_WAIT_MS } from "../../src/rpc/connection.ts";
import { LineLost, RpcFailure } from "../../src/rpc/messages.ts";
import { FakeWorld, settle } from "../world.ts";

function started() {
  const world = new FakeWorld();
  const connection = new Connection(world);
  const phases: string[] = [];
  connection.onPhase(phase => phases.push(phase));
  connection.start();
  return { world, connection, phases };
}

function live() {
  const all = started();
  all.world.last.open();
  return all;
}

describe("the connection machine", () => {
  test("goes live when the socket opens", () => {
    const { connection, phases } = live();
    expect(phases).toEqual(["connecting", "live"]);
    expect(connection.downSince).toBeNull();
  });

  test("a handshake that fails is asked about: not signed in ends it", async () => {
    const { world, phases } = started();
    world.probed = "signed_out";
    world.last.fail();
    await settle();
    expect(phases).toEqual(["connecting", "ended"]);
    world.advance(LONGEST_WAIT_MS * 10);
    expect(world.sockets.length).toBe(1);
  });

  test("a server that is out of reach is tried again, ever more slowly, up to ten seconds", async () => {
    const { world } = started();
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      const before = world.now();
      const sockets = world.sockets.length;
      world.last.fail();
      await settle();
      while (world.sockets.length === sockets) world.advance(50);
      waits.push(world.now() - before);
    }
    expect(waits.slice(0, 4)).toEqual([FIRST_WAIT_MS, 2 * FIRST_WAIT_MS, 4 * FIRST_WAIT_MS, 8 * FIRST_WAIT_MS]);
    expect(waits[7]).toBe(LONGEST_WAIT_MS);
  });

  test("waits differ by chance, between half and all of the time", async () => {
    const { world } = started();
    world.chance = 0;
    world.last.fail();
    await settle();
    world.advance(FIRST_WAIT_MS / 2 - 1);
    expect(world.sockets.length).toBe(1);
    world.advance(1);
    expect(world.sockets.length).toBe(2);
  });

  test("a live line that breaks comes back, without a probe", async () => {
    const { world, connection, phases } = live();
    world.last.fail(1006);
    expect(connection.downSince).toBe(0);
    world.advance(FIRST_WAIT_MS);
    world.last.open();
    expect(world.probes).toBe(0);
    expect(phases).toEqual(["connecting", "live", "waiting", "connecting", "live"]);
  });

  test("retryNow does not wait on", () => {
    const { world, connection } = live();
    world.last.fail();
    connection.retryNow();
    expect(world.sockets.length).toBe(2);
    connection.retryNow();
    expect(world.sockets.length).toBe(2);
  });

  test("close code 4401 ends it, and start begins again", () => {
    const { world, connection, phases } = live();
    world.last.fail(4401);
    expect(phases.at(-1)).toBe("ended");
    connection.start();
    world.last.open();
    expect(phases.at(-1)).toBe("live");
  });

  test("close code 4429 says that there are too many lines: the next one waits longer, and a word of the server ends that", () => {
    const { world, connection, phases } = live();
    world.last.fail(4429);
    expect([phases.at(-1), connection.crowded]).toEqual(["waiting", true]);
    world.advance(CROWDED_WAIT_MS - 1);
    expect(world.sockets.length).toBe(1);
    world.advance(1);
    expect(world.sockets.length).toBe(2);
    world.last.open();
    expect(connection.crowded).toBe(true);
    world.last.fail(4429);
    connection.retryNow();
    world.last.open();
    world.last.say({ jsonrpc: "2.0", method: "events", params: {} });
    expect(connection.crowded).toBe(false);
  });

  test("a line that went silent is given up and replaced", () => {
    const { world, connection } = live();
    const silent = world.last;
    world.advance(IDLE_CHECK_MS);
    expect(silent.sent.at(-1)?.method).toBe("server.sync");
    world.advance(ANSWER_LIMIT_MS);
    expect(silent.closed).toBe(true);
    expect(connection.phase).toBe("waiting");
  });

  test("a line that answers the question is kept", () => {
    const { world, connection } = live();
    let answered = 0;
    for (let second = 0; second < 200; second++) {
      world.advance(1000);
      const asked = world.last.sent.filter(one => one.method === "server.sync").length;
      if (asked > answered) world.last.answer("server.sync", {});
      answered = asked;
    }
    expect(answered).toBeGreaterThan(5);
    expect(connection.phase).toBe("live");
    expect(world.sockets.length).toBe(1);
  });

  test("what an old socket still says is not heard", () => {
    const { world, connection } = live();
    const heard: string[] = [];
    connection.onNotification(one => heard.push(one.method));
    const old = world.last;
    old.fail();
    connection.retryNow();
    world.last.open();
    old.say({ jsonrpc: "2.0", method: "events", params: {} });
    expect(heard).toEqual([]);
  });
});

describe("calls", () => {
  test("are answered by their id, in any order", async () => {
    const { world, connection } = live();
    const one = connection.call("session.list", {});
    const two = connection.call("kernelspec.list", {});
    world.last.answer("kernelspec.list", { kernelspecs: [] });
    world.last.answer("session.list", { sessions: [] });
    expect(await one).toEqual({ sessions: [] });
    expect(await two).toEqual({ kernelspecs: [] });
  });

  test("a failure carries its name, its message and its facts", async () => {
    const { world, connection } = live();
    const call = connection.call("cell.edit", { session: "s", cell: "c", version: 1, changes: [] });
    world.last.refuse("cell.edit", "stale_version", { version: 7 });
    const error = await call.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(RpcFailure);
    expect(error).toMatchObject({ kind: "stale_version", message: "refused: stale_version", facts: { version: 7 } });
  });

  test("without a line, and when it breaks, a call says so", async () => {
    const { world, connection } = started();
    await expect(connection.call("session.list", {})).rejects.toBeInstanceOf(LineLost);
    world.last.open();
    const call = connection.call("session.list", {});
    world.last.fail();
    await expect(call).rejects.toBeInstanceOf(LineLost);
  });

  test("a durable call is made again on the next line until it is answered", async () => {
    const { world, connection } = live();
    const call = connection.durable("cell.insert", { session: "s", id: "first" });
    world.last.fail();
    await settle();
    expect(connection.held).toBe(1);
    connection.retryNow();
    world.last.open();
    await settle();
    world.last.answer("cell.insert", { cell: "first", seq: 3, version: 0 });
    expect(await call).toEqual({ cell: "first", seq: 3, version: 0 });
    expect(world.sockets.map(socket => socket.sent.filter(one => one.method === "cell.insert").length)).toEqual([1, 1]);
  });

  test("a durable call that is refused is not repeated", async () => {
    const { world, connection } = live();
    const call = connection.durable("cell.insert", { session: "s", id: "first" });
    world.last.refuse("cell.insert", "too_large");
    await expect(call).rejects.toMatchObject({ kind: "too_large" });
  });

  test("batches of answers are taken one by one", async () => {
    const { world, connection } = live();
    const call = connection.call("session.list", {});
    const id = world.last.sent[0]?.id;
    const heard: string[] = [];
    connection.onNotification(one => heard.push(one.method));
    world.last.say([
      { jsonrpc: "2.0", method: "events", params: {} },
      { jsonrpc: "2.0", id, result: { sessions: [] } },
    ]);
    expect(await call).toEqual({ sessions: [] });
    expect(heard).toEqual(["events"]);
  });
});
