import { expect, test } from "vitest";
import { inkOn } from "../../src/model/ansi.ts";
import { best, readable } from "../../src/model/mime.ts";

test("data of a type that nobody draws can be read, text before nothing", () => {
  expect(readable({ "application/x-a": "a", "application/vnd.b+json": { b: 1 } })).toBe("application/vnd.b+json");
  expect(readable({ "application/x-a": "a", "text/csv": "a,b" })).toBe("text/csv");
  expect(readable({ "application/x-a": "a", "application/vnd.b+json": "{}" })).toBeNull();
  expect(best({ "application/geo+json": {}, "text/plain": "<a map>" })).toBe("application/geo+json");
});

test("ink is black on light grounds and white on dark ones", () => {
  expect(inkOn([255, 255, 0])).toEqual([0, 0, 0]);
  expect(inkOn([0, 0, 128])).toEqual([255, 255, 255]);
});
