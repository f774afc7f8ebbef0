/**
 * Help while code is written: completions, how a function is called, what a name is. It comes when the editor is there: nobody needs it for the first
 * letter (editor.ts).
 */
import { closeCompletion, completionStatus } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { type EditorView, keymap } from "@codemirror/view";
import type { SessionStore } from "../session/store.ts";
import { closeCall, help } from "./call_help.ts";
import { completion, completionKeys } from "./complete.ts";
import { closeInspection, inspection } from "./inspection.ts";

export { complete, tab } from "./complete.ts";
export { inspect } from "./inspection.ts";

/** The help in the editor of a cell. Its keys come before those of the editor. */
export const assistance = (store: SessionStore, cell: string): Extension => [
  completion(store, cell),
  inspection,
  help(store),
  keymap.of(completionKeys),
];

/** Closes the list of completions or, without one, whatever stands over the text; true when there was a list, even one that is being asked for anew. */
export function closeHelp(view: EditorView): boolean {
  const hadList = completionStatus(view.state) !== null && document.querySelector(".cm-tooltip-autocomplete") !== null;
  closeCompletion(view);
  if (hadList) return true;
  closeInspection(view);
  closeCall(view);
  return false;
}
