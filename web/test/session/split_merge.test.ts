// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { setRight } from "../../src/session/permissions.ts";
import { selected } from "../../src/session/selection.ts";
import { notebook } from "../notebook.ts";
import { settle } from "../world.ts";

beforeEach(() => setRight("own"));

describe("splitting and joining", () => {
  test("a cell is split at the caret, and the second half selected", async () => {
    const { actions, calls, answer } = await notebook();
    actions.splitMerge.split(2);
    await settle();
    const [params] = calls("cell.split") as { id: string }[];
    expect(params).toMatchObject({ cell: "a", version: 0, at: 2 });
    await answer("cell.split");
    expect(selected.value).toBe(params?.id);
  });

  test("one cell is joined with its neighbour, several with each other", async () => {
    const { actions, calls } = await notebook();
    actions.select("b");
    actions.splitMerge.merge(-1);
    await settle();
    actions.select("b");
    actions.extend(1);
    actions.splitMerge.merge();
    await settle();
    actions.select("d");
    actions.splitMerge.merge(1);
    await settle();
    expect(calls("cell.merge")).toEqual([
      { session: "s", cells: ["a", "b"] },
      { session: "s", cells: ["b", "c"] },
    ]);
  });
});
