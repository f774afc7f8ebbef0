import { ChangeSet, Text } from "@codemirror/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyChanges, charactersBefore, hasReturns, unitsBefore } from "../../src/model/source_text.ts";
import type { Changes } from "../../src/rpc/schema.ts";

const source = fc.string({ unit: "binary", maxLength: 30 }).map(text => text.replaceAll("\r", "\n"));

describe("positions", () => {
  test("characters and UTF-16 units are converted there and back", () => {
    fc.assert(
      fc.property(source, fc.nat(), (text, n) => {
        const characters = [...text];
        const k = n % (characters.length + 1);
        const units = characters.slice(0, k).join("").length;
        expect(charactersBefore(text, units)).toBe(k);
        expect(unitsBefore(text, k)).toBe(units);
      }),
    );
  });

  test("a position past the end is the end", () => {
    expect(unitsBefore("a😀", 99)).toBe(3);
    expect(charactersBefore("a😀", 99)).toBe(2);
  });
});

test("carriage returns are parts of the ends of lines where every line has one, and none stands elsewhere", () => {
  const all = ["", "a", "a\nb\n", "a\r", "a\r\nb\r\n", "\r\n", "a\r\nb\n", "a\rb", "a\rb\r\nc", "a\r\nb\r"];
  expect(all.filter(text => hasReturns(text.split("\n")))).toEqual(["a\r\nb\r\n", "\r\n"]);
});

describe("change sets", () => {
  test("are applied as CodeMirror applies them", () => {
    fc.assert(
      fc.property(source, source, fc.nat(), fc.nat(), (text, put, a, b) => {
        const from = a % (text.length + 1);
        const to = from + (b % (text.length - from + 1));
        const set = ChangeSet.of({ from, to, insert: Text.of(put.split("\n")) }, text.length, "\n");
        const expected = set.apply(Text.of(text.split("\n"))).toString();
        expect(applyChanges(text, set.toJSON() as Changes)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("one that was made for another text is refused", () => {
    expect(() => applyChanges("abc", [2])).toThrow("shorter");
    expect(() => applyChanges("abc", [4])).toThrow("longer");
  });
});
