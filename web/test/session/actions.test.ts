// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { setGuest, setRight } from "../../src/session/permissions.ts";
import { anchor, caret, mode, numberedOtherwise, selected } from "../../src/session/selection.ts";
import { toasts } from "../../src/ui/notices.ts";
import { lineNumbers } from "../../src/ui/settings.ts";
import { cell, notebook } from "../notebook.ts";
import { settle } from "../world.ts";

beforeEach(() => {
  setRight("own");
  for (const one of [selected, anchor, caret]) one.value = null;
  mode.value = "command";
  toasts.value = [];
  numberedOtherwise.value = new Set();
});

describe("the selection", () => {
  test("moves by cells and stops at both ends", async () => {
    const { actions } = await notebook();
    actions.move(1);
    expect(selected.value).toBe("b");
    actions.move(1e9);
    expect(selected.value).toBe("d");
    actions.move(-1e9);
    expect(selected.value).toBe("a");
  });

  test("of several cells is in the order of the notebook, from whichever end", async () => {
    const { actions } = await notebook();
    actions.select("c");
    actions.extend(-1);
    actions.extend(-1);
    expect(actions.chosen()).toEqual(["a", "b", "c"]);
    actions.extend(1);
    expect(actions.chosen()).toEqual(["b", "c"]);
    actions.extendTo("c");
    expect([anchor.value, actions.chosen()]).toEqual([null, ["c"]]);
    actions.selectAll();
    expect(actions.chosen()).toEqual(["a", "b", "c", "d"]);
  });

  test("goes to what took the place of a deleted cell", async () => {
    const { actions, more } = await notebook();
    actions.select("b");
    more(cell("e", "d", "five"));
    more({ type: "cell_deleted", cell: "b" });
    expect(selected.value).toBe("c");
    actions.move(1); // no event has come since
    more({ type: "cell_deleted", cell: "d" });
    expect(selected.value).toBe("e");
    more(...["e", "c"].map(one => ({ type: "cell_deleted" as const, cell: one })));
    expect(selected.value).toBe("a");
  });

  test("is edited only by who may", async () => {
    const { actions } = await notebook();
    actions.edit("end");
    expect([mode.value, caret.value]).toEqual(["edit", "end"]);
    setRight("read");
    actions.edit("start");
    expect([mode.value, caret.value]).toEqual(["command", "end"]);
    actions.select("b", true);
    expect(mode.value).toBe("command");
  });
});

describe("making and deleting", () => {
  test("a new cell stands above or below the selected ones", async () => {
    const { actions, calls } = await notebook();
    actions.select("b");
    actions.insertAbove("code");
    actions.select("b");
    actions.extend(1);
    actions.insertBelow("markdown", false);
    expect(calls("cell.insert")).toMatchObject([
      { after: "a", cell_type: "code" },
      { after: "c", cell_type: "markdown" },
    ]);
  });

  test("deleted cells come back by undo, the last one first, and go again by redo", async () => {
    const { actions, calls, answer } = await notebook();
    actions.extend(1);
    actions.remove();
    await settle();
    expect(calls("cell.delete")).toMatchObject([{ cell: "a" }, { cell: "b" }]);
    expect(selected.value).toBe("c");
    expect(toasts.value.at(-1)?.text).toBe("2 cells deleted.");
    actions.undo.undo();
    await settle();
    await answer("cell.restore");
    await answer("cell.restore");
    expect(calls("cell.restore")).toMatchObject([{ cell: "b" }, { cell: "a" }]);
    expect(selected.value).toBe("a");
    actions.undo.redo();
    await settle();
    expect(calls("cell.delete").length).toBe(4);
  });

  test("a notebook that loses its last cell gets an empty one", async () => {
    const { actions, calls } = await notebook();
    actions.selectAll();
    actions.remove();
    await settle();
    expect(calls("cell.insert")).toMatchObject([{ after: null, cell_type: "code", source: "" }]);
  });

  test("what is copied is pasted after the selected cells, with its metadata", async () => {
    const { actions, calls, more } = await notebook();
    more({ type: "cell_metadata_set", cell: "a", metadata: { tags: ["x"] } });
    expect(actions.copy()).toBe("one");
    actions.select("c");
    actions.paste(false);
    actions.select("a");
    actions.paste(true);
    expect(calls("cell.insert")).toMatchObject([
      { after: "c", source: "one", metadata: { tags: ["x"] }, outputs_of: "a" },
      { after: null, source: "one" },
    ]);
  });

  test("what was copied in another notebook has its outputs from there, but for guests", async () => {
    const { actions, calls, answer } = await notebook();
    const copied = { type: "code", source: "two", metadata: {}, attachments: {}, from: { session: "other", cell: "x" } } as const;
    actions.paste(false, [copied, { ...copied, type: "markdown" }]);
    setGuest("s");
    actions.paste(false, [copied]);
    setGuest(null);
    expect(calls("cell.insert")).toHaveLength(1); // those behind it wait until the server has it
    await answer("cell.insert");
    await settle();
    await answer("cell.insert");
    await settle();
    const sent = calls("cell.insert") as { outputs_of?: string; outputs_from?: string }[];
    expect(sent.map(one => one.outputs_from)).toEqual(["other", undefined, undefined]);
    expect(sent.map(one => one.outputs_of)).toEqual(["x", undefined, undefined]);
  });

  test("outputs that are cleared come back by undo, and the message that offers it goes", async () => {
    const { actions, calls, answer, more } = await notebook();
    more({ type: "cell_outputs_set", cell: "b", outputs: [{ output_type: "stream", name: "stdout", text: "x" }] });
    actions.clearOutputs(null);
    await settle();
    expect(calls("cell.clear_outputs")).toEqual([{ session: "s", cell: null }]);
    await answer("cell.clear_outputs");
    expect(toasts.value.map(one => one.about)).toEqual(["undo"]);
    actions.undo.undo();
    await settle();
    expect(calls("cell.restore_outputs")).toEqual([{ session: "s", cells: ["b"] }]);
    expect(toasts.value.filter(one => one.about === "undo")).toEqual([]);
  });

  test("a text is pasted as one code cell, and no text as none", async () => {
    const { actions, calls } = await notebook();
    actions.pasteText("");
    actions.pasteText("x = 1\r\n");
    expect(calls("cell.insert")).toMatchObject([{ after: "a", cell_type: "code", source: "x = 1\n" }]);
  });
});

describe("changing", () => {
  test("another type is set only where it is another, and undone", async () => {
    const { actions, calls } = await notebook();
    actions.selectAll();
    actions.setType("markdown");
    await settle();
    expect(calls("cell.set_type")).toMatchObject(["a", "b", "c"].map(one => ({ cell: one, cell_type: "markdown" })));
    actions.undo.undo();
    await settle();
    expect(calls("cell.set_type").slice(3)).toMatchObject(["a", "b", "c"].map(one => ({ cell: one, cell_type: "code" })));
  });

  test("a heading has its marks in front, in place of other ones", async () => {
    const { actions, calls, more } = await notebook();
    more({ type: "cell_edited", cell: "d", version: 1, changes: [[0, "### "], 5] });
    actions.select("d");
    actions.heading(2);
    await settle();
    expect(calls("cell.set_source")).toMatchObject([{ cell: "d", source: "## words" }]);
  });

  test("cells move together, and back to where each one stood", async () => {
    const { actions, calls, answer } = await notebook();
    actions.select("b");
    actions.extend(1);
    actions.shift(1);
    await settle();
    await answer("cell.move");
    expect(calls("cell.move")).toMatchObject([
      { cell: "b", after: "d" },
      { cell: "c", after: "b" },
    ]);
    await answer("cell.move");
    actions.undo.undo();
    await settle();
    expect(calls("cell.move").at(-1)).toMatchObject({ cell: "b", after: "a" });
  });

  test("cells at an end stay there", async () => {
    const { actions, calls } = await notebook();
    actions.shift(-1);
    actions.select("d");
    actions.shift(1);
    actions.place(["a"], "a");
    expect(calls("cell.move")).toEqual([]);
  });

  test("line numbers are turned for cells, or for all", async () => {
    const { actions } = await notebook();
    const before = lineNumbers.value;
    actions.toggleLines();
    expect([...numberedOtherwise.value]).toEqual(["a"]);
    actions.toggleLines();
    expect([...numberedOtherwise.value]).toEqual([]);
    actions.toggleLines();
    actions.toggleAllLines();
    expect([numberedOtherwise.value.size, lineNumbers.value]).toEqual([0, !before]);
    actions.toggleAllLines();
  });
});

describe("running", () => {
  test("runs the cell and goes to the next one, or makes it", async () => {
    const { actions, calls } = await notebook();
    actions.runSelected("next");
    expect(selected.value).toBe("b");
    actions.select("d");
    actions.runSelected("next");
    expect(calls("cell.insert")).toMatchObject([{ after: "d" }]);
    actions.select("b");
    actions.runSelected("insert");
    expect(calls("cell.insert").at(-1)).toMatchObject({ after: "b" });
  });
});
