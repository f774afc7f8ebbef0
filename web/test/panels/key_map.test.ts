// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { KeyMap } from "../../src/panels/key_map.ts";
import { keyNames, spelling } from "../../src/ui/keys.ts";

describe("keys", () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  });
  test("are spelled with their modifiers in one order", () => {
    expect(spelling(press("ArrowUp", { ctrlKey: true, shiftKey: true }))).toBe("Ctrl+Shift+ArrowUp");
    expect(spelling(press("D"))).toBe("d");
  });
  test("D D deletes, D alone and D later do not", () => {
    const map = new KeyMap();
    expect(map.press(press("d"), "command", 0)).toBeNull();
    expect(map.press(press("d"), "command", 1500)).toBeNull();
    expect(map.press(press("d"), "command", 1600)).toHaveProperty("id", "delete");
    expect(map.press(press("d"), "command", 1700)).toBeNull();
  });
  test("letters are commands only in command mode, running is always", () => {
    const map = new KeyMap();
    expect(map.press(press("a"), "edit", 0)).toBeNull();
    expect(map.press(press("a"), "command", 1)).toHaveProperty("id", "above");
    expect(map.press(press("Enter", { shiftKey: true }), "edit", 2)).toHaveProperty("id", "run-next");
    expect(map.press(press("e", { ctrlKey: true }), "command", 3)).toBeNull();
  });
  test("are shown as people know them", () => expect(keyNames("Ctrl+Shift+ArrowUp")).toEqual(["Ctrl", "Shift", "↑"]));
});
