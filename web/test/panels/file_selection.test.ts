import { expect, test } from "vitest";
import { mayDrop } from "../../src/panels/file_drag.ts";
import { FileSelection } from "../../src/panels/file_selection.ts";

const order = ["a", "b", "c", "d", "e"];
const chosen = (selection: FileSelection): string => [...selection.paths.value].sort().join("");

test("a range goes from the last one that was toggled, in either direction", () => {
  const selection = new FileSelection();
  selection.toggle("b");
  selection.extend(order, "d");
  expect(chosen(selection)).toBe("bcd");
  selection.extend(order, "a");
  expect(chosen(selection)).toBe("ab");
  selection.toggle("e");
  expect(chosen(selection)).toBe("abe");
  selection.toggle("a");
  expect(chosen(selection)).toBe("be");
  selection.clear();
  selection.extend(order, "c"); // nothing to begin at
  expect(chosen(selection)).toBe("c");
  selection.clear();
  selection.begin("d");
  selection.extend(order, "e");
  expect(chosen(selection)).toBe("de");
});

test("all, and what is not listed any more", () => {
  const selection = new FileSelection();
  selection.all(order);
  selection.keep(["a", "c", "x"]);
  expect(chosen(selection)).toBe("ac");
  const before = selection.paths.value;
  selection.keep(order);
  expect(selection.paths.value).toBe(before); // nothing is drawn anew for nothing
});

test("nothing goes into itself, or to where it is", () => {
  const table: [string[], string, boolean][] = [
    [["a.csv"], "d", true],
    [["d/a.csv"], "", true],
    [["d/a.csv"], "d", false],
    [["d"], "d", false],
    [["d"], "d/e", false],
    [["d"], "de", true],
    [["d/a.csv", "b.csv"], "d", true],
    [[], "d", false],
  ];
  for (const [paths, folder, may] of table) expect(mayDrop(paths, folder), `${paths} ${folder}`).toBe(may);
});
