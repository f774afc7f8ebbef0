// @vitest-environment happy-dom
import { deleteCharBackward, deleteCharForward, deleteToLineEnd, insertNewlineAndIndent, moveLineUp } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineEnds } from "../../src/code/line_ends.ts";

const plain = (text: string): string => text.replaceAll("\r\n", "\n");

/** The place in the text with carriage returns of a place in the one without. */
const placeIn = (text: string, at: number): number => at + (text.slice(0, at).split("\n").length - 1);

function viewOf(doc: string, at: number): EditorView {
  return new EditorView({ state: EditorState.create({ doc, extensions: lineEnds, selection: { anchor: at } }) });
}

describe("a text whose lines end with carriage return and line feed", () => {
  test("is changed as its lines are, and keeps its ends", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", "😀", " "), maxLength: 20 });
    const edit = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 6 }),
      insert: fc.string({ unit: fc.constantFrom("x", "\n"), maxLength: 4 }),
    });
    fc.assert(
      fc.property(text, fc.array(edit, { maxLength: 6 }), (start, edits) => {
        let wanted = `first\n${start}`;
        let state = EditorState.create({ doc: wanted.replaceAll("\n", "\r\n"), extensions: lineEnds });
        for (const { at, remove, insert } of edits) {
          const from = 6 + (at % (wanted.length - 5)); // the first line end stays, so that the kind of the text does
          const to = Math.min(wanted.length, from + remove);
          const changes = { from: placeIn(wanted, from), to: placeIn(wanted, to), insert };
          state = state.update({ changes, userEvent: "input" }).state;
          wanted = wanted.slice(0, from) + insert + wanted.slice(to);
          expect(state.sliceDoc()).toBe(wanted.replaceAll("\n", "\r\n"));
        }
      }),
    );
  });

  test.each([
    ["Enter at the end of a line", insertNewlineAndIndent, "a\r\nb", 1, "a\n\nb"],
    ["Enter in a line", insertNewlineAndIndent, "ab\r\nc", 1, "a\nb\nc"],
    ["Backspace at the start of a line", deleteCharBackward, "a\r\nb\r\nc", 3, "ab\nc"],
    ["Delete at the end of a line", deleteCharForward, "a\r\nb\r\nc", 1, "ab\nc"],
    ["Delete to the end of a line", deleteToLineEnd, "ab\r\nc\r\n", 1, "a\nc\n"],
    ["Delete to the end, at the end", deleteToLineEnd, "ab\r\nc\r\n", 2, "abc\n"],
    ["the last line moved up", moveLineUp, "a\r\nb", 3, "b\na"],
  ])("%s", (_name, command, doc, at, wanted) => {
    const view = viewOf(doc, at);
    command(view);
    expect(plain(view.state.sliceDoc())).toBe(wanted);
    expect(view.state.sliceDoc()).toBe(wanted.replaceAll("\n", "\r\n"));
    view.destroy();
  });

  test("never has the caret inside of an end", () => {
    const view = viewOf("ab\r\nc", 0);
    view.dispatch({ selection: { anchor: 3 } });
    expect(view.state.selection.main.head).toBe(2);
    view.dispatch({ ...view.state.replaceSelection("X"), userEvent: "input.type" });
    expect(view.state.sliceDoc()).toBe("abX\r\nc");
    expect(view.contentDOM.textContent).not.toContain("\r");
    view.destroy();
  });

  test("takes what others and programs do as it is", () => {
    const state = EditorState.create({ doc: "a\r\nb\r\n", extensions: lineEnds });
    expect(state.update({ changes: { from: 1, to: 2 } }).state.sliceDoc()).toBe("a\nb\r\n");
  });
});

test("in any other text a carriage return is a character like others, and has a sign", () => {
  const view = viewOf("a\r\nb\nc\u202ed\u00a0e", 0);
  view.dispatch({ changes: { from: 1, insert: "\n" }, userEvent: "input" });
  expect(view.state.sliceDoc()).toBe("a\n\r\nb\nc\u202ed\u00a0e");
  const signs = [...view.contentDOM.querySelectorAll<HTMLElement>(".odd")].map(({ dataset, title }) => [dataset.sign, title]);
  expect(signs.map(([sign]) => sign)).toEqual(["CR", "U+202E", undefined]);
  expect(signs[1]?.[1]).toContain("right-to-left override");
  view.destroy();
});
