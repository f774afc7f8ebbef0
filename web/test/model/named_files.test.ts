import { expect, test } from "vitest";
import { isNamedIn } from "../../src/model/named_files.ts";

test("a file is named in a cell by its whole name", () => {
  const cells = ["pd.read_csv('data.csv')", "open(f'images/{n}.png')", "![](plan (1).pdf)", "größe"];
  for (const name of ["data.csv", "images", "plan (1).pdf"]) expect(isNamedIn(name, cells), name).toBe(true);
  for (const name of ["ata.csv", "data", "data.cs", "image", "size", "gr", "read"]) expect(isNamedIn(name, cells), name).toBe(false);
  expect(isNamedIn("data.csv", ["my-data.csv", "data.csv.gz"])).toBe(false);
  expect(isNamedIn("data.csv", ["Read data.csv."])).toBe(true);
  expect(isNamedIn("x", [])).toBe(false);
});
