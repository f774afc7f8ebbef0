import { describe, expect, test } from "vitest";
import { LineLost, type Notification, RpcFailure, RpcPeer } from "../../src/rpc/messages.ts";

function peer() {
  const sent: { id: number; method: string; params: unknown }[] = [];
  const notified: Notification[] = [];
  const one = new RpcPeer(
    text => sent.push(JSON.parse(text)),
    notification => notified.push(notification),
  );
  const receive = (message: unknown): void => one.receive(JSON.stringify(message));
  return { one, sent, notified, receive };
}

describe("a peer", () => {
  test("gives each call an id of its own, and each answer to its call", async () => {
    const { one, sent, receive } = peer();
    const [first, second] = [one.call("server.info", {}), one.call("server.sync", {})];
    expect(sent.map(({ id, method }) => [id, method])).toEqual([
      [1, "server.info"],
      [2, "server.sync"],
    ]);
    receive({ jsonrpc: "2.0", id: 2, result: "two" });
    receive({ jsonrpc: "2.0", id: 1, result: "one" });
    expect([await first, await second]).toEqual(["one", "two"]);
    expect(one.open).toBe(0);
  });

  test("takes a batch as its messages one by one", async () => {
    const { one, notified, receive } = peer();
    const call = one.call("server.info", {});
    receive([
      { jsonrpc: "2.0", method: "events", params: { session: "s" } },
      { jsonrpc: "2.0", id: 1, result: null },
    ]);
    expect(notified).toEqual([{ method: "events", params: { session: "s" } }]);
    expect(await call).toBe(null);
  });

  test("rejects a call with the failure that the server names", async () => {
    const { one, receive } = peer();
    const call = one.call("server.info", {});
    receive({ jsonrpc: "2.0", id: 1, error: { code: -32004, message: "It is gone.", data: { name: "not_found", cell: "a" } } });
    const failure = await call.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RpcFailure);
    expect(failure).toMatchObject({ code: -32004, message: "It is gone.", kind: "not_found", facts: { cell: "a" } });
  });

  test.each([
    [{ code: -32000 }, "failure", "failure"],
    ["strange", "The server answered with an error that cannot be read.", "internal_error"],
  ])("reads the error %j as well as it can", async (error, message, kind) => {
    const { one, receive } = peer();
    const call = one.call("server.info", {});
    receive({ jsonrpc: "2.0", id: 1, error });
    expect(await call.catch((found: unknown) => found)).toMatchObject({ message, kind });
  });

  test("fails what has no answer when the line is lost, and takes no late answer", async () => {
    const { one, receive } = peer();
    const call = one.call("server.info", {});
    one.lost();
    expect(await call.catch((error: unknown) => error)).toBeInstanceOf(LineLost);
    receive({ jsonrpc: "2.0", id: 1, result: "late" });
    expect(one.open).toBe(0);
  });

  test.each(["1", "null", '"text"', "[1]"])("refuses %s, which is no message", text => {
    expect(() => peer().one.receive(text)).toThrow("not a JSON-RPC message");
  });
});
