import { describe, expect, test } from "vitest";
import { appendOutput, errorLine, toNbformat, updateOutput } from "../../src/model/outputs.ts";
import type { Output, RichOutput } from "../../src/model/types.ts";
import type { JsonMap, Omitted } from "../../src/rpc/schema.ts";

/** A list, and adding to it. */
function list() {
  const outputs: Output[] = [];
  let key = 1;
  const add = (raw: JsonMap, displayId: string | null = null, gap: Omitted | null = null): Output =>
    appendOutput(outputs, raw, displayId, () => key++, gap);
  return { outputs, add };
}

const stream = (name: string, text: string | string[]): JsonMap => ({ output_type: "stream", name, text });

describe("a list of outputs", () => {
  test("joins text of one stream, and keeps streams apart", () => {
    const { outputs, add } = list();
    add(stream("stdout", "a"));
    add(stream("stdout", ["b\n", "c"]));
    add(stream("stderr", "d"));
    add(stream("stdout", "e"));
    expect(outputs.map(toNbformat)).toEqual([stream("stdout", "ab\nc"), stream("stderr", "d"), stream("stdout", "e")]);
    expect(outputs.map(one => one.key)).toEqual([1, 2, 3]);
    expect(outputs[0]).toMatchObject({ length: 4 });
  });

  test("has a gap where a snapshot left something out, counted in characters", () => {
    const { outputs, add } = list();
    add(stream("stdout", "before"));
    add(stream("stdout", "😀ab"), null, { at: 1, characters: 70 } as Omitted);
    expect(outputs[1]).toMatchObject({ pieces: ["😀", "ab"], omitted: { piece: 1, characters: 70 } });
  });

  test("has errors with whatever traceback there is", () => {
    const { outputs, add } = list();
    add({ output_type: "error", ename: "E", evalue: "v", traceback: ["x", 1] });
    add({ output_type: "error", ename: "E", evalue: "v" });
    expect(outputs.map(toNbformat)).toEqual([
      { output_type: "error", ename: "E", evalue: "v", traceback: ["x", "1"] },
      { output_type: "error", ename: "E", evalue: "v", traceback: [] },
    ]);
  });

  test("has results with their count, and displays without one", () => {
    const { outputs, add } = list();
    const bundle = { data: { "text/plain": "1" }, metadata: {} };
    add({ output_type: "execute_result", ...bundle, execution_count: 7 });
    add({ output_type: "display_data", ...bundle }, "d");
    expect(outputs.map(toNbformat)).toEqual([
      { output_type: "execute_result", ...bundle, execution_count: 7 },
      { output_type: "display_data", ...bundle },
    ]);
    expect(outputs[1]).toMatchObject({ displayId: "d", revision: 0 });
  });

  test("shows an update as another revision of the same output", () => {
    const { outputs, add } = list();
    const shown = add({ output_type: "display_data", data: {}, metadata: {} }, "d") as RichOutput;
    updateOutput(shown, { "text/plain": "new" }, { a: 1 });
    expect(outputs[0]).toMatchObject({ key: 1, data: { "text/plain": "new" }, metadata: { a: 1 }, revision: 1 });
  });
});

test.each([
  ["ValueError", "no", "ValueError: no"],
  ["ERROR", "", "ERROR"],
  ["", "no", "no"],
  ["", " ", "Error"],
])("an error with the name %j and the reason %j reads %j", (name, value, line) => expect(errorLine({ name, value })).toBe(line));
