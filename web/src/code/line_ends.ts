/**
 * The ends of lines in an editor. Its document has the characters of the text one for one, so that every place in it is the place in the text that
 * the server, the kernel and the file have: only a line feed ends a line, and a carriage return before it is a character of the line.
 *
 * In a text whose lines all end with both, the carriage return belongs to the end: it does not show, the caret is never behind it, and what a
 * person writes or deletes leaves every line with both. In any other text a carriage return is a character like others, and has a sign.
 *
 * Invariant: changes that a person did not make here (those of others, undone ones, kept ones) are taken as they are.
 *
 * Rejected: a document with line feeds alone (places would differ from the server's, and two people's changes would have to be converted with the
 * text that each was made for); texts with line feeds alone on the server (a file would lose the ends that it had).
 */
import {
  type ChangeSpec,
  EditorSelection,
  EditorState,
  type Extension,
  Prec,
  RangeSetBuilder,
  type SelectionRange,
  StateField,
  type Text,
  type Transaction,
  type TransactionSpec,
} from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, highlightSpecialChars, keymap, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { ODD_IN_LINE } from "../model/odd_characters.ts";
import { hasReturns } from "../model/source_text.ts";
import { markOf } from "../ui/odd_marks.ts";

/** Whether carriage returns are parts of the ends of lines here. */
const returns = StateField.define<boolean>({
  create: state => hasReturns(state.doc.iterLines()),
  update: (value, transaction) => (transaction.docChanged ? hasReturns(transaction.newDoc.iterLines()) : value),
});

/** The changes after which every line that a transaction touched ends with both again. */
function mended(transaction: Transaction): ChangeSpec[] {
  const { newDoc, startState } = transaction;
  const changes = new Map<number, ChangeSpec>();
  transaction.changes.iterChangedRanges((fromA, toA, fromB, toB) => {
    if (fromB === toB && startState.sliceDoc(fromA, toA) === "\r" && newDoc.sliceString(toB, toB + 1) === "\n") {
      changes.set(toB, { from: toB, to: toB + 1 }); // the end was deleted forwards, which takes its first half
      return;
    }
    for (let line = newDoc.lineAt(fromB); ; line = newDoc.line(line.number + 1)) {
      const isLast = line.number === newDoc.lines;
      const end = !isLast && line.text.endsWith("\r") ? line.to - 1 : line.to;
      for (let at = line.text.indexOf("\r"); at >= 0 && line.from + at < end; at = line.text.indexOf("\r", at + 1))
        changes.set(line.from + at, { from: line.from + at, to: line.from + at + 1 });
      if (!isLast && end === line.to) changes.set(line.to, { from: line.to, insert: "\r" });
      if (line.to >= toB) return;
    }
  });
  return [...changes.values()];
}

/** Before the end of its line where a place is inside of it. */
const outside = (text: Text, at: number): number => (at > 0 && text.sliceString(at - 1, at + 1) === "\r\n" ? at - 1 : at);

/** A selection with no place inside the end of a line; null when it has none. */
function moved(text: Text, selection: EditorSelection): EditorSelection | null {
  const isOutside = ({ anchor, head }: SelectionRange): boolean => outside(text, anchor) === anchor && outside(text, head) === head;
  if (selection.ranges.every(isOutside)) return null;
  const ranges = selection.ranges.map(({ anchor, head }) => EditorSelection.range(outside(text, anchor), outside(text, head)));
  return EditorSelection.create(ranges, selection.mainIndex);
}

const OWN = ["input", "delete", "move"];

const whole = EditorState.transactionFilter.of(transaction => {
  if (!transaction.startState.field(returns)) return transaction;
  const isOwn = transaction.docChanged && OWN.some(event => transaction.isUserEvent(event));
  const changes = isOwn ? mended(transaction) : [];
  if (changes.length > 0) return [transaction, { changes, sequential: true }];
  if (!transaction.docChanged && transaction.selection === undefined) return transaction;
  const selection = moved(transaction.newDoc, transaction.newSelection);
  return selection === null ? transaction : ([transaction, { selection, sequential: true }] satisfies TransactionSpec[]);
});

const unseen = Decoration.replace({});

function hidden(view: EditorView): DecorationSet {
  const { doc } = view.state;
  const found = new RangeSetBuilder<Decoration>();
  if (view.state.field(returns))
    for (const { from, to } of view.visibleRanges)
      for (let line = doc.lineAt(from); line.number < doc.lines && line.from <= to; line = doc.line(line.number + 1))
        found.add(line.to - 1, line.to, unseen);
  return found.finish();
}

/** The carriage returns of what is seen, taken out of sight. */
class Ends {
  decorations: DecorationSet;

  constructor(view: EditorView) {
    this.decorations = hidden(view);
  }

  update({ view, docChanged, viewportChanged }: ViewUpdate): void {
    if (docChanged || viewportChanged) this.decorations = hidden(view);
  }
}

const ends = ViewPlugin.fromClass(Ends, { decorations: plugin => plugin.decorations });

/** Goes over the end of a line in one step; where the caret is not before one, the editor's own command does it. */
const over = (extend: boolean) => (view: EditorView) => {
  const { doc, selection } = view.state;
  const isBefore = ({ head, empty }: SelectionRange): boolean => (empty || extend) && outside(doc, head + 1) === head;
  if (!view.state.field(returns) || !selection.ranges.some(isBefore)) return false;
  const ranges = selection.ranges.map(range => {
    const head = isBefore(range) ? range.head + 2 : view.moveByChar(range, true).head;
    return EditorSelection.range(extend ? range.anchor : head, head);
  });
  view.dispatch({ selection: EditorSelection.create(ranges, selection.mainIndex), scrollIntoView: true, userEvent: "select" });
  return true;
};

/** Characters that hide, or pass for others, shown by a sign. */
const odd = highlightSpecialChars({
  specialChars: ODD_IN_LINE,
  render: code => markOf(String.fromCodePoint(code), false),
});

/** What every editor needs so that its document is the text, and its characters are seen. */
export const lineEnds: Extension = [
  EditorState.lineSeparator.of("\n"),
  returns,
  whole,
  ends,
  odd,
  Prec.high(
    keymap.of([
      { key: "ArrowRight", mac: "Ctrl-f", run: over(false), shift: over(true) },
      { mac: "ArrowRight", run: over(false), shift: over(true) },
    ]),
  ),
  EditorView.clipboardInputFilter.of(text => text.replace(/\r\n?/g, "\n")),
];
