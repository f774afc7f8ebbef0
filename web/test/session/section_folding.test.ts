// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { withFolded } from "../../src/model/sections.ts";
import { Actions } from "../../src/session/actions.ts";
import { setRight } from "../../src/session/permissions.ts";
import { caret, selected } from "../../src/session/selection.ts";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";
import { settle } from "../world.ts";

const FOLDED = withFolded({}, true);
const text = (cell: string, after: string | null, source: string, metadata = {}) => ({
  ...{ type: "cell_inserted" as const, cell, after, cell_type: "markdown" as const, source, metadata },
});

async function notebook(metadata = {}) {
  const log = numbered([
    { type: "session_created", session: "s", title: "t" },
    text("one", null, "# One", metadata),
    text("a", "one", "words"),
    text("two", "a", "## Two"),
    text("b", "two", "words"),
    text("three", "b", "# Three"),
  ]);
  const opened = await openSession(log);
  const actions = new Actions(opened.store);
  const folds = (): unknown[] => opened.calls("cell.set_metadata");
  return { ...opened, actions, sections: actions.sections, folds };
}

beforeEach(() => setRight("own"));

describe("a section", () => {
  test("is folded from its heading; from elsewhere, the heading is selected first", async () => {
    const { actions, sections, folds } = await notebook();
    actions.select("b");
    sections.fold();
    expect([selected.value, folds()]).toEqual(["two", []]);
    sections.fold();
    await settle();
    expect(folds()).toMatchObject([{ cell: "two", metadata: FOLDED }]);
  });

  test("that is folded hides its cells, and shows them to who cannot unfold it", async () => {
    const { sections } = await notebook(FOLDED);
    expect([...sections.away.value.keys()]).toEqual(["a", "two", "b"]);
    expect(sections.hides("one")).toBe(3);
    const { sections: others } = await notebook(FOLDED);
    setRight("read");
    expect(others.away.value.size).toBe(0);
  });

  test("is unfolded for a cell in it that is gone to", async () => {
    const { sections, folds } = await notebook(FOLDED);
    sections.reveal("three");
    sections.reveal("b");
    await settle();
    expect(folds()).toMatchObject([{ cell: "one", metadata: {} }]);
  });

  test("is skipped by the selection while it is folded, and moves as a whole", async () => {
    const { actions, calls } = await notebook(FOLDED);
    actions.select("one");
    actions.move(1);
    expect(selected.value).toBe("three");
    actions.shift(-1);
    await settle();
    expect(calls("cell.move")).toMatchObject([{ cell: "three", after: null }]);
  });
});

test("all sections are folded together, and the selection leaves what is hidden", async () => {
  const { actions, sections, folds } = await notebook();
  actions.select("b");
  sections.foldAll(true);
  await settle();
  expect(folds()).toMatchObject(["one", "two", "three"].map(cell => ({ cell, metadata: FOLDED })));
});

test("a heading of the same level is made around the section", async () => {
  const { actions, sections, calls } = await notebook();
  actions.select("b");
  sections.insert(1);
  actions.select("b");
  sections.insert(-1);
  expect(calls("cell.insert")).toMatchObject([
    { after: "b", source: "## " },
    { after: "a", source: "## " },
  ]);
  expect(caret.value).toBe("end");
});
