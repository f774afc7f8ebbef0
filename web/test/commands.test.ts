// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { LineBuffer } from "../src/model/lines.ts";
import { foldedAway, headingLevel, sectionEnd, withFolded } from "../src/model/sections.ts";
import { withHidden, withScrolled } from "../src/model/select.ts";
import { linesWith } from "../src/outputs/LogSearch.tsx";
import { COMMANDS, commandsOf, editorKeys } from "../src/panels/commands.ts";
import { KeyMap } from "../src/panels/key_map.ts";
import { lastLines } from "../src/panels/last_output.ts";
import type { AnyEvent } from "../src/rpc/schema.ts";
import { freeName } from "../src/session/pictures.ts";
import { Undo } from "../src/session/undo.ts";
import { keySet } from "../src/ui/settings.ts";
import { fold, numbered } from "./log.ts";

const press = (key: string, ctrlKey = false, shiftKey = false) => ({ key, ctrlKey, shiftKey, metaKey: false, altKey: false });

/** Every key of the Jupyter table that is a command of the page; the editor has the others. */
const JUPYTER: Readonly<Record<string, readonly string[]>> = {
  command:
    "Enter ArrowUp k ArrowDown j Shift+ArrowUp Shift+k Shift+ArrowDown Shift+j Shift+Home Shift+End Ctrl+a a b x c v Shift+v z Shift+z y m r 1 2 3 4 5 6 Shift+m Ctrl+Backspace Ctrl+Shift+m Ctrl+Shift+ArrowUp Ctrl+Shift+ArrowDown ArrowLeft ArrowRight Shift+a Shift+b Ctrl+Shift+ArrowLeft Ctrl+Shift+ArrowRight Shift+l l o Shift+o Shift+r s h p Ctrl+k".split(
      " ",
    ),
  both: "Shift+Enter Ctrl+Enter Alt+Enter Ctrl+s Ctrl+f Ctrl+h Ctrl+g Ctrl+Shift+c".split(" "),
  chords: ["d d", "i i", "0 0"],
};

describe("the table of commands", () => {
  test("has every key of Jupyter's, once in each mode", () => {
    const keysIn = (mode: "command" | "edit"): string[] =>
      COMMANDS.filter(one => one.where === "both" || one.where === mode).flatMap(one => one.keys);
    const [command, edit] = [keysIn("command"), keysIn("edit")];
    for (const key of [...(JUPYTER.command ?? []), ...(JUPYTER.both ?? []), ...(JUPYTER.chords ?? [])]) expect(command, key).toContain(key);
    for (const key of JUPYTER.both ?? []) expect(edit, key).toContain(key);
    expect(new Set(command).size).toBe(command.length);
    expect(new Set(edit).size).toBe(edit.length);
  });
  test("has ids once, and a title for each", () => {
    for (const set of ["jupyter", "colab"] as const) {
      const ids = commandsOf(set).map(one => one.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(commandsOf(set).every(one => one.title !== "")).toBe(true);
      expect(editorKeys(set).every(one => one.title !== "" && one.keys !== "")).toBe(true);
    }
  });
});

describe("the keys of Colab and VS Code", () => {
  beforeEach(() => {
    keySet.value = "colab";
    return () => {
      keySet.value = "jupyter";
    };
  });
  test("begin with Ctrl-M in both modes, and take whatever follows", () => {
    const map = new KeyMap();
    expect(map.press(press("m", true), "edit", 0)).toBe("begun");
    expect(map.press(press("Control", true), "edit", 10)).toBeNull();
    expect(map.press(press("b"), "edit", 100)).toHaveProperty("id", "colab-below");
    expect(map.press(press("b"), "edit", 200)).toBeNull();
    expect(map.press(press("m", true), "edit", 300)).toBe("begun");
    expect(map.press(press("q"), "edit", 400)).toBe("begun");
    expect(map.press(press("q"), "edit", 500)).toBeNull();
    expect(map.press(press("m", true), "command", 600)).toBe("begun");
    expect(map.press(press("b"), "command", 5000)).toHaveProperty("id", "below");
  });
  test("are not there otherwise", () => {
    keySet.value = "jupyter";
    expect(new KeyMap().press(press("m", true), "edit", 0)).toBeNull();
  });
});

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

describe("the last lines of a session", () => {
  const event = (seq: number, facts: object) => ({ seq, at: "2026-01-01T00:00:00Z", by: null, ...facts }) as unknown as AnyEvent;
  const printed = (seq: number, words: string) =>
    event(seq, { type: "output_added", execution: "e", output: { output_type: "stream", name: "stdout", text: words } });
  test("are those that a terminal would show", () => {
    expect(lastLines([printed(1, "one\ntwo\n 10%\r"), printed(2, " 64%\n\n")])).toEqual({ code: false, lines: ["two", " 64%"] });
  });
  test("are the code that ran when nothing was printed", () => {
    expect(lastLines([event(1, { type: "execution_queued", execution: "e", code: "# note\nx = 1" })])).toEqual({
      code: true,
      lines: ["x = 1"],
    });
    expect(lastLines([])).toEqual({ code: true, lines: [] });
  });
});

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

describe("pictures and logs", () => {
  test("a picture gets a name that is not taken", () => {
    expect(freeName("dot.png", {})).toBe("dot.png");
    expect(freeName("dot.png", { "dot.png": {}, "dot-2.png": {} })).toBe("dot-3.png");
    expect(freeName("", { "image.png": {} })).toBe("image-2.png");
    expect(freeName("plain", { plain: {} })).toBe("plain-2");
  });
  test("a search finds lines in any case of letters", () => {
    const buffer = new LineBuffer();
    buffer.write("Alpha\nbeta\nALPHABET\n");
    expect(linesWith(buffer, "alpha")).toEqual([0, 2]);
    expect(linesWith(buffer, "")).toEqual([]);
  });
});
