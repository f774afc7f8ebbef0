// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { commandsOf } from "../../src/panels/commands.ts";
import "../../src/panels/more_commands.ts";
import { KeyMap } from "../../src/panels/key_map.ts";
import { editorKeys } from "../../src/panels/sheet_rows.ts";
import { titleOf } from "../../src/panels/titles.ts";
import { keySet } from "../../src/ui/settings.ts";

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
      commandsOf("jupyter")
        .filter(one => one.where === "both" || one.where === mode)
        .flatMap(one => one.keys);
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
      expect(commandsOf(set).every(one => titleOf(one.row) !== "")).toBe(true);
      expect(editorKeys(set).every(one => one.title !== "" && one.keys !== "")).toBe(true);
    }
  });
});

const press = (key: string, ctrlKey = false, shiftKey = false) => ({ key, ctrlKey, shiftKey, metaKey: false, altKey: false });

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
