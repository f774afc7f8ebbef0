/** The editor of a file that is edited as text. */
import { defaultKeymap, deleteLine, history, historyKeymap, indentWithTab, toggleComment } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { gotoLine, openSearchPanel, search, searchKeymap, selectNextOccurrence } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Text, Transaction } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, type KeyBinding, keymap, lineNumbers } from "@codemirror/view";
import { effect, untracked } from "@preact/signals";
import { lineChanges } from "../model/merge_texts.ts";
import { x } from "../text/textfile.ts";
import { closesBrackets, indentWidth, keySet, wrapFiles } from "../ui/settings.ts";
import { closeBrackets, closeBracketsKeymap } from "./brackets.ts";
import { lineEnds } from "./line_ends.ts";
import { theme } from "./theme.ts";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** Lines that are looked at for how a file is indented. */
const LOOKED_AT = 500;
/** In a text with a longer line, no language is read: it would take the browser seconds. */
const LONGEST_LINE = 50_000;

export interface Caret {
  readonly line: number;
  readonly column: number;
  /** Characters that are selected. */
  readonly selected: number;
}

export interface TextEditor {
  text(): string;
  /** Puts a text in place of what is there; the caret stays where it was in what stays. */
  put(text: string): void;
  /** Puts the caret into a line, counted from 1. */
  goTo(line: number): void;
  /** The line that the caret is in. */
  line(): number;
  find(): void;
  askLine(): void;
  /** Shows how the text differs from another one; null: no more. */
  compare(other: string | null): Promise<void>;
  destroy(): void;
}

interface Wanted {
  readonly name: string;
  readonly label: string;
  readonly writable: boolean;
  edited(): void;
  save(): void;
  moved(caret: Caret): void;
  /** Tells the name of the language, once it is known. */
  named(language: string): void;
}

/** One step of indentation: as the text has it, else as the person has chosen. */
export function indentOf(lines: Iterable<string>): string | null {
  const counts = new Map<string, number>();
  let before = 0;
  let looked = 0;
  for (const line of lines) {
    if (++looked > LOOKED_AT) break;
    const [space = ""] = /^[ \t]*/.exec(line) ?? [];
    if (space.length === line.length) continue;
    const unit = space.startsWith("\t") ? "\t" : " ".repeat(Math.max(0, space.length - before));
    if (unit === "\t" || (unit.length > 1 && unit.length <= 8)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
    before = space.startsWith("\t") ? 0 : space.length;
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best?.[0] ?? null;
}

const hasLongLine = (doc: Text): boolean => {
  for (const line of doc.iterLines()) if (line.length > LONGEST_LINE) return true;
  return false;
};

const choices = new Compartment();
const language = new Compartment();
const compared = new Compartment();

function chosen(unit: string | null): Extension {
  return [
    indentUnit.of(unit ?? " ".repeat(Number(indentWidth.value))),
    wrapFiles.value ? EditorView.lineWrapping : [],
    closesBrackets.value ? [closeBrackets(), keymap.of(closeBracketsKeymap)] : [],
  ];
}

function keys(wanted: Wanted): Extension {
  const own: KeyBinding[] = [
    {
      key: "Mod-s",
      run: () => {
        wanted.save();
        return true;
      },
    },
    { key: "Mod-h", run: openSearchPanel, preventDefault: true },
    { key: "Mod-d", run: view => (keySet.value === "colab" ? selectNextOccurrence(view) : deleteLine(view)), preventDefault: true },
    { key: "Mod-Shift-d", run: selectNextOccurrence },
    { key: "Mod-/", run: toggleComment },
  ];
  return keymap.of([...own, ...searchKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]);
}

function caretOf({ doc, selection: { main, ranges } }: EditorState): Caret {
  const line = doc.lineAt(main.head);
  return { line: line.number, column: main.head - line.from + 1, selected: ranges.reduce((sum, one) => sum + one.to - one.from, 0) };
}

function extensions(wanted: Wanted): Extension {
  return [
    EditorView.cspNonce.of(nonce),
    lineEnds,
    EditorState.readOnly.of(!wanted.writable),
    EditorState.allowMultipleSelections.of(true),
    history(),
    drawSelection(),
    lineNumbers(),
    highlightActiveLine(),
    bracketMatching(),
    indentOnInput(),
    search({ top: true }),
    choices.of([]),
    language.of([]),
    compared.of([]),
    keys(wanted),
    theme,
    EditorState.phrases.of(x.phrases),
    EditorView.contentAttributes.of({ "aria-label": wanted.label, tabindex: "0" }),
    EditorView.updateListener.of(update => {
      if (update.docChanged) wanted.edited();
      if (update.docChanged || update.selectionSet) wanted.moved(caretOf(update.state));
    }),
  ];
}

/** What makes `text` of a document. */
export function changesTo(doc: Text, text: string): { from: number; to: number; insert: Text }[] {
  const before = doc.sliceString(0);
  if (before === "" || text === "") return before === text ? [] : [{ from: 0, to: doc.length, insert: Text.of(text.split("\n")) }];
  return lineChanges(before, text).map(({ from, to, lines }) => {
    if (to < doc.lines) return { from: doc.line(from + 1).from, to: doc.line(to + 1).from, insert: Text.of([...lines, ""]) };
    // The last line has no end: what goes or comes there takes the end of the line before it along.
    if (from > 0) return { from: doc.line(from).to, to: doc.length, insert: lines.length > 0 ? Text.of(["", ...lines]) : Text.empty };
    return { from: 0, to: doc.length, insert: Text.of([...lines]) };
  });
}

/** Puts an editor with this text into `host`. Escape, then Tab, leaves it by keyboard. */
export function mountText(host: HTMLElement, text: string, wanted: Wanted): TextEditor {
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions: extensions(wanted) }), parent: host });
  const unit = indentOf(view.state.doc.iterLines());
  const unchoose = effect(() => {
    const effects = choices.reconfigure(chosen(unit));
    untracked(() => view.dispatch({ effects }));
  });
  let over = false;
  if (!hasLongLine(view.state.doc))
    void import("./text_languages.ts")
      .then(({ languageOfFile }) => languageOfFile(wanted.name))
      .then(found => {
        if (found === null || over) return;
        view.dispatch({ effects: language.reconfigure(found.support) });
        wanted.named(found.name);
      });
  view.focus();
  wanted.moved(caretOf(view.state));
  return {
    text: () => view.state.sliceDoc(),
    put: next => view.dispatch({ changes: changesTo(view.state.doc, next), annotations: Transaction.addToHistory.of(false) }),
    goTo: line => {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
    line: () => view.state.doc.lineAt(view.state.selection.main.head).number,
    find: () => openSearchPanel(view),
    askLine: () => gotoLine(view),
    compare: async other => {
      const extension = other === null ? [] : (await import("./compare.ts")).comparison(other);
      if (!over) view.dispatch({ effects: compared.reconfigure(extension) });
    },
    destroy: () => {
      over = true;
      unchoose();
      view.destroy();
    },
  };
}
