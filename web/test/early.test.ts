import { describe, expect, test } from "vitest";
import { EarlyKeys } from "../src/store/early.ts";

const NONE = { ctrlKey: false, metaKey: false, altKey: false };

describe("keys before the editor", () => {
  test("are kept as the text that they are", () => {
    const early = new EarlyKeys();
    early.begin();
    const taken = ["a", "é", "𝑥", "Backspace", "Enter", "Shift", "ArrowLeft", " "].map(key => early.press({ ...NONE, key }));
    expect(taken).toEqual([true, true, true, true, true, false, false, true]);
    expect(early.end()).toBe("aé\n ");
  });

  test("are nothing special when no editor is waited for, or with modifiers", () => {
    const early = new EarlyKeys();
    expect(early.press({ ...NONE, key: "x" })).toBe(false);
    early.begin();
    expect(early.press({ ...NONE, key: "x", ctrlKey: true })).toBe(false);
    expect(early.end()).toBe("");
    expect(early.isWaiting).toBe(false);
  });
});
