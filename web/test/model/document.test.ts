import { describe, expect, test } from "vitest";
import { restored } from "../../src/model/reduce.ts";
import { isSaved } from "../../src/model/select.ts";
import { numbered, OPENED, opened } from "../log.ts";

describe("the file of a notebook", () => {
  test("is saved when it was opened, not after a change, and again when a save went that far", () => {
    expect(isSaved(opened())).toBe(true);
    const edit = { type: "cell_edited" as const, cell: "a", version: 1, changes: [1, [0, "2"]] as (number | (number | string)[])[] };
    expect(isSaved(opened(edit))).toBe(false);
    expect(isSaved(opened(edit, { type: "notebook_saved", path: "a/n.ipynb", etag: "e2", until: 5 }))).toBe(false);
    expect(isSaved(opened(edit, { type: "notebook_saved", path: "a/n.ipynb", etag: "e2", until: 6 }))).toBe(true);
  });

  test("is changed by what runs under a cell, and not by what runs without one", () => {
    expect(isSaved(opened({ type: "execution_queued", execution: "r", code: "1" }))).toBe(true);
    expect(isSaved(opened({ type: "execution_queued", execution: "r", code: "1", cell: "a" }))).toBe(false);
  });

  test("tells of conflicts and failures until a save or a reload ends them", () => {
    const conflict = { type: "notebook_conflicted" as const, path: "a/n.ipynb", reason: "both", etag: "e9", cells: ["a"] };
    const failed = { type: "notebook_save_failed" as const, path: "a/n.ipynb", reason: "The disk is full." };
    expect(opened(conflict).file?.conflict).toEqual({ reason: "both", etag: "e9", cells: ["a"] });
    expect(opened(failed).file?.failed).toBe("The disk is full.");
    const saved = opened(conflict, failed, { type: "notebook_saved", path: "a/n.ipynb", etag: "e3", until: 5 });
    expect([saved.file?.conflict, saved.file?.failed]).toEqual([null, null]);
    expect(opened(conflict, { type: "notebook_reloaded", path: "a/n.ipynb", etag: "e4" }).file?.conflict).toBeNull();
  });

  test("has no time of saving when a snapshot told of it", () => {
    const events = numbered([...OPENED]).map(event => ({ ...event, time: "" }));
    expect(restored({ seq: 9, events }).file).toMatchObject({ path: "a/n.ipynb", savedAt: null });
  });

  test("moves", () => {
    expect(opened({ type: "notebook_moved", path: "b/m.ipynb" }).file?.path).toBe("b/m.ipynb");
  });
});
