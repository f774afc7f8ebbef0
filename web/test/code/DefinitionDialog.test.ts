// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { rowsOf } from "../../src/code/DefinitionDialog.tsx";

test("source is painted line by line, one of them marked, and copied as it is", () => {
  const source = 'def f():\n    """Two\n    lines."""\n\n    return 1';
  const rows = rowsOf(source, 7, 9);
  expect(rows.map(row => row.textContent).join("")).toBe(source);
  expect(rows.map(row => `${row.localName} ${row.dataset.line}`)).toEqual(["span 7", "span 8", "mark 9", "span 10", "span 11"]);
  expect(rows[1]?.querySelector(".s")?.textContent).toBe('"""Two');
  expect(rows[2]?.querySelector(".s")?.textContent).toBe('    lines."""');
});
