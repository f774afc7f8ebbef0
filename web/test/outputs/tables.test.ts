import { describe, expect, test } from "vitest";
import { numberIn, sorted } from "../../src/outputs/tables.ts";

describe("tables", () => {
  test("numbers are read with the signs around them", () => {
    expect(["1,234.5", " −3 ", "12 %", "$4", "1e3"].map(numberIn)).toEqual([1234.5, -3, 12, 4, 1000]);
    expect([numberIn(""), numberIn("a1")].every(Number.isNaN)).toBe(true);
  });

  test("columns are sorted as what they hold; what is missing comes last either way", () => {
    expect(sorted(["10", "9", "NaN", "-1"], "ascending")).toEqual([3, 1, 0, 2]);
    expect(sorted(["10", "9", "NaN", "-1"], "descending")).toEqual([0, 1, 3, 2]);
    expect(sorted(["b10", "b9", "a"], "ascending")).toEqual([2, 1, 0]);
    expect(sorted(["x", "x", ""], "descending")).toEqual([0, 1, 2]);
    expect(sorted(["2", "1"], "none")).toEqual([0, 1]);
  });
});
