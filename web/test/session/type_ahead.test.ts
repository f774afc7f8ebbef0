import { describe, expect, test } from "vitest";
import { TypeAhead, type TypedKey } from "../../src/session/type_ahead.ts";

const NONE = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe("keys before the editor", () => {
  test("are kept when they write or move", () => {
    const typeAhead = new TypeAhead();
    typeAhead.begin();
    const keys = ["a", "é", "𝑥", "Backspace", "Enter", "Shift", "ArrowLeft", "F1", " "];
    expect(keys.map(key => typeAhead.press({ ...NONE, key }))).toEqual([true, true, true, true, true, false, true, false, true]);
    typeAhead.press({ ...NONE, key: "Home", shiftKey: true });
    const kept = typeAhead.end() as TypedKey[];
    expect(kept.map(({ key }) => key)).toEqual(["a", "é", "𝑥", "Backspace", "Enter", "ArrowLeft", " ", "Home"]);
    expect(kept.at(-1)?.shiftKey).toBe(true);
  });

  test("stand between clicks, in their order", () => {
    const typeAhead = new TypeAhead();
    typeAhead.move(1);
    typeAhead.begin();
    typeAhead.press({ ...NONE, key: "a" });
    typeAhead.move(7);
    typeAhead.press({ ...NONE, key: "b" });
    expect(typeAhead.end()).toEqual([{ key: "a", shiftKey: false }, { offset: 7 }, { key: "b", shiftKey: false }]);
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
