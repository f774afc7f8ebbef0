/**
 * Completion: Tab asks the kernel, and the list opens by itself while a name is typed. It shows kinds where the kernel knows them, and what the kernel
 * knows of the chosen name beside it.
 */
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeCompletion,
  completionKeymap,
  completionStatus,
  insertCompletionText,
  selectedCompletion,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorState, Extension } from "@codemirror/state";
import { EditorView, type KeyBinding } from "@codemirror/view";
import { charactersBefore } from "../model/source_text.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Completion as Reply } from "../rpc/schema.ts";
import type { SessionStore } from "../session/store.ts";
import { complain } from "../ui/notices.ts";
import { completeTyped, takeLate } from "./complete_typing.ts";
import { placeHelp, withHelp } from "./completion_help.ts";
import { options } from "./completion_options.ts";
import { asksForList, indent } from "./indentation.ts";

/** What was asked for by a key is worth a wait (the first answer of a kernel on a busy machine takes long); what opens by itself is not. */
const [ASKED_S, TYPED_S] = [60, 10];
/** A list that has just opened by itself takes no Enter: the key was meant for the text. */
const UNSEEN_MS = 75;

async function ask(store: SessionStore, context: CompletionContext): Promise<CompletionResult | null> {
  const code = context.state.sliceDoc();
  try {
    const cursor = charactersBefore(code, context.pos);
    const reply = await store.connection.call("completion.get", {
      session: store.id,
      code,
      cursor,
      timeout_s: context.explicit ? ASKED_S : TYPED_S,
    });
    if (context.aborted || reply.matches.length === 0) return null;
    if (context.explicit && reply.matches.length === 1 && context.view !== undefined) return insertOnly(context.view, code, reply);
    const found = options(code, context.pos, reply);
    const helped = found.options.map(one => withHelp(store, context, found.from, one));
    return { ...found, options: helped, validFor: /^[\p{L}\p{N}_%]*$/u };
  } catch (error) {
    if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
    complain(error);
    return null;
  }
}

/** Inserts the only completion that there is: a list of one would ask for a second key. */
function insertOnly(view: EditorView, code: string, reply: Reply): null {
  const {
    from,
    to,
    options: [only],
  } = options(code, view.state.selection.main.head, reply);
  if (only !== undefined && view.state.sliceDoc() === code) view.dispatch(insertCompletionText(view.state, only.label, from, to));
  return null;
}

/** When a list opened by itself, for as long as it is open. */
const opened = new WeakMap<EditorView, number>();
/** Where a key asked for the list that is open, or that is on its way. */
const asked = new WeakSet<EditorView>();

const openings = EditorView.updateListener.of(({ view, startState, state }) => {
  const [before, now] = [completionStatus(startState), completionStatus(state)];
  if (now === null) asked.delete(view);
  if (now === "active" && before !== "active" && !asked.has(view) && !opened.has(view)) opened.set(view, performance.now());
  if (now === null) opened.delete(view);
});

/** A list that still stands while a name is begun, such as behind a dot, is that of the name before. */
function isOfOther(state: EditorState): string {
  const { head } = state.selection.main;
  const begins = !/[\p{L}\p{N}_%]$/u.test(state.sliceDoc(Math.max(0, head - 2), head));
  return begins && completionStatus(state) === "pending" ? "cm-of-other" : "";
}

/** Asks for the list by a key. What was asked while typing is not waited for. */
export function complete(view: EditorView): boolean {
  if (completionStatus(view.state) === "pending") closeCompletion(view);
  asked.add(view);
  startCompletion(view);
  return true; // Tab never leads out of the editor
}

/** Tab: takes the chosen option, asks for options after a word, or indents. */
export function tab(view: EditorView): boolean {
  const { state } = view;
  if (completionStatus(state) === "active" && acceptCompletion(view)) return true; // one that has just opened cannot be meant, and takes nothing
  return asksForList(state) ? complete(view) : indent(view);
}

/** Enter takes the chosen option, unless that stands there already or nobody can have seen the list yet: then it begins a line. */
function enter(view: EditorView): boolean {
  if (completionStatus(view.state) !== "active") return false;
  const { head } = view.state.selection.main;
  const label = selectedCompletion(view.state)?.label ?? "";
  const isUnseen = performance.now() - (opened.get(view) ?? 0) < UNSEEN_MS;
  const stands = view.state.sliceDoc(Math.max(0, head - label.length), head) === label;
  if (label !== "" && !stands && !isUnseen) return acceptCompletion(view);
  closeCompletion(view);
  return false;
}

/** The keys of the list: those of CodeMirror, but for Esc, which is the editor's, and Enter. */
export const completionKeys: readonly KeyBinding[] = [
  { key: "Enter", run: enter },
  { key: "Ctrl-Space", run: complete },
  ...completionKeymap.filter(({ key = "" }) => !["Escape", "Enter", "Ctrl-Space"].includes(key)),
];

export function completion(store: SessionStore, cell: string): Extension {
  return [
    openings,
    autocompletion({
      override: [context => (context.explicit ? (takeLate(context) ?? ask(store, context)) : completeTyped(store, cell, context))],
      activateOnTyping: true,
      tooltipClass: isOfOther,
      defaultKeymap: false,
      icons: false,
      selectOnOpen: true,
      maxRenderedOptions: 200,
      interactionDelay: 0,
      positionInfo: placeHelp,
    }),
  ];
}
