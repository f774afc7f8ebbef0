import { describe, expect, test } from "vitest";
import { parseFromFrame } from "../src/frame/protocol.ts";
import { figureOf } from "../src/model/figure_forms.ts";
import { savedName } from "../src/outputs/copy_save.ts";
import { found, isLarge, MOST_FOUND, size, written } from "../src/outputs/json_tree.ts";
import { numberIn, sorted } from "../src/outputs/tables.ts";
import type { Json } from "../src/rpc/schema.ts";

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

describe("figures", () => {
  test("a form that needs a library comes before all others", () => {
    const table: [string, string | undefined][] = [
      ["application/vnd.plotly.v1+json", "plotly"],
      ["application/vnd.vegalite.v5+json", "vega-lite"],
      ["application/vnd.vegalite.v6.json", "vega-lite"],
      ["application/vnd.vega.v6+json", "vega"],
      ["application/vnd.jupyter.widget-view+json", "widget"],
      ["application/vnd.bokehjs_exec.v0+json", "bokeh"],
      ["application/vnd.vega.x+json", undefined],
      ["text/html", undefined],
    ];
    for (const [type, kind] of table) expect(figureOf({ "text/plain": "x", [type]: {} })?.kind).toBe(kind);
  });
});

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

describe("files that outputs would save", () => {
  test("a name is one name, of signs that can be seen, and not hidden", () => {
    const table: [string, string][] = [
      ["plot.png", "plot.png"],
      ["../../.bashrc", "_.._.bashrc"],
      ["..\\a\\b.txt", "_a_b.txt"],
      [".hidden", "hidden"],
      ["a\u202egpj.exe", "a_gpj.exe"],
      ["a\n\0b", "a_b"],
      ["", "file"],
      [" . ", "file"],
      [`${"x".repeat(300)}.csv`, `${"x".repeat(96)}.csv`],
    ];
    for (const [name, saved] of table) expect(savedName(name)).toBe(saved);
  });

  test("only a file with a name is heard", () => {
    const content = new Blob(["x"]);
    expect(parseFromFrame({ webipy: "file", name: "a", content, more: 1 })).toEqual({ webipy: "file", name: "a", content });
    for (const one of [{ name: 1, content }, { name: "a", content: "x" }, { name: "a" }, { content }])
      expect(parseFromFrame({ webipy: "file", ...one })).toBeNull();
  });
});
