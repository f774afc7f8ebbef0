import { describe, expect, test } from "vitest";
import { asText, cellsIn, keep, pasted } from "../../src/session/clipboard.ts";

describe("copied cells", () => {
  const cells = [
    { type: "code" as const, source: "1", metadata: {}, attachments: {} },
    { type: "markdown" as const, source: "# T", metadata: { tags: ["x"] }, attachments: { "a.png": { "image/png": "" } } },
  ];
  test("come back as they were when their text is pasted", () => {
    keep(cells);
    expect(pasted(asText(cells))).toEqual(cells);
    expect(pasted("other").map(cell => [cell.type, cell.source])).toEqual([["code", "other"]]);
  });
  test("are read from Jupyter's JSON, and text that only begins like it stays text", () => {
    expect(cellsIn('{"cell_type": "code", "source": ["a\\n", "b"]}')?.map(cell => cell.source)).toEqual(["a\nb"]);
    expect(cellsIn('[{"cell_type": "raw", "source": "x"}]')?.map(cell => cell.type)).toEqual(["raw"]);
    for (const text of ["[1, 2]", "{not json", "{}", '{"cells": []}', '[{"cell_type": "video", "source": ""}]'])
      expect(cellsIn(text)).toBeNull();
  });
});
