// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { bannerWords } from "../../src/text/banners.ts";
import { t } from "../../src/text/en.ts";
import { ago, duration, size } from "../../src/text/format.ts";

describe("words", () => {
  test("durations", () => {
    expect([0.003, 0.8, 41.72, 59.96, 134, 11_520, 200_000].map(duration)).toEqual([
      "3 ms",
      "0.8 s",
      "41.7 s",
      "1 m 0 s",
      "2 m 14 s",
      "3 h 12 m",
      "2 d 7 h",
    ]);
  });
  test("sizes", () => expect([0, 999, 1000, 6_100_000, 999_999].map(size)).toEqual(["0 B", "999 B", "1.0 kB", "6.1 MB", "1.0 MB"]));
  test("times past", () =>
    expect([1, 30, 60, 7200, 90_000].map(ago)).toEqual(["just now", "less than a minute ago", "1 minute ago", "2 hours ago", "1 day ago"]));
  test("what was caught up with", () => {
    expect(bannerWords.caughtUp(3412, 2)).toBe("Caught up with 3,412 lines and 2 figures. Nothing was lost.");
    expect(bannerWords.caughtUp(1, 0)).toBe("Caught up with 1 line. Nothing was lost.");
    expect(bannerWords.caughtUp(0, 0)).toBe("Nothing was missed.");
  });
  test("places in a queue", () =>
    expect([2, 3, 4, 11, 21, 112].map(t.inLine)).toEqual([
      "2nd in line",
      "3rd in line",
      "4th in line",
      "11th in line",
      "21st in line",
      "112th in line",
    ]));
});
