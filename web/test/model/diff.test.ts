// @vitest-environment happy-dom
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellsOf, diffCells, diffLines } from "../../src/model/diff.ts";

describe("differences", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map(lines => lines.join("\n"));
  test("of two texts hold both of them", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        const side = (without: string): string[] => lines.filter(line => line.kind !== without).map(line => line.text);
        expect(side("in").join("\n")).toBe(before);
        expect(side("out").join("\n")).toBe(after);
      }),
    );
  });
  test("of two documents name each cell that differs, where it stands", () => {
    const old = cellsOf('{"cells": [{"id": "a", "cell_type": "code", "source": "1"}, {"id": "b", "cell_type": "code", "source": ["2"]}]}');
    const now = cellsOf('{"cells": [{"id": "b", "cell_type": "code", "source": "3"}, {"id": "c", "cell_type": "raw", "source": ""}]}');
    const found = diffCells(old ?? [], now ?? []).map(one => [one.change, one.cell, one.before, one.after]);
    expect(found).toEqual([
      ["removed", "a", "1", null],
      ["changed", "b", "2", "3"],
      ["added", "c", null, ""],
    ]);
    expect(cellsOf("{half")).toBeNull();
  });
});
