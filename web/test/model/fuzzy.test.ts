import { describe, expect, test } from "vitest";
import { fuzzy } from "../../src/model/fuzzy.ts";

const best = (query: string, ...texts: string[]): string | undefined =>
  texts
    .map(text => ({ text, match: fuzzy(query, text) }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => (b.match?.score ?? 0) - (a.match?.score ?? 0))[0]?.text;

describe("finding by letters", () => {
  test("takes the letters in their order, and nothing else", () => {
    expect(fuzzy("rk", "Restart the kernel")).not.toBe(null);
    expect(fuzzy("kr", "Run")).toBe(null);
    expect(fuzzy("xyz", "Restart")).toBe(null);
    expect(fuzzy("", "anything")).toEqual({ score: 0, at: [] });
  });
  test("marks the beginnings of words where it can", () => {
    expect(fuzzy("rtk", "Restart the kernel")?.at).toEqual([0, 8, 12]);
    expect(fuzzy("sC", "someCamelCase")?.at).toEqual([0, 4]);
  });
  test("marks a whole word as one stretch", () => {
    expect(fuzzy("kernel", "Restart the kernel")?.at).toEqual([12, 13, 14, 15, 16, 17]);
  });
  test("likes whole words better than scattered letters, and short texts better than long ones", () => {
    expect(best("run", "Return to nothing", "Rerun", "Run all cells")).toBe("Run all cells");
    expect(best("run", "Run all cells below", "Run all cells")).toBe("Run all cells");
  });
});
