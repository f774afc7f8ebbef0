import { expect, test } from "vitest";
import { fold, numbered } from "../log.ts";

const OPENED = [
  { type: "session_created" as const, session: "s", title: "t", path: "a/n.ipynb" },
  { type: "cell_inserted" as const, cell: "a", after: null, cell_type: "code" as const, source: "1", metadata: { tags: ["x"] } },
  {
    type: "cell_outputs_set" as const,
    cell: "a",
    outputs: [{ output_type: "stream", name: "stdout", text: ["one\n", "two\n"] }],
    execution_count: 4,
  },
  { type: "notebook_metadata_set" as const, metadata: { kernelspec: { name: "ir", display_name: "R", language: "R" } } },
  { type: "notebook_opened" as const, path: "a/n.ipynb", etag: "e1" },
];

const with_ = (...more: Parameters<typeof numbered>[0]) => fold(numbered([...OPENED, ...more]));

test("a queued execution waits before another, or last", () => {
  const queued = ["r1", "r2", "r3"].map(execution => ({ type: "execution_queued" as const, execution, code: "1", cell: "a" }));
  expect(with_(...queued, { type: "execution_moved", execution: "r3", before: "r2" }).queue).toEqual(["r1", "r3", "r2"]);
  expect(with_(...queued, { type: "execution_moved", execution: "r1" }).queue).toEqual(["r2", "r3", "r1"]);
});
