import { expect, test } from "vitest";
import { decoded, folderOf, nameOf } from "../../src/model/paths.ts";

test.each([
  ["a/b/c.ipynb", "a/b/", "c.ipynb"],
  ["c.ipynb", "", "c.ipynb"],
  ["a/", "a/", ""],
  ["", "", ""],
])("%j is a folder and a name, which make it again", (path, folder, name) => {
  expect([folderOf(path), nameOf(path)]).toEqual([folder, name]);
  expect(folderOf(path) + nameOf(path)).toBe(path);
});

test.each([
  ["a%20b", "a b"],
  ["100%", "100%"],
  ["%ff", "%ff"],
])("%j of an address is %j", (part, words) => expect(decoded(part)).toBe(words));
