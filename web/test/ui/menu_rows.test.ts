import { expect, test } from "vitest";
import { type MenuRow, rowsInPlace } from "../../src/ui/menu_rows.ts";

const item = (title: string): MenuRow => ({ title, run: () => {} });
const words = (rows: ReturnType<typeof rowsInPlace>): string[] =>
  [...rows.values()].map(row =>
    "run" in row ? `${row.title}${row.disabled === true ? " (disabled)" : ""}` : "heading" in row ? row.heading : "note",
  );

test("what comes while a menu is open stands after what is there, and what goes stays in its place", () => {
  const first = rowsInPlace(new Map(), [{ heading: "" }, item("File"), false, item("Folder")]);
  expect(words(first)).toEqual(["", "File", "Folder"]);
  const more = rowsInPlace(first, [item("Python notebook"), { heading: "" }, item("File"), item("Folder"), item("Python session")]);
  expect(words(more)).toEqual(["", "File", "Folder", "Python notebook", "Python session"]);
  const fewer = rowsInPlace(more, [{ heading: "" }, item("Folder")]);
  expect(words(fewer)).toEqual(["", "File (disabled)", "Folder", "Python notebook (disabled)", "Python session (disabled)"]);
  expect(words(rowsInPlace(fewer, [item("File"), item("Folder")])).slice(0, 3)).toEqual(["", "File", "Folder"]);
});

test("rows of one name are told apart, and each does what it does now", () => {
  const done: number[] = [];
  const lines: MenuRow[] = [{ heading: "" }, { note: "a" }, item("x"), { heading: "" }, { note: "b" }, item("x"), { heading: "x" }, null];
  const shown = rowsInPlace(new Map(), lines);
  expect(shown.size).toBe(7);
  const now = rowsInPlace(shown, [...lines.slice(0, 2), { title: "x", run: () => done.push(1) }]);
  const rows = [...now.values()];
  for (const row of rows) if ("run" in row && row.disabled !== true) row.run();
  expect(done).toEqual([1]);
});
