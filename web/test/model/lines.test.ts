import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { styleOf } from "../../src/model/ansi.ts";
import { LineBuffer, linesOf, MAX_COLUMN } from "../../src/model/lines.ts";

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly string[];
}
const vectors = JSON.parse(readFileSync(new URL("../../../tests/vectors/lines.json", import.meta.url), "utf8")) as { vectors: Vector[] };
const texts = (text: string): string[] => linesOf(text).map(line => line.text);

describe("the terminal line buffer", () => {
  test.each(vectors.vectors)("$name", ({ text, lines }) => {
    expect(texts(text)).toEqual(lines);
  });

  const parts = fc.constantFrom(
    "a",
    "bc",
    "\n",
    "\r",
    "\b",
    "\t",
    "😀",
    "é",
    "\x1b[31m",
    "\x1b[0m",
    "\x1b[K",
    "\x1b[1K",
    "\x1b[A",
    "\x1b[2B",
    "\x1b[3C",
    "\x1b[D",
    "\x1b[5G",
    "\x1b[J",
    "\x1b[38;5;208m",
    "\x1b]0;title\x07",
    "\x1b[?25l",
    "\x07",
    "\x1b[",
  );

  test("the lines do not depend on how the text was cut", () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 40 }), fc.array(fc.nat({ max: 120 }), { maxLength: 8 }), (all, cuts) => {
        const text = all.join("");
        const whole = new LineBuffer();
        whole.write(text);
        const pieced = new LineBuffer();
        const at = [0, ...[...new Set(cuts)].filter(cut => cut < text.length).sort((a, b) => a - b), text.length];
        at.slice(1).forEach((end, i) => {
          pieced.write(text.slice(at[i], end));
        });
        expect(pieced.lines).toEqual(whole.lines);
      }),
      { numRuns: 1000 },
    );
  });

  test("marks are sorted, do not overlap, and stay inside of their line", () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 60 }), all => {
        for (const { text, marks } of linesOf(all.join(""))) {
          let end = 0;
          for (const mark of marks ?? []) {
            expect(mark.from).toBeGreaterThanOrEqual(end);
            expect(mark.to).toBeGreaterThan(mark.from);
            expect(mark.style).not.toBe(0);
            end = mark.to;
          }
          expect(end).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("overwriting keeps the colours of what stays", () => {
    const [line] = linesOf("\x1b[31mred\x1b[32mgreen\x1b[0m\rXX");
    expect(line?.text).toBe("XXdgreen");
    expect(line?.marks?.map(mark => [mark.from, mark.to, styleOf(mark.style).fg])).toEqual([
      [2, 3, { palette: 1 }],
      [3, 8, { palette: 2 }],
    ]);
  });

  test("a jump far to the right stops at a named column", () => {
    const [line] = linesOf("\x1b[999999999Cx");
    expect(line?.text.length).toBe(MAX_COLUMN + 1);
  });

  test("dirtyFrom is the first line that changed since it was cleaned", () => {
    const buffer = new LineBuffer();
    buffer.write("a\nb\nc\n");
    buffer.clean();
    buffer.write("d");
    expect(buffer.dirtyFrom).toBe(3);
    buffer.write("\x1b[2AB");
    expect(buffer.dirtyFrom).toBe(1);
  });

  test("the empty line after the last line feed is not counted", () => {
    const buffer = new LineBuffer();
    buffer.write("a\nb\n");
    expect(buffer.count).toBe(2);
    buffer.write("c");
    expect(buffer.count).toBe(3);
  });
});
