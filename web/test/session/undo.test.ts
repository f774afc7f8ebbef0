// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { Undo } from "../../src/session/undo.ts";

describe("undo", () => {
  test("goes back and forth, and forgets what was undone when something new is done", () => {
    const said: string[] = [];
    const undo = new Undo(
      () => {},
      (step, undone) => said.push(`${undone ? "un" : "re"}:${step?.what ?? "nothing"}`),
    );
    const step = (what: string) => undo.did({ what, undo: async () => {}, redo: async () => {} });
    step("a");
    step("b");
    undo.undo();
    undo.redo();
    undo.undo();
    step("c");
    undo.redo();
    undo.undo();
    undo.undo();
    undo.undo();
    expect(said).toEqual(["un:b", "re:b", "un:b", "re:nothing", "un:c", "un:a", "un:nothing"]);
  });
});
