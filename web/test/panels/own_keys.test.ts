// @vitest-environment happy-dom
import { afterEach, describe, expect, test } from "vitest";
import { commandsOf, TABLE } from "../../src/panels/commands.ts";
import { conflicts, given, refusal } from "../../src/panels/key_choice.ts";
import { KeyMap } from "../../src/panels/key_map.ts";
import { keysOf, whereOf, withOwn } from "../../src/panels/own_keys.ts";
import { wordsOf } from "../../src/ui/keys.ts";
import { ownKeys } from "../../src/ui/settings.ts";

afterEach(() => {
  ownKeys.value = {};
});

const press = (key: string, ctrlKey = false) => ({ key, ctrlKey, shiftKey: false, metaKey: false, altKey: false });

describe("keys of one's own", () => {
  test("take the place of those of the table, in both sets", () => {
    ownKeys.value = { "run-all": ["Ctrl+Alt+r", "g g"], cut: [], define: ["F8"] };
    for (const set of ["jupyter", "colab"] as const) {
      expect(keysOf(commandsOf(set), "run-all")).toEqual(["Ctrl+Alt+r", "g g"]);
      expect(keysOf(commandsOf(set), "cut")).toEqual([]);
      expect(commandsOf(set).find(one => one.id === "define")).toMatchObject({ where: "edit", keys: ["F8"] });
    }
    expect(commandsOf().filter(one => one.row === "run-all")).toMatchObject([{ where: "both" }, { where: "command", keys: ["g g"] }]);
    expect(new Set(commandsOf("colab").map(one => one.id)).size).toBe(commandsOf("colab").length);
    const map = new KeyMap();
    expect(map.press(press("x"), "command", 0)).toBeNull();
    expect(map.press(press("g"), "command", 10)).toBeNull();
    expect(map.press(press("g"), "command", 20)).toMatchObject({ row: "run-all" });
  });
  test("that begin as those of Colab are not there in the keys of Jupyter", () => {
    const own = { cut: ["Ctrl+m x", "q"] };
    expect(keysOf(withOwn(commandsOf("jupyter"), TABLE, own), "cut")).toEqual(["q"]);
    ownKeys.value = own;
    expect(keysOf(commandsOf("colab"), "cut")).toEqual(["Ctrl+m x", "q"]);
  });
  test("work where a text has no use for them", () => {
    expect(["Ctrl+Alt+r", "Alt+x", "F9", "Shift+F9"].map(whereOf)).toEqual(["both", "both", "both", "both"]);
    expect(["x", "Shift+x", "g g", "Ctrl+c", "Ctrl+z", "Alt+ArrowUp"].map(whereOf)).toEqual(Array(6).fill("command"));
  });
  test("are none that the browser or the page has", () => {
    expect(["Ctrl+t", "Ctrl+Shift+n", "F5"].map(refusal)).toEqual(["browser", "browser", "browser"]);
    expect(["Tab", "Ctrl+m"].map(refusal)).toEqual(["page", "page"]);
    expect(refusal("Ctrl+Alt+r")).toBeNull();
  });
  test("are taken from the command that had them", () => {
    expect(conflicts(commandsOf("jupyter"), "run-all", "d", false)).toEqual([{ row: "delete", key: "d d" }]);
    expect(conflicts(commandsOf("jupyter"), "run-all", "Ctrl+k", false)).toEqual([{ row: "palette", key: "Ctrl+k" }]);
    expect(conflicts(commandsOf("jupyter"), "split", "F12", true)).toEqual([{ row: "define", key: "F12" }]);
    expect(conflicts(commandsOf("jupyter"), "run-all", "F12", false)).toEqual([{ row: "define", key: "F12" }]);
    ownKeys.value = given(commandsOf("jupyter"), {}, "run-all", "d", false);
    expect(ownKeys.value).toEqual({ delete: [], "run-all": ["d"] });
    expect(new KeyMap().press(press("d"), "command", 0)).toMatchObject({ row: "run-all" });
  });
  test("are read as a sentence has them", () => {
    expect(["Ctrl+Shift+ArrowUp", "d d", "+", "Ctrl+-"].map(wordsOf)).toEqual(["Ctrl-Shift-↑", "D D", "+", "Ctrl--"]);
  });
});
