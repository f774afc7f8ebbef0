// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import type { Model, Output } from "../../src/model/types.ts";
import { earlier, needed } from "../../src/outputs/earlier_outputs.ts";

type Known = Parameters<typeof needed>[1][number];

const known = (body: string, makes: string[] = [], uses: string[] = [], isLibrary = false): Known => ({
  piece: { type: "text/html", body },
  names: { makes: new Set(makes), uses: new Set(uses), isLibrary },
});
const bodies = (own: Known, ...before: Known[]): string[] => needed(own.names, before).map(one => one.body);

describe("what an output builds on", () => {
  test("is what makes the names that it uses, and what that builds on, in their order", () => {
    const all = [known("a", ["a"]), known("b", ["b"], ["a"]), known("c", ["c"]), known("a2", ["a"])];
    expect(bodies(known("x", [], ["b"]), ...all)).toEqual(["a", "b"]);
    expect(bodies(known("x", [], ["a"]), ...all)).toEqual(["a", "a2"]);
    expect(bodies(known("x", [], ["nowhere"]), ...all)).toEqual([]);
    expect(bodies(known("x", ["a"], ["a"]), ...all)).toEqual([]);
  });

  test("is every library when a name is missing, each once, and none for who brings a library", () => {
    const all = [known("lib", [], [], true), known("a", ["a"]), known("lib", [], [], true), known("more", [], [], true)];
    expect(bodies(known("x", [], ["Plotly", "a"]), ...all)).toEqual(["lib", "a", "more"]);
    expect(bodies(known("x", [], ["a"]), ...all)).toEqual(["a"]);
    expect(bodies(known("x", [], ["Plotly"], true), ...all)).toEqual([]);
  });
});

describe("what is earlier", () => {
  const model = (order: string[], runs: [id: string, cell: string | null, keys: number[]][]): Model => {
    const outputs = (keys: number[]): Output[] => keys.map(key => ({ kind: "rich", key, data: {}, metadata: {} }) as unknown as Output);
    return {
      order,
      cells: new Map(order.map(cell => [cell, { run: runs.findLast(run => run[1] === cell)?.[0] ?? null }])),
      runs: new Map(runs.map(([id, cell, keys]) => [id, { id, cell, outputs: outputs(keys) }])),
    } as unknown as Model;
  };
  const keys = (given: Model, run: string, key: number): number[] => earlier(given, { run, key }).map(one => one.key);

  test("is what came before and is still shown, and what stands above", () => {
    const given = model(
      ["a", "b", "c"],
      [
        ["r1", "a", [1]],
        ["r2", "c", [2]],
        ["r3", null, [3]],
        ["r4", "b", [4, 5, 6]],
        ["r5", "a", [7]],
        ["r6", "c", [8]],
      ],
    );
    expect(keys(given, "r4", 5)).toEqual([3, 4, 7]);
  });
});
