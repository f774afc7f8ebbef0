import { expect, test } from "vitest";
import { isOfText, viewOf, viewsOf } from "../../src/model/file_views.ts";

test("the name of a file says how it is shown", () => {
  expect(viewsOf("a.CSV")).toEqual(["table", "text"]);
  expect(viewsOf("a.md")).toEqual(["read", "both", "text"]);
  expect(["a.rs", "Makefile", ".bashrc", "a.txt"].map(viewsOf)).toEqual([["text"], ["text"], ["text"], ["text"]]);
  expect(["a.tar.gz", "a.parquet", "a.xlsx"].map(viewsOf)).toEqual([[], [], []]);
});

test("an address names a view that the file has, or text", () => {
  expect(viewOf("a.md", null)).toBe("read");
  expect(viewOf("a.md", "both")).toBe("both");
  expect(viewOf("a.md", "table")).toBe("read");
  expect(viewOf("a.png", "text")).toBe("text");
  expect(viewOf("a.zip", null)).toBe("text");
  expect(["text", "both", "table", "picture"].map(one => isOfText(one as "text"))).toEqual([true, true, false, false]);
});
