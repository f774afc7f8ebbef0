import { expect, test } from "vitest";
import { opened } from "../log.ts";

test("a queued execution waits before another, or last", () => {
  const queued = ["r1", "r2", "r3"].map(execution => ({ type: "execution_queued" as const, execution, code: "1", cell: "a" }));
  expect(opened(...queued, { type: "execution_moved", execution: "r3", before: "r2" }).queue).toEqual(["r1", "r3", "r2"]);
  expect(opened(...queued, { type: "execution_moved", execution: "r1" }).queue).toEqual(["r2", "r3", "r1"]);
});
