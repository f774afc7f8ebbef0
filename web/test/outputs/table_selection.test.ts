import { expect, test } from "vitest";
import { blockOf, commaed, holds, moved, type Selection, tabbed } from "../../src/outputs/table_selection.ts";

const at = (row: number, column: number): Selection => ({ anchor: { row, column }, head: { row, column } });
const size = { rows: 100, columns: 5, seen: 20 };
const key = (name: string, more: { ctrlKey?: boolean; shiftKey?: boolean } = {}) => ({
  key: name,
  ctrlKey: false,
  shiftKey: false,
  ...more,
});

test("keys move what is selected, and stay within the table", () => {
  expect(moved(at(3, 2), key("ArrowDown"), size)).toEqual(at(4, 2));
  expect(moved(at(0, 0), key("ArrowUp"), size)).toEqual(at(0, 0));
  expect(moved(at(3, 2), key("ArrowDown", { ctrlKey: true }), size)).toEqual(at(99, 2));
  expect(moved(at(90, 2), key("PageDown"), size)).toEqual(at(99, 2));
  expect(moved(at(3, 2), key("End"), size)).toEqual(at(3, 4));
  expect(moved(at(3, 2), key("Home", { ctrlKey: true }), size)).toEqual(at(0, 0));
  expect(moved(at(3, 2), key("x"), size)).toBe(null);
});

test("with Shift a block grows; Ctrl-A takes all", () => {
  const grown = moved(at(3, 2), key("ArrowLeft", { shiftKey: true }), size) ?? at(0, 0);
  expect(blockOf(grown)).toEqual({ top: 3, bottom: 3, left: 1, right: 2 });
  expect([holds(blockOf(grown), 3, 1), holds(blockOf(grown), 4, 1)]).toEqual([true, false]);
  const all = moved(at(3, 2), key("a", { ctrlKey: true }), size) ?? at(0, 0);
  expect(blockOf(all)).toEqual({ top: 0, bottom: 99, left: 0, right: 4 });
});

test("values are quoted where they must be", () => {
  expect(tabbed(["a", "b\tc", 'd"'])).toBe('a\t"b\tc"\t"d"""');
  expect(commaed(["a", "b,c", "d\ne"])).toBe('a,"b,c","d\ne"');
});
