import { expect, test } from "vitest";
import { putBack } from "../../src/panels/trash.ts";
import type { Connection } from "../../src/rpc/connection.ts";
import type { Trashed } from "../../src/rpc/schema.ts";
import { toasts } from "../../src/ui/notices.ts";

test("what is in the trash comes back to where it was", async () => {
  const calls: unknown[] = [];
  const connection = { call: async (...call: unknown[]) => calls.push(call) } as unknown as Connection;
  await putBack(connection, { id: "a 2.csv", path: "d/a.csv" } as Trashed);
  expect(calls).toEqual([["trash.restore", { path: "d/a.csv", id: "a 2.csv" }]]);
  expect(toasts.value.map(one => one.text)).toEqual(["“a.csv” is back."]);
});
