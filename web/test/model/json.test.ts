import { expect, test } from "vitest";
import { map, text } from "../../src/model/json.ts";

test("a text is a string, the lines of nbformat, or empty", () => {
  expect(["a", ["a\n", "b"], 3, null, undefined].map(text)).toEqual(["a", "a\nb", "3", "", ""]);
});

test("a map is an object, and anything else an empty one", () => {
  expect([{ a: 1 }, [1], "x", null, undefined].map(map)).toEqual([{ a: 1 }, {}, {}, {}, {}]);
});
