import { describe, expect, test } from "vitest";
import { matchesIn, patternOf, replaced } from "../../src/model/find.ts";

const ask = (text: string, more: object = {}) => patternOf({ text, matchCase: false, word: false, regular: false, ...more });
const count = (text: string, source: string, more: object = {}): number => {
  const pattern = ask(text, more);
  return pattern === null ? -1 : matchesIn("c", source, pattern).length;
};

describe("finding", () => {
  test("is by letters, by words or by pattern", () => {
    expect(count("A.", "a. ab A.")).toBe(2);
    expect(count("A.", "a. ab A.", { matchCase: true })).toBe(1);
    expect(count("a", "a ab a", { word: true })).toBe(2);
    expect(count("^b", "a\nb\nb", { regular: true })).toBe(2);
    expect(count("(", "a", { regular: true })).toBe(-1);
  });
  test("knows the words of all scripts, and signs", () => {
    expect(count("größ", "größe größ Größ", { word: true })).toBe(2);
    expect(count("e", "éé e", { word: true })).toBe(1);
    expect(count("+=", "a += 1", { word: true })).toBe(1);
    expect(count("я", "мая я", { word: true })).toBe(1);
  });
  test("finds places, too", () => {
    expect(count("^", "a\nb", { regular: true })).toBe(2);
    expect(count("x*", "axb", { regular: true })).toBe(4);
    expect(count("(?<!😀)", "😀", { regular: true })).toBe(1);
  });
  test("takes needless backslashes as JavaScript does", () => expect(count("\\d\\-\\d", "1-2", { regular: true })).toBe(1));
});

describe("replacing", () => {
  const all = (text: string, source: string, by: string, more: object = { regular: true }, at: number | null = null): string => {
    const pattern = ask(text, more);
    if (pattern === null) throw new Error("no pattern");
    return replaced(source, pattern, by, "regular" in more, at).text;
  };
  test("is of all or of one, with groups only in patterns", () => {
    expect(all("a", "a a", "$1", {})).toBe("$1 $1");
    expect(all("a", "a a", "b\\n", {}, 2)).toBe("a b\\n");
    expect(all("(a)(b)", "ab", "$2$1")).toBe("ba");
    expect(all("(?<x>a)(b)?", "a", "[$<x>$2$&$0$$]")).toBe("[aaa$]");
    expect(all("(a)", "a", "$10 $2 $<y>")).toBe("a0 $2 $<y>");
    expect(all(",", "a,b", "\\n\\t\\\\n")).toBe("a\n\t\\nb");
  });
  test("sees what is around a match", () => {
    expect(all("(?<=x = )\\d+", "x = 12, y = 12", "0")).toBe("x = 0, y = 12");
    expect(all("a(?=b)", "ab ac", "-")).toBe("-b ac");
    expect(all("\\bcat\\b", "cat concat", "dog")).toBe("dog concat");
    expect(all("(?<!x)(y)", "xy y", "<$1>", { regular: true }, 3)).toBe("xy <y>");
    expect(all("b$", "ab\nb", "c", { regular: true }, 1)).toBe("ac\nb");
  });
  test("puts text into places, and keeps whole characters", () => {
    expect(all("^", "a\nb", "# ")).toBe("# a\n# b");
    expect(all("x*", "ab", "-")).toBe("-a-b-");
    expect(all(".", "😀é", "<$&>")).toBe("<😀><é>");
    expect(all("é", "É", "e", {})).toBe("e");
  });
  test("tells where what was put in ends", () => {
    const pattern = ask("a");
    if (pattern === null) throw new Error("no pattern");
    expect(replaced("a a", pattern, "aaa", false, 2)).toEqual({ text: "a aaa", end: 5 });
  });
});
