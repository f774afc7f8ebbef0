// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { archiveAddress, copyInto, deleteAllForGood, discardAll, download, moveInto } from "../../src/panels/file_acts.ts";
import type { Connection } from "../../src/rpc/connection.ts";
import { RpcFailure } from "../../src/rpc/messages.ts";
import type { File } from "../../src/rpc/schema.ts";
import { toasts } from "../../src/ui/notices.ts";

const entry = (path: string, kind: File["kind"] = "file"): File => ({ path, kind, name: path.split("/").at(-1) ?? "" }) as File;
const [one, two, sub] = [entry("d/a.csv"), entry("d/b.csv"), entry("d/sub", "folder")];

type Params = { path: string; to?: string };

/** A line on which each method answers as told. */
function line(answer: (method: string, params: Params) => unknown): { connection: Connection; calls: [string, unknown][] } {
  const calls: [string, unknown][] = [];
  const call = async (method: string, params: Params): Promise<unknown> => {
    calls.push([method, params]);
    const found = answer(method, params);
    if (found instanceof Error) throw found;
    return found;
  };
  return { connection: { call } as unknown as Connection, calls };
}

const said = (): string[] => toasts.value.map(one => one.text);

afterEach(() => {
  toasts.value = [];
  vi.unstubAllGlobals();
});

test("several are moved, and moved back by Undo", async () => {
  const { connection, calls } = line((_, { to }) => entry(to ?? ""));
  await moveInto(connection, [one, sub], "e");
  expect(said()).toEqual(["2 entries are in “e” now."]);
  toasts.value[0]?.action?.run();
  await vi.waitFor(() => expect(said().at(-1)).toBe("2 entries are back."));
  expect(calls.map(([, params]) => params)).toEqual([
    { path: "d/a.csv", to: "e/a.csv" },
    { path: "d/sub", to: "e/sub" },
    { path: "e/a.csv", to: "d/a.csv" },
    { path: "e/sub", to: "d/sub" },
  ]);
  await moveInto(connection, [one], "d"); // it is there already
  expect(calls.length).toBe(4);
});

test("what could not be done is said once, with the first reason", async () => {
  const taken = new RpcFailure(-32012, "There is something at 'e/b.csv' already; choose another name.", "already_exists", {});
  const { connection } = line((_, { to }) => (to === "e/b.csv" ? taken : entry(to ?? "")));
  await moveInto(connection, [one, two], "e");
  expect(said()).toEqual([`1 of 2 entries could not be done. ${taken.message}`, "“a.csv” is in “e” now."]);
  toasts.value = [];
  await moveInto(connection, [two], "e");
  expect(said()).toEqual([taken.message]);
});

test("a copy into the same folder gets a free name", async () => {
  const { connection, calls } = line((_, { to }) => entry(to ?? "d/a 2.csv"));
  await copyInto(connection, [one], "d");
  await copyInto(connection, [one], "");
  expect(calls.map(([, params]) => params)).toEqual([
    { path: "d/a.csv", to: null },
    { path: "d/a.csv", to: "a.csv" },
  ]);
});

test("what is deleted comes back by the note that says so; what cannot go to the trash is asked about", async () => {
  const refused = new RpcFailure(-32018, "The disk is full.", "file_fault", { reason: "no_trash" });
  const { connection, calls } = line((method, { path }) => {
    if (method !== "file.delete") return one;
    return path === "d/b.csv" ? refused : { trashed: { id: "x", path } };
  });
  const none = vi.fn();
  await discardAll(connection, [one, two, sub], none);
  expect(none).toHaveBeenCalledExactlyOnceWith([two], "The disk is full.");
  expect(said()).toEqual(["2 entries are in the trash."]);
  toasts.value[0]?.action?.run();
  await vi.waitFor(() => expect(said().at(-1)).toBe("2 entries are back."));
  expect(calls.slice(3)).toEqual([
    ["trash.restore", { path: "d/a.csv", id: "x" }],
    ["trash.restore", { path: "d/sub", id: "x" }],
  ]);
  await deleteAllForGood(connection, [sub]);
  expect(calls.at(-1)).toEqual(["file.delete", { path: "d/sub", recursive: true, permanent: true }]);
});

test("an archive has an address of its folder and its names, and no more names than an address has room for", () => {
  expect(archiveAddress("", ["a b.csv", "数据&x"])).toBe("/files/?zip=1&name=a%20b.csv&name=%E6%95%B0%E6%8D%AE%26x");
  download(Array.from({ length: 300 }, (_, n) => entry(`d/数据-${"x".repeat(20)}-${n}.csv`)));
  expect(said()).toEqual(["These are too many names for one download. Move them into a folder, and download that."]);
});
