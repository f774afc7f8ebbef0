import { describe, expect, test } from "vitest";
import { columnParts } from "../../src/ui/paper.ts";

describe("the parts of a table that is too wide for a sheet", () => {
  test("each is as wide as there is room beside the heads", () =>
    expect(columnParts([20, 30, 30, 30, 30], 1, 80)).toEqual([
      [1, 2],
      [3, 4],
    ]));
  test("a column that is too wide by itself has a part of its own", () => expect(columnParts([20, 500, 30], 1, 80)).toEqual([[1], [2]]));
  test("a table without heads is parted, too", () => expect(columnParts([40, 40, 40], 0, 80)).toEqual([[0, 1], [2]]));
  test("every column stands in one part, in its order", () => {
    for (let seed = 1; seed < 200; seed++) {
      const widths = Array.from({ length: 1 + (seed % 40) }, (_, at) => 1 + ((seed * 31 + at * 17) % 90));
      const heads = Math.min(seed % 3, widths.length - 1);
      const parts = columnParts(widths, heads, 50 + (seed % 300));
      expect(parts.flat()).toEqual(widths.map((_, at) => at).slice(heads));
    }
  });
});
