import { describe, expect, test } from "vitest";
import { TypeAhead } from "../../src/session/type_ahead.ts";

const NONE = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe("keys before the editor", () => {
  test("are kept when they write or move", () => {
    const typeAhead = new TypeAhead();
    typeAhead.begin();
    const keys = ["a", "é", "𝑥", "Backspace", "Enter", "Shift", "ArrowLeft", "F1", " "];
    expect(keys.map(key => typeAhead.press({ ...NONE, key }))).toEqual([true, true, true, true, true, false, true, false, true]);
    typeAhead.press({ ...NONE, key: "Home", shiftKey: true });
    const kept = typeAhead.end();
    expect(kept.map(({ key }) => key)).toEqual(["a", "é", "𝑥", "Backspace", "Enter", "ArrowLeft", " ", "Home"]);
    expect(kept.at(-1)?.shiftKey).toBe(true);
  });

  test("are nothing special when no editor is waited for, or with modifiers", () => {
    const typeAhead = new TypeAhead();
    expect(typeAhead.press({ ...NONE, key: "x" })).toBe(false);
    typeAhead.begin();
    expect(typeAhead.press({ ...NONE, key: "x", ctrlKey: true })).toBe(false);
    expect(typeAhead.end()).toEqual([]);
    expect(typeAhead.isWaiting).toBe(false);
  });
});
