import { describe, expect, test } from "vitest";
import { found, isLarge, MOST_FOUND, size, written } from "../../src/outputs/json_tree.ts";
import type { Json } from "../../src/rpc/schema.ts";

describe("trees of JSON", () => {
  const value: Json = { name: "Needle", list: [1, { needle: null }], deep: { a: "x" } };

  test("a search finds keys and values in the order of the tree, whatever their case", () => {
    expect(found(value, "needle").places).toEqual([["name"], ["list", 1, "needle"]]);
    expect(found(value, "null").places).toEqual([["list", 1, "needle"]]);
    expect(found(value, "").places).toEqual([]);
  });

  test("a search of something large ends, and says that there may be more", () => {
    const many = found(Array(MOST_FOUND + 5).fill("a") as Json, "a");
    expect([many.places.length, many.more]).toEqual([MOST_FOUND, true]);
  });

  test("a place is written as a subscript", () => {
    expect(written(["a", 0, 'b"c'])).toBe('["a"][0]["b\\"c"]');
  });

  test("sizes", () => {
    expect([size(value), size([1, 2]), size("x"), size(null)]).toEqual([3, 2, 0, 0]);
    expect([isLarge(value, 5), isLarge(value, 50)]).toEqual([true, false]);
  });
});
