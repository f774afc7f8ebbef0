// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { foldedAway, headingLevel, sectionEnd, withFolded } from "../../src/model/sections.ts";
import { withHidden, withScrolled } from "../../src/model/select.ts";
import { fold, numbered } from "../log.ts";

const text = (cell: string, after: string | null, source: string, metadata = {}) => ({
  type: "cell_inserted" as const,
  cell,
  after,
  cell_type: "markdown" as const,
  source,
  metadata,
});

describe("sections", () => {
  const folded = withFolded({}, true);
  const model = fold(
    numbered([
      { type: "session_created" as const, session: "s", title: "t", path: null },
      text("one", null, "# One", folded),
      text("a", "one", "words"),
      text("two", "a", "## Two", folded),
      text("b", "two", "#hashtag"),
      text("three", "b", "# Three"),
      text("four", "three", "## Four", folded),
      text("c", "four", "words"),
    ]),
  );
  test("end at the next heading that is as high", () => {
    expect(model.order.map((_, at) => sectionEnd(model, model.order, at)).at(0)).toBe(4);
    expect(headingLevel(model.cells.get("b"))).toBe(0);
  });
  test("that are folded hide what is under them, sections inside too", () => {
    expect([...foldedAway(model, model.order)]).toEqual([
      ["a", "one"],
      ["two", "one"],
      ["b", "one"],
      ["c", "four"],
    ]);
  });
  test("leave other metadata as it is", () => {
    expect(withFolded({ tags: ["x"], ...folded }, false)).toEqual({ tags: ["x"] });
    expect(withScrolled(withScrolled({ tags: [] }, true), false)).toEqual({ tags: [] });
    expect(withHidden({ collapsed: true }, "source", true)).toEqual({ collapsed: true, jupyter: { source_hidden: true } });
  });
});
