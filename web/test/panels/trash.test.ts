import { afterEach, expect, test, vi } from "vitest";
import { deleteForGood, discard } from "../../src/panels/trash.ts";
import type { Connection } from "../../src/rpc/connection.ts";
import { RpcFailure } from "../../src/rpc/messages.ts";
import type { File } from "../../src/rpc/schema.ts";
import { toasts } from "../../src/ui/notices.ts";

const file = { name: "a.csv", path: "d/a.csv", kind: "file" } as File;
const trashed = { id: "a 2.csv", path: "d/a.csv", kind: "file", size: 1, deleted: "", location: "/t/files/a 2.csv" };

/** A line on which each method answers as told. */
function line(answers: Record<string, unknown>): { connection: Connection; calls: [string, unknown][] } {
  const calls: [string, unknown][] = [];
  const call = async (method: string, params: unknown): Promise<unknown> => {
    calls.push([method, params]);
    const answer = answers[method];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { connection: { call } as unknown as Connection, calls };
}

afterEach(() => {
  toasts.value = [];
});

test("what is deleted comes back by the note that says so", async () => {
  const { connection, calls } = line({ "file.delete": { trashed }, "trash.restore": file });
  await discard(connection, file, () => expect.unreachable());
  expect(toasts.value.map(one => one.text)).toEqual(["“a.csv” is in the trash."]);
  toasts.value[0]?.action?.run();
  await vi.waitFor(() => expect(toasts.value.at(-1)?.text).toBe("“a.csv” is back."));
  expect(calls).toEqual([
    ["file.delete", { path: "d/a.csv", recursive: false }],
    ["trash.restore", { path: "d/a.csv", id: "a 2.csv" }],
  ]);
});

test("where there is no trash, somebody is asked, and nothing was deleted", async () => {
  const refused = new RpcFailure(-32018, "The disk is full.", "file_fault", { reason: "no_trash" });
  const { connection, calls } = line({ "file.delete": refused });
  const reasons: string[] = [];
  await discard(connection, { ...file, kind: "folder" }, reason => reasons.push(reason));
  expect(reasons).toEqual(["The disk is full."]);
  expect(calls).toEqual([["file.delete", { path: "d/a.csv", recursive: true }]]);
  expect(toasts.value).toEqual([]);
});

test("whatever else goes wrong is told", async () => {
  const { connection } = line({ "file.delete": new RpcFailure(-32018, "Denied.", "file_fault", { reason: "denied" }) });
  await discard(connection, file, () => expect.unreachable());
  expect(toasts.value.map(one => [one.text, one.bad])).toEqual([["Denied.", true]]);
});

test("for good is for good", async () => {
  const { connection, calls } = line({ "file.delete": { trashed: null } });
  deleteForGood(connection, file);
  expect(calls).toEqual([["file.delete", { path: "d/a.csv", recursive: false, permanent: true }]]);
});
