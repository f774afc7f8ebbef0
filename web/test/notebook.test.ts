// @vitest-environment happy-dom
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellsOf, diffCells, diffLines } from "../src/model/diff.ts";
import { matchesIn, patternOf, replaced } from "../src/model/find.ts";
import { restored } from "../src/model/reduce.ts";
import { ahead, isSaved, isStale, languageOf, outputsHidden, wantedKernel, withHidden } from "../src/model/select.ts";
import type { Run } from "../src/model/types.ts";
import { arranged } from "../src/panels/folder.ts";
import type { File } from "../src/rpc/schema.ts";
import { asText, cellsIn, keep, pasted } from "../src/session/clipboard.ts";
import { fold, numbered } from "./log.ts";

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

describe("cells that came from a file", () => {
  test("have their outputs, count and metadata", () => {
    const model = with_();
    const cell = model.cells.get("a");
    const run = model.runs.get(cell?.run ?? "");
    expect(cell?.metadata).toEqual({ tags: ["x"] });
    expect([run?.kept, run?.count, run?.status]).toEqual([true, 4, "ok"]);
    expect(run?.outputs).toMatchObject([{ kind: "stream", pieces: ["one\ntwo\n"] }]);
  });

  test("are stale when they were edited", () => {
    const model = with_();
    const cell = model.cells.get("a");
    if (cell === undefined) throw new Error("no cell");
    expect(isStale(model, cell, "1")).toBe(false);
    expect(isStale(model, cell, "2")).toBe(true);
    const edited = with_({ type: "cell_edited", cell: "a", version: 1, changes: [[1, "3"]] });
    const now = edited.cells.get("a");
    expect(now !== undefined && isStale(edited, now, "3")).toBe(true);
  });

  test("say which kernel they want and in which language they are", () => {
    expect(wantedKernel(with_())).toEqual({ name: "ir", title: "R" });
    expect(languageOf(with_())).toBe("r");
  });

  test("note hidden outputs as Jupyter does, and leave the rest of the metadata alone", () => {
    const hidden = withHidden({ tags: ["x"], jupyter: { source_hidden: true } }, "outputs", true);
    expect(hidden).toEqual({ tags: ["x"], jupyter: { source_hidden: true, outputs_hidden: true } });
    expect(withHidden({ collapsed: true, jupyter: { outputs_hidden: true } }, "outputs", false)).toEqual({});
    const cell = with_({ type: "cell_metadata_set", cell: "a", metadata: hidden }).cells.get("a");
    expect(cell !== undefined && outputsHidden(cell)).toBe(true);
  });
});

test("a queued execution waits before another, or last", () => {
  const queued = ["r1", "r2", "r3"].map(execution => ({ type: "execution_queued" as const, execution, code: "1", cell: "a" }));
  expect(with_(...queued, { type: "execution_moved", execution: "r3", before: "r2" }).queue).toEqual(["r1", "r3", "r2"]);
  expect(with_(...queued, { type: "execution_moved", execution: "r1" }).queue).toEqual(["r2", "r3", "r1"]);
});

test("what the page asks the kernel takes no place in the line that people see", () => {
  const queued = ["r1", "asked", "r2"].map(execution => ({
    ...{ type: "execution_queued" as const, execution, code: "1" },
    ...(execution === "asked" ? { silent: true } : { cell: "a" }),
  }));
  const model = with_(...queued);
  expect(["r1", "r2"].map(id => ahead(model, model.runs.get(id) as Run))).toEqual([0, 1]);
});

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

describe("differences", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map(lines => lines.join("\n"));
  test("of two texts hold both of them", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        const side = (without: string): string[] => lines.filter(line => line.kind !== without).map(line => line.text);
        expect(side("in").join("\n")).toBe(before);
        expect(side("out").join("\n")).toBe(after);
      }),
    );
  });
  test("of two documents name each cell that differs, where it stands", () => {
    const old = cellsOf('{"cells": [{"id": "a", "cell_type": "code", "source": "1"}, {"id": "b", "cell_type": "code", "source": ["2"]}]}');
    const now = cellsOf('{"cells": [{"id": "b", "cell_type": "code", "source": "3"}, {"id": "c", "cell_type": "raw", "source": ""}]}');
    const found = diffCells(old ?? [], now ?? []).map(one => [one.change, one.cell, one.before, one.after]);
    expect(found).toEqual([
      ["removed", "a", "1", null],
      ["changed", "b", "2", "3"],
      ["added", "c", null, ""],
    ]);
    expect(cellsOf("{half")).toBeNull();
  });
});

describe("finding", () => {
  const ask = (text: string, more: object = {}) => patternOf({ text, matchCase: false, word: false, regular: false, ...more });
  const count = (text: string, source: string, more: object = {}): number => {
    const pattern = ask(text, more);
    return pattern === null ? -1 : matchesIn("c", source, pattern).length;
  };
  test("is by letters, by words or by pattern", () => {
    expect(count("A.", "a. ab A.")).toBe(2);
    expect(count("A.", "a. ab A.", { matchCase: true })).toBe(1);
    expect(count("a", "a ab a", { word: true })).toBe(2);
    expect(count("^b", "a\nb\nb", { regular: true })).toBe(2);
    expect(count("(", "a", { regular: true })).toBe(-1);
    expect(count("x*", "aaa", { regular: true })).toBe(0);
  });
  test("replaces all or one, groups only in patterns", () => {
    const plain = ask("a");
    const groups = ask("(a)(b)", { regular: true });
    if (plain === null || groups === null) throw new Error("no pattern");
    expect(replaced("a a", plain, "$1", false)).toBe("$1 $1");
    expect(replaced("a a", plain, "b", false, 2)).toBe("a b");
    expect(replaced("ab", groups, "$2$1", true)).toBe("ba");
  });
});

test("entries are filtered by words and sorted with folders first", () => {
  const file = (name: string, size: number, kind: File["kind"] = "file"): File => ({
    name,
    path: name,
    kind,
    size,
    modified: "",
    etag: "",
    is_writable: true,
    session: null,
    kernel_state: null,
  });
  const all = [file("a10", 1), file("a9", 2), file("zoo", 0, "folder"), file("B", 3)];
  const names = (...how: [string, "name" | "size", boolean]): string[] => arranged(all, ...how).map(one => one.name);
  expect(names("", "name", false)).toEqual(["zoo", "a9", "a10", "B"]);
  expect(names("", "size", true)).toEqual(["zoo", "B", "a9", "a10"]);
  expect(names("A 1", "name", false)).toEqual(["a10"]);
});
