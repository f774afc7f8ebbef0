// @vitest-environment happy-dom
import { afterEach, describe, expect, test } from "vitest";
import { commandsOf } from "../../src/panels/commands.ts";
import "../../src/panels/more_commands.ts";
import { EXPORT_FORMATS } from "../../src/rpc/schema.ts";
import { may, setRight } from "../../src/session/permissions.ts";
import { mode } from "../../src/session/selection.ts";

describe("rights", () => {
  afterEach(() => setRight(null));

  test("what needs more than one has is not offered", () => {
    const allowed = (verb: "read" | "write" | "execute" | "own"): string[] => {
      setRight(verb);
      return commandsOf("jupyter")
        .filter(one => may(one.right))
        .map(one => one.id)
        .sort();
    };
    const [viewer, editor, runner, all] = [allowed("read"), allowed("write"), allowed("execute"), allowed("own")];
    expect(all.length).toBe(commandsOf("jupyter").length);
    expect(viewer).toEqual(
      [
        ...[
          "palette",
          "palette-key",
          "up",
          "down",
          "extend-up",
          "extend-down",
          "all",
          "first",
          "last",
          "extend-first",
          "extend-last",
          "copy",
          "link",
        ],
        ...[
          "beside",
          "lines",
          "all-lines",
          "find",
          "find-key",
          "find-next",
          "find-previous",
          "define",
          "define-back",
          "shortcuts",
          "history",
        ],
        ...EXPORT_FORMATS.map(format => `export-${format}`),
        ...["print", "outline", "side", "full-width", "wrap", "theme", "help", "settings", "close-pager"],
      ].sort(),
    );
    expect(editor.filter(id => !viewer.includes(id))).toContain("cut");
    for (const one of commandsOf("colab")) expect(one.right).toBe(commandsOf("jupyter").find(other => other.row === one.row)?.right);
    expect(editor.filter(id => /run|kernel|restart|interrupt/.test(id))).toEqual([]);
    expect(all.filter(id => !runner.includes(id)).sort()).toEqual(["files", "lab", "rename", "save-as", "share", "terminals"]);
  });

  test("who may not edit any more leaves the editor", () => {
    setRight("write");
    mode.value = "edit";
    setRight("read");
    expect(mode.value).toBe("command");
  });
});
