import { describe, expect, test } from "vitest";
import { columnGroups as groups } from "../../src/ui/column_groups.ts";

describe("the columns of a table in parts", () => {
  test("each part has those that name the rows, and as many others as have room", () => {
    expect(groups([10, 20, 20, 20, 20], 1, 50)).toEqual([
      [1, 3],
      [3, 5],
    ]);
    expect(groups([10, 20, 20], 1, 100)).toEqual([[1, 3]]);
  });

  test("a column that is too wide has a part of its own", () => {
    expect(groups([10, 20, 200, 20], 1, 50)).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect(groups([10], 1, 50)).toEqual([]);
  });

  test("no column is lost and none comes twice, whatever the widths", () => {
    let seed = 7;
    const random = (most: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % most;
    };
    for (let turn = 0; turn < 500; turn++) {
      const widths = Array.from({ length: random(30) }, () => random(120));
      const naming = Math.min(widths.length, random(4));
      const found = groups(widths, naming, 1 + random(400)).flatMap(([first, end]) =>
        Array.from({ length: end - first }, (_, at) => first + at),
      );
      expect(found).toEqual(widths.map((_, at) => at).slice(naming));
    }
  });
});
