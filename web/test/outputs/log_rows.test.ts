// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import type { Line } from "../../src/model/lines.ts";
import { Rows } from "../../src/outputs/log_rows.ts";

describe("rows of a log", () => {
  const lines: Line[] = ["12345", "", "1234567890123"].map(text => ({ text, marks: null }));
  test("without wrapping a line is a row", () => {
    const rows = new Rows();
    rows.update(lines, 3, 0, 0);
    expect([rows.total, rows.widest, rows.at(2).line]).toEqual([3, 13, 2]);
  });
  test("wrapped lines are cut at the column", () => {
    const rows = new Rows();
    rows.update(lines, 3, 0, 5);
    expect(rows.total).toBe(5);
    expect([0, 1, 2, 3, 4].map(row => rows.at(row))).toEqual([
      { line: 0, from: 0, to: 5 },
      { line: 1, from: 0, to: 5 },
      { line: 2, from: 0, to: 5 },
      { line: 2, from: 5, to: 10 },
      { line: 2, from: 10, to: 15 },
    ]);
  });
  test("counting on from the line that changed gives the same as counting all", () => {
    const grown = new Rows();
    grown.update(lines, 2, 0, 5);
    grown.update(lines, 3, 1, 5);
    const whole = new Rows();
    whole.update(lines, 3, 0, 5);
    expect([grown.total, grown.at(4)]).toEqual([whole.total, whole.at(4)]);
  });
});
