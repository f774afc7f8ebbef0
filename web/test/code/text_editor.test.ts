// @vitest-environment happy-dom
import { ChangeSet, Text } from "@codemirror/state";
import fc from "fast-check";
import { expect, test } from "vitest";
import { changesTo, indentOf } from "../../src/code/text_editor.ts";

function put(before: string, after: string): [ChangeSet, string] {
  const doc = Text.of(before.split("\n"));
  const changes = ChangeSet.of(changesTo(doc, after), doc.length);
  return [changes, changes.apply(doc).sliceString(0)];
}

test("a text is put in place of another, whatever their ends", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 7 }).map(lines => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(put(before, after)[1]).toBe(after);
    }),
  );
});

test("the caret stays in what stays", () => {
  const [changes] = put("a\nb\nc\nd", "new\na\nb\nc\nd\nmore");
  expect(changes.mapPos(4)).toBe(8);
});

test("indentation is that of the text", () => {
  expect(indentOf(["a", "\tb", "\t\tc"])).toBe("\t");
  expect(indentOf(["a:", "  b:", "    c", "d:", "  e"])).toBe("  ");
  expect(indentOf(["a:", "    b:", "        c", "    d"])).toBe("    ");
  expect(indentOf(["a", "b"])).toBe(null);
});
