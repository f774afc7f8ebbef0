import { describe, expect, test } from "vitest";
import { parseFromFrame } from "../../src/frame/protocol.ts";
import { savedName } from "../../src/outputs/copy_save.ts";

describe("files that outputs would save", () => {
  test("a name is one name, of signs that can be seen, and not hidden", () => {
    const table: [string, string][] = [
      ["plot.png", "plot.png"],
      ["../../.bashrc", "_.._.bashrc"],
      ["..\\a\\b.txt", "_a_b.txt"],
      [".hidden", "hidden"],
      ["a\u202egpj.exe", "a_gpj.exe"],
      ["a\n\0b", "a_b"],
      ["", "file"],
      [" . ", "file"],
      [`${"x".repeat(300)}.csv`, `${"x".repeat(96)}.csv`],
    ];
    for (const [name, saved] of table) expect(savedName(name)).toBe(saved);
  });

  test("only a file with a name is heard", () => {
    const content = new Blob(["x"]);
    expect(parseFromFrame({ webipy: "file", name: "a", content, more: 1 })).toEqual({ webipy: "file", name: "a", content });
    for (const one of [{ name: 1, content }, { name: "a", content: "x" }, { name: "a" }, { content }])
      expect(parseFromFrame({ webipy: "file", ...one })).toBeNull();
  });
});
