/** The editor of a file that is edited as text. */
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { lineBreakOf } from "../model/source_text.ts";
import { theme } from "./theme.ts";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

export interface TextEditor {
  text(): string;
  /** Puts the caret into a line, counted from 1. */
  goTo(line: number): void;
  /** The line that the caret is in. */
  line(): number;
  destroy(): void;
}

interface Wanted {
  readonly name: string;
  readonly label: string;
  readonly writable: boolean;
  edited(): void;
  save(): void;
}

function extensions(text: string, wanted: Wanted): Extension {
  return [
    EditorView.cspNonce.of(nonce),
    EditorState.lineSeparator.of(lineBreakOf(text)),
    EditorState.readOnly.of(!wanted.writable),
    history(),
    drawSelection(),
    lineNumbers(),
    EditorView.lineWrapping,
    indentUnit.of("    "),
    bracketMatching(),
    closeBrackets(),
    search({ top: true }),
    /\.py$/i.test(wanted.name) ? pythonLanguage : [],
    keymap.of([
      {
        key: "Mod-s",
        run: () => {
          wanted.save();
          return true;
        },
      },
      ...searchKeymap,
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      indentWithTab,
    ]),
    theme,
    EditorView.contentAttributes.of({ "aria-label": wanted.label }),
    EditorView.updateListener.of(update => {
      if (update.docChanged) wanted.edited();
    }),
  ];
}

/** Puts an editor with this text into `host`. Escape, then Tab, leaves it by keyboard. */
export function mountText(host: HTMLElement, text: string, wanted: Wanted): TextEditor {
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions: extensions(text, wanted) }), parent: host });
  view.focus();
  return {
    text: () => view.state.sliceDoc(),
    goTo: line => {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
    line: () => view.state.doc.lineAt(view.state.selection.main.head).number,
    destroy: () => view.destroy(),
  };
}
