import { describe, expect, test } from "vitest";
import { ahead, isStale, languageOf, outputsHidden, wantedKernel, withHidden } from "../../src/model/select.ts";
import type { Run } from "../../src/model/types.ts";
import { opened } from "../log.ts";

describe("cells that came from a file", () => {
  test("have their outputs, count and metadata", () => {
    const model = opened();
    const cell = model.cells.get("a");
    const run = model.runs.get(cell?.run ?? "");
    expect(cell?.metadata).toEqual({ tags: ["x"] });
    expect([run?.kept, run?.count, run?.status]).toEqual([true, 4, "ok"]);
    expect(run?.outputs).toMatchObject([{ kind: "stream", pieces: ["one\ntwo\n"] }]);
  });

  test("are stale when they were edited", () => {
    const model = opened();
    const cell = model.cells.get("a");
    if (cell === undefined) throw new Error("no cell");
    expect(isStale(model, cell, "1")).toBe(false);
    expect(isStale(model, cell, "2")).toBe(true);
    const edited = opened({ type: "cell_edited", cell: "a", version: 1, changes: [[1, "3"]] });
    const now = edited.cells.get("a");
    expect(now !== undefined && isStale(edited, now, "3")).toBe(true);
  });

  test("say which kernel they want and in which language they are", () => {
    expect(wantedKernel(opened())).toEqual({ name: "ir", title: "R" });
    expect(languageOf(opened())).toBe("r");
  });

  test("note hidden outputs as Jupyter does, and leave the rest of the metadata alone", () => {
    const hidden = withHidden({ tags: ["x"], jupyter: { source_hidden: true } }, "outputs", true);
    expect(hidden).toEqual({ tags: ["x"], jupyter: { source_hidden: true, outputs_hidden: true } });
    expect(withHidden({ collapsed: true, jupyter: { outputs_hidden: true } }, "outputs", false)).toEqual({});
    const cell = opened({ type: "cell_metadata_set", cell: "a", metadata: hidden }).cells.get("a");
    expect(cell !== undefined && outputsHidden(cell)).toBe(true);
  });
});

test("what the page asks the kernel takes no place in the line that people see", () => {
  const queued = ["r1", "asked", "r2"].map(execution => ({
    ...{ type: "execution_queued" as const, execution, code: "1" },
    ...(execution === "asked" ? { silent: true } : { cell: "a" }),
  }));
  const model = opened(...queued);
  expect(["r1", "r2"].map(id => ahead(model, model.runs.get(id) as Run))).toEqual([0, 1]);
});
