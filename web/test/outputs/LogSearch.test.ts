// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { LineBuffer } from "../../src/model/lines.ts";
import { linesWith } from "../../src/outputs/LogSearch.tsx";

test("a search finds lines in any case of letters", () => {
  const buffer = new LineBuffer();
  buffer.write("Alpha\nbeta\nALPHABET\n");
  expect(linesWith(buffer, "alpha")).toEqual([0, 2]);
  expect(linesWith(buffer, "")).toEqual([]);
});
