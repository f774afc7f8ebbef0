import { describe, expect, test } from "vitest";
import { restored } from "../../src/model/reduce.ts";
import { isSaved } from "../../src/model/select.ts";
import { fold, numbered } from "../log.ts";

const OPENED = [
  { type: "session_created" as const, session: "s", title: "t", path: "a/n.ipynb" },
  { type: "cell_inserted" as const, cell: "a", after: null, cell_type: "code" as const, source: "1", metadata: { tags: ["x"] } },
  {
    type: "cell_outputs_set" as const,
    cell: "a",
    outputs: [{ output_type: "stream", name: "stdout", text: ["one\n", "two\n"] }],
    execution_count: 4,
  },
  { type: "notebook_metadata_set" as const, metadata: { kernelspec: { name: "ir", display_name: "R", language: "R" } } },
  { type: "notebook_opened" as const, path: "a/n.ipynb", etag: "e1" },
];

const with_ = (...more: Parameters<typeof numbered>[0]) => fold(numbered([...OPENED, ...more]));

describe("the file of a notebook", () => {
  test("is saved when it was opened, not after a change, and again when a save went that far", () => {
    expect(isSaved(with_())).toBe(true);
    const edit = { type: "cell_edited" as const, cell: "a", version: 1, changes: [1, [0, "2"]] as (number | (number | string)[])[] };
    expect(isSaved(with_(edit))).toBe(false);
    expect(isSaved(with_(edit, { type: "notebook_saved", path: "a/n.ipynb", etag: "e2", until: 5 }))).toBe(false);
    expect(isSaved(with_(edit, { type: "notebook_saved", path: "a/n.ipynb", etag: "e2", until: 6 }))).toBe(true);
  });

  test("is changed by what runs under a cell, and not by what runs without one", () => {
    expect(isSaved(with_({ type: "execution_queued", execution: "r", code: "1" }))).toBe(true);
    expect(isSaved(with_({ type: "execution_queued", execution: "r", code: "1", cell: "a" }))).toBe(false);
  });

  test("tells of conflicts and failures until a save or a reload ends them", () => {
    const conflict = { type: "notebook_conflicted" as const, path: "a/n.ipynb", reason: "both", etag: "e9", cells: ["a"] };
    const failed = { type: "notebook_save_failed" as const, path: "a/n.ipynb", reason: "The disk is full." };
    expect(with_(conflict).file?.conflict).toEqual({ reason: "both", etag: "e9", cells: ["a"] });
    expect(with_(failed).file?.failed).toBe("The disk is full.");
    const saved = with_(conflict, failed, { type: "notebook_saved", path: "a/n.ipynb", etag: "e3", until: 5 });
    expect([saved.file?.conflict, saved.file?.failed]).toEqual([null, null]);
    expect(with_(conflict, { type: "notebook_reloaded", path: "a/n.ipynb", etag: "e4" }).file?.conflict).toBeNull();
  });

  test("has no time of saving when a snapshot told of it", () => {
    const events = numbered([...OPENED]).map(event => ({ ...event, time: "" }));
    expect(restored({ seq: 9, events }).file).toMatchObject({ path: "a/n.ipynb", savedAt: null });
  });

  test("moves", () => {
    expect(with_({ type: "notebook_moved", path: "b/m.ipynb" }).file?.path).toBe("b/m.ipynb");
  });
});
