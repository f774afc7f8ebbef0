import { describe, expect, test } from "vitest";
import { EarlyKeys } from "../src/session/type_ahead.ts";

const NONE = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe("keys before the editor", () => {
  test("are kept when they write or move", () => {
    const early = new EarlyKeys();
    early.begin();
    const keys = ["a", "é", "𝑥", "Backspace", "Enter", "Shift", "ArrowLeft", "F1", " "];
    expect(keys.map(key => early.press({ ...NONE, key }))).toEqual([true, true, true, true, true, false, true, false, true]);
    early.press({ ...NONE, key: "Home", shiftKey: true });
    const kept = early.end();
    expect(kept.map(({ key }) => key)).toEqual(["a", "é", "𝑥", "Backspace", "Enter", "ArrowLeft", " ", "Home"]);
    expect(kept.at(-1)?.shiftKey).toBe(true);
  });

  test("are nothing special when no editor is waited for, or with modifiers", () => {
    const early = new EarlyKeys();
    expect(early.press({ ...NONE, key: "x" })).toBe(false);
    early.begin();
    expect(early.press({ ...NONE, key: "x", ctrlKey: true })).toBe(false);
    expect(early.end()).toEqual([]);
    expect(early.isWaiting).toBe(false);
  });
});
