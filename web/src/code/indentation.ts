/** What Tab does in the editor of a cell. */
import { indentMore } from "@codemirror/commands";
import { indentUnit } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { may } from "../session/permissions.ts";

/** Whether Tab asks for completions: behind a word, where there is a kernel to be asked. */
export function asksForList({ doc, selection: { main } }: EditorState): boolean {
  const line = doc.lineAt(main.head);
  return main.empty && may("execute") && /[\p{L}\p{N}_.)\]"'/%]$/u.test(line.text.slice(0, main.head - line.from));
}

/** Indents the selected lines, or moves the caret to the next multiple of the indentation. */
export function indent(view: EditorView): boolean {
  const { state } = view;
  const { main } = state.selection;
  if (!main.empty) return indentMore(view);
  const width = state.facet(indentUnit).length;
  const column = main.head - state.doc.lineAt(main.head).from;
  view.dispatch(state.replaceSelection(" ".repeat(width - (column % width))), { scrollIntoView: true, userEvent: "input" });
  return true;
}
