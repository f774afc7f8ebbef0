import { describe, expect, test } from "vitest";
import { toNbformat } from "../../src/model/outputs.ts";
import { STRAY } from "../../src/model/types.ts";
import type { AnyEvent } from "../../src/rpc/schema.ts";
import { fold, numbered } from "../log.ts";

type Body = Parameters<typeof numbered>[0][number];

const text = (execution: string | null, piece: string, more: object = {}): Body =>
  ({ type: "output_added", execution, output: { output_type: "stream", name: "stdout", text: piece }, ...more }) as Body;
const display = (execution: string, id: string, shown: string): Body => ({
  ...{ type: "output_added" as const, execution, display_id: id },
  output: { output_type: "display_data", data: { "text/plain": shown }, metadata: {} },
});
const START: Body[] = [
  { type: "session_created", session: "s", title: "t" },
  { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "1" },
  { type: "execution_queued", execution: "r", code: "1", cell: "a" },
];
const folded = (...bodies: Body[]) => fold(numbered([...START, ...bodies]) as AnyEvent[]);
const shown = (model: ReturnType<typeof folded>, run = "r"): unknown[] => (model.runs.get(run)?.outputs ?? []).map(toNbformat);

describe("outputs of executions", () => {
  test("that no execution has stand by themselves", () => {
    const model = folded(text(null, "from a thread"), text("unknown", "x", { cell: "a" }));
    expect(model.loose).toEqual([STRAY, "unknown"]);
    expect(model.runs.get("unknown")).toMatchObject({ cell: "a", status: "ok" });
  });

  test("are cleared at once, or when the next one comes", () => {
    const clear = (wait: boolean): Body => ({ type: "outputs_cleared", execution: "r", wait });
    expect(shown(folded(text("r", "a"), clear(false)))).toEqual([]);
    expect(shown(folded(text("r", "a"), clear(true))).length).toBe(1);
    expect(shown(folded(text("r", "a"), clear(true), text("r", "b")))).toMatchObject([{ text: "b" }]);
  });

  test("are updated wherever they are shown, and not where they were cleared", () => {
    const update: Body = { type: "output_updated", display_id: "d", data: { "text/plain": "new" }, metadata: {} };
    const two = folded(display("r", "d", "one"), display("r", "d", "two"), update);
    expect(shown(two)).toMatchObject([{ data: { "text/plain": "new" } }, { data: { "text/plain": "new" } }]);
    const gone = folded(display("r", "d", "one"), { type: "outputs_cleared", execution: "r", wait: false }, update);
    expect([shown(gone), gone.displays.get("d")]).toEqual([[], []]);
  });

  test("that came with the document are those of a run that nobody started", () => {
    const outputs = [{ output_type: "stream", name: "stdout", text: "kept" }];
    const model = folded({ type: "cell_outputs_set", cell: "a", outputs, execution_count: 3, version: 0 });
    const run = model.cells.get("a")?.run ?? "";
    expect(model.runs.get(run)).toMatchObject({ kept: true, status: "ok", count: 3 });
    expect(shown(model, run)).toEqual(outputs);
    const none = folded({ type: "cell_outputs_set", cell: "a", outputs: [], execution_count: null });
    expect(none.cells.get("a")?.run).toBe(null);
  });
});
