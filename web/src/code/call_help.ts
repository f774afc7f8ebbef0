/**
 * Help that comes by itself: what a name under the pointer is, and how a function is called while its arguments are typed.
 *
 * The kernel is asked only when it answers now: behind a run, the answer would come when nobody wants it any more. Failures are silent, since nobody
 * asked.
 */
import { syntaxTree } from "@codemirror/language";
import { type EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import { EditorView, hoverTooltip, showTooltip, type Tooltip } from "@codemirror/view";
import { formText } from "../model/mime.ts";
import { answersNow } from "../model/select.ts";
import { charactersBefore } from "../model/source_text.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import { may } from "../session/permissions.ts";
import type { SessionStore } from "../session/store.ts";
import { hoverHelp, typingHelp } from "../ui/settings.ts";
import { paintText } from "../ui/terminal_paint.ts";

const HOVER_MS = 500;
/** Long for a kernel that is free: a busy machine is slow, too, and nobody asks again. */
const ANSWER_S = 10;
/** Lines of help that are shown under the pointer, and while typing. */
const HOVER_LINES = 14;
const CALL_LINES = 5;
/** A call is looked for in so many characters before the caret. */
const REACH = 2000;

/** What the kernel knows of the name that ends at a place, as text; empty when that is nothing or it has no time. */
async function known(store: SessionStore, state: EditorState, at: number): Promise<string> {
  const { model, connection } = store;
  if (!may("execute") || connection.phase !== "live" || !answersNow(model)) return "";
  const code = state.sliceDoc();
  try {
    const asked = { session: store.id, code, cursor: charactersBefore(code, at), detail: 0 as const, timeout_s: ANSWER_S };
    const answer = await connection.call("inspection.get", asked);
    return answer.found ? formText(answer.data, "text/plain") : "";
  } catch (error) {
    if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
    return "";
  }
}

/** The first lines of a text, with a sign that there are more. */
function firstLines(text: string, most: number): string {
  const lines = text.trimEnd().split("\n");
  return lines.length <= most ? lines.join("\n") : `${lines.slice(0, most).join("\n")}\n…`;
}

/** Whether there is a name at a place, as far as the language is known: strings and comments are none. Without a grammar, every word can be one. */
function isName(state: EditorState, at: number): boolean {
  const node = syntaxTree(state).resolveInner(at, -1);
  return node.type.isTop || node.name === "" || /Name$/.test(node.name);
}

function tip(pos: number, text: string, above: boolean): Tooltip {
  return {
    pos,
    above,
    create: () => {
      const dom = document.createElement("pre");
      dom.className = "cm-inspection text";
      dom.append(paintText(text));
      return { dom };
    },
  };
}

function hovering(store: SessionStore): Extension {
  return hoverTooltip(
    async (view, pos) => {
      if (!hoverHelp.value) return null;
      const word = view.state.wordAt(pos);
      if (word === null || !isName(view.state, word.to)) return null;
      const text = await known(store, view.state, word.to);
      return text === "" ? null : { ...tip(word.from, firstLines(text, HOVER_LINES), true), end: word.to };
    },
    { hoverTime: HOVER_MS, hideOnChange: true },
  );
}

interface Call {
  /** The place of the opening bracket. */
  readonly from: number;
  readonly tooltip: Tooltip;
}

const showCall = StateEffect.define<Call | null>({
  map: (call, changes) => (call === null ? null : { from: changes.mapPos(call.from), tooltip: call.tooltip }),
});

/** The opening bracket of the call that the caret is in: the last one before it that nothing closes; -1 when there is none. */
export function callAt(text: string, caret: number): number {
  let open = 0;
  for (let at = caret - 1; at >= Math.max(0, caret - REACH); at--) {
    const character = text[at];
    if (character === ")" || character === "]" || character === "}") open++;
    else if (character === "[" || character === "{") open = Math.max(0, open - 1);
    else if (character === "(" && open-- === 0) return at;
  }
  return -1;
}

/** The same for the caret of an editor. */
function openCall(state: EditorState): number {
  const caret = state.selection.main.head;
  return callAt(state.sliceDoc(0, caret), caret);
}

const callField = StateField.define<Call | null>({
  create: () => null,
  update(now, transaction) {
    for (const effect of transaction.effects) if (effect.is(showCall)) return effect.value;
    if (now === null) return null;
    const from = transaction.changes.mapPos(now.from, 1);
    if (openCall(transaction.state) !== from) return null;
    return from === now.from ? now : { from, tooltip: { ...now.tooltip, pos: from } };
  },
  provide: field => showTooltip.from(field, call => call?.tooltip ?? null),
});

/** Closes the signature; false when there was none. */
export function closeCall(view: EditorView): boolean {
  if (view.state.field(callField, false) == null) return false;
  view.dispatch({ effects: showCall.of(null) });
  return true;
}

/** Shows signatures only, of what can be called; the rest of what is known of a name would be in the way. */
const CALLABLE = /signature:/i;

async function sign(store: SessionStore, view: EditorView, from: number): Promise<void> {
  const { state } = view;
  if (!/[\w\])]$/.test(state.sliceDoc(0, from)) || !isName(state, from)) return;
  const text = await known(store, state, from);
  if (!CALLABLE.test(text) || !view.hasFocus || openCall(view.state) !== from) return;
  view.dispatch({ effects: showCall.of({ from, tooltip: tip(from, firstLines(text, CALL_LINES), true) }) });
}

function signing(store: SessionStore): Extension {
  return [
    callField,
    EditorView.updateListener.of(update => {
      if (!typingHelp.value || !update.transactions.some(one => one.isUserEvent("input.type"))) return;
      const caret = update.state.selection.main.head;
      if (update.state.sliceDoc(caret - 1, caret) === "(") void sign(store, update.view, caret - 1);
      // Typed before this help was there, and told of now that it is: the bracket can be further back.
      else if (!update.docChanged) void sign(store, update.view, openCall(update.state));
    }),
    EditorView.domEventHandlers({
      blur: (_, view) => {
        closeCall(view);
      },
    }),
  ];
}

export const help = (store: SessionStore): Extension => [hovering(store), signing(store)];
