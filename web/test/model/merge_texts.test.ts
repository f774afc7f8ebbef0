import fc from "fast-check";
import { expect, test } from "vitest";
import { lineChanges, mergeTexts } from "../../src/model/merge_texts.ts";

test("changes of lines make one text of the other", () => {
  expect(lineChanges("a\nb\nc", "a\nX\nc\nd")).toEqual([
    { from: 1, to: 2, lines: ["X"] },
    { from: 3, to: 3, lines: ["d"] },
  ]);
  expect(lineChanges("a", "a")).toEqual([]);
  expect(lineChanges("", "a\n")).toEqual([{ from: 0, to: 0, lines: ["a", ""] }]);
});

test("changes in different places are brought together", () => {
  expect(mergeTexts("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n")).toBe("A\nb\nc\nd\nE\nf\n");
  expect(mergeTexts("a\r\nb\r\nc\r\n", "a\r\nb\r\nc\r\nd\r\n", "x\r\nb\r\nc\r\n")).toBe("x\r\nb\r\nc\r\nd\r\n");
  expect(mergeTexts("a\nb\nc", "X\nb\nc", "X\nb\nc")).toBe("X\nb\nc");
});

test("changes in one place are not", () => {
  expect(mergeTexts("a\nb\nc", "a\nX\nc", "a\nY\nc")).toBe(null);
  expect(mergeTexts("a\nb\nc", "X\nb\nc", "a\nY\nc")).toBe(null);
  expect(mergeTexts("a\n", "a\nmine\n", "a\ntheirs\n")).toBe(null);
});

test("a change of one alone is that text", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 8 }).map(lines => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (base, other) => {
      expect(mergeTexts(base, base, other)).toBe(other);
      expect(mergeTexts(base, other, base)).toBe(other);
      expect(mergeTexts(base, other, other)).toBe(other);
    }),
  );
});
