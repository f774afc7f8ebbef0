// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { noteOpened, recentFiles } from "../../src/session/recent_files.ts";

test("the latest comes first, each once, and not too many are kept", () => {
  localStorage.removeItem("webipy.recent");
  expect(recentFiles()).toEqual([]);
  for (let n = 0; n < 40; n++) noteOpened(`${n}.ipynb`);
  noteOpened("20.ipynb");
  expect(recentFiles().slice(0, 3)).toEqual(["20.ipynb", "39.ipynb", "38.ipynb"]);
  expect(recentFiles().length).toBe(30);
  localStorage.setItem("webipy.recent", '{"a": 1}');
  expect(recentFiles()).toEqual([]);
});
