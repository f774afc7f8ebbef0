// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { lastLines } from "../../src/panels/last_output.ts";
import type { AnyEvent } from "../../src/rpc/schema.ts";

describe("the last lines of a session", () => {
  const event = (seq: number, facts: object) => ({ seq, at: "2026-01-01T00:00:00Z", by: null, ...facts }) as unknown as AnyEvent;
  const printed = (seq: number, words: string) =>
    event(seq, { type: "output_added", execution: "e", output: { output_type: "stream", name: "stdout", text: words } });
  test("are those that a terminal would show", () => {
    expect(lastLines([printed(1, "one\ntwo\n 10%\r"), printed(2, " 64%\n\n")])).toEqual({ code: false, lines: ["two", " 64%"] });
  });
  test("are the code that ran when nothing was printed", () => {
    expect(lastLines([event(1, { type: "execution_queued", execution: "e", code: "# note\nx = 1" })])).toEqual({
      code: true,
      lines: ["x = 1"],
    });
    expect(lastLines([])).toEqual({ code: true, lines: [] });
  });
});
