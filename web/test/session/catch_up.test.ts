import { expect, test } from "vitest";
import type { AnyEvent } from "../../src/rpc/schema.ts";
import { CatchUp } from "../../src/session/catch_up.ts";

const output = (seq: number, output: object, execution: string | null = "r"): AnyEvent =>
  ({ type: "output_added", seq, time: "", execution, output }) as AnyEvent;
const text = (seq: number, piece: string, execution?: string | null): AnyEvent =>
  output(seq, { output_type: "stream", name: "stdout", text: piece }, execution);

test("lines and figures are counted between what was shown and what was the newest", () => {
  const caught = new CatchUp("offline", 2, 6);
  caught.observe(text(2, "shown\n"));
  caught.observe(text(3, "one\ntwo\n"));
  caught.observe(text(4, "three\n", "other"));
  caught.observe(output(5, { output_type: "display_data", data: { "image/png": "" } }));
  caught.observe(text(6, "of no run\n", null));
  caught.observe(text(7, "new\n"));
  expect([caught.lines, caught.figures, [...caught.runs]]).toEqual([
    3,
    1,
    [
      ["r", 2],
      ["other", 1],
    ],
  ]);
});

test("a run that got no whole line has none to show", () => {
  const caught = new CatchUp("closed", 0, 9);
  caught.observe(text(1, "half"));
  expect([caught.lines, caught.runs.size]).toEqual([0, 0]);
});
