import { describe, expect, test } from "vitest";
import { matchesIn, patternOf, replaced } from "../../src/model/find.ts";

describe("finding", () => {
  const ask = (text: string, more: object = {}) => patternOf({ text, matchCase: false, word: false, regular: false, ...more });
  const count = (text: string, source: string, more: object = {}): number => {
    const pattern = ask(text, more);
    return pattern === null ? -1 : matchesIn("c", source, pattern).length;
  };
  test("is by letters, by words or by pattern", () => {
    expect(count("A.", "a. ab A.")).toBe(2);
    expect(count("A.", "a. ab A.", { matchCase: true })).toBe(1);
    expect(count("a", "a ab a", { word: true })).toBe(2);
    expect(count("^b", "a\nb\nb", { regular: true })).toBe(2);
    expect(count("(", "a", { regular: true })).toBe(-1);
    expect(count("x*", "aaa", { regular: true })).toBe(0);
  });
  test("replaces all or one, groups only in patterns", () => {
    const plain = ask("a");
    const groups = ask("(a)(b)", { regular: true });
    if (plain === null || groups === null) throw new Error("no pattern");
    expect(replaced("a a", plain, "$1", false)).toBe("$1 $1");
    expect(replaced("a a", plain, "b", false, 2)).toBe("a b");
    expect(replaced("ab", groups, "$2$1", true)).toBe("ba");
  });
});
