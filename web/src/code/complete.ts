/** Completion by the kernel: Tab asks, the popup shows kinds and signatures where the kernel knows them. */
import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  completionStatus,
  startCompletion,
} from "@codemirror/autocomplete";
import { indentMore } from "@codemirror/commands";
import type { Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { charactersBefore, unitsBefore } from "../model/source_text.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { JsonMap, Completion as Reply } from "../rpc/schema.ts";
import { may } from "../session/permissions.ts";
import type { SessionStore } from "../session/store.ts";
import { complain } from "../ui/notices.ts";

const ANSWER_S = 10;

/** The kinds that ipykernel sends (`_jupyter_types_experimental`): one for each match, or nothing. */
export function kinds(metadata: JsonMap): Map<string, { type: string; signature: string }> {
  const known = new Map<string, { type: string; signature: string }>();
  const list = metadata._jupyter_types_experimental;
  if (!Array.isArray(list)) return known;
  for (const one of list) {
    if (typeof one !== "object" || one === null || Array.isArray(one)) continue;
    const type = one.type === "<unknown>" ? "" : String(one.type ?? "");
    known.set(String(one.text ?? ""), { type, signature: String(one.signature ?? "") });
  }
  return known;
}

/** The options of a reply, with the replaced range in UTF-16 units. */
export function options(code: string, reply: Reply): { from: number; to: number; options: Completion[] } {
  const known = kinds(reply.metadata);
  return {
    from: unitsBefore(code, reply.cursor_start),
    to: unitsBefore(code, reply.cursor_end),
    options: reply.matches.map((label, at) => {
      const kind = known.get(label);
      const option: Completion = { label, boost: -at / Math.max(1, reply.matches.length) };
      if (kind !== undefined && kind.type !== "") option.detail = kind.type;
      if (kind !== undefined && kind.signature !== "") option.info = kind.signature;
      return option;
    }),
  };
}

async function ask(store: SessionStore, context: CompletionContext): Promise<CompletionResult | null> {
  const code = context.state.sliceDoc();
  try {
    const cursor = charactersBefore(code, context.pos);
    const reply = await store.connection.call("completion.get", { session: store.id, code, cursor, timeout_s: ANSWER_S });
    if (context.aborted || reply.matches.length === 0) return null;
    return { ...options(code, reply), validFor: /^[\w%]*$/ };
  } catch (error) {
    if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
    complain(error);
    return null;
  }
}

/** Tab: takes the chosen option, asks for options after a word, or indents. */
export function tab(view: EditorView): boolean {
  const { state } = view;
  if (completionStatus(state) === "active") return acceptCompletion(view);
  const { main } = state.selection;
  const before = state.doc.lineAt(main.head).text.slice(0, main.head - state.doc.lineAt(main.head).from);
  if (main.empty && may("execute") && /[\w.)\]"'/%]$/.test(before)) return startCompletion(view);
  if (!main.empty) return indentMore(view);
  view.dispatch(state.replaceSelection(" ".repeat(4 - (before.length % 4))), { scrollIntoView: true, userEvent: "input" });
  return true;
}

export function completion(store: SessionStore): Extension {
  return autocompletion({
    override: [context => (context.explicit ? ask(store, context) : null)],
    activateOnTyping: false,
    icons: false,
    selectOnOpen: true,
    maxRenderedOptions: 200,
    interactionDelay: 0,
  });
}
