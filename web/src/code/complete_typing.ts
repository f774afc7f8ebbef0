/**
 * Completion while typing: the list opens behind letters of a name and behind a dot.
 *
 * Nobody asked, so nobody waits: names that the cells bind are there at once, those of the kernel when it has answered. It is asked one thing at a time,
 * only when it answers now, and only if the answer is still wanted when its turn comes; failures are silent.
 */
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  completionStatus,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { answersNow, languageOf } from "../model/select.ts";
import { charactersBefore } from "../model/source_text.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Completion as Reply } from "../rpc/schema.ts";
import { may } from "../session/permissions.ts";
import type { SessionStore } from "../session/store.ts";
import { typingCompletion } from "../ui/settings.ts";
import { withHelp } from "./completion_help.ts";
import { options } from "./completion_options.ts";
import { type TypedName, typedName } from "./completion_place.ts";
import { gateOf } from "./kernel_gate.ts";

const ANSWER_S = 10;

/** Names of cells are shown when the kernel takes longer than this. */
const PATIENCE_MS = 150;

/** The name that is typed; null where nothing completes by itself. */
function typed(store: SessionStore, { state, pos }: CompletionContext): TypedName | null {
  return typingCompletion.value ? typedName(state, pos, (languageOf(store.model) ?? "python") === "python") : null;
}

/** What the kernel says; null when it has no time for that, or the answer is not wanted any more. */
async function reply(store: SessionStore, context: CompletionContext): Promise<Reply | null> {
  const code = context.state.sliceDoc();
  const isWanted = (): boolean => !context.aborted && store.connection.phase === "live" && answersNow(store.model);
  const asked = { session: store.id, code, cursor: charactersBefore(code, context.pos), timeout_s: ANSWER_S };
  try {
    return await gateOf(store).ask(isWanted, () => store.connection.call("completion.get", asked));
  } catch (error) {
    if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
    return null;
  }
}

/** What the kernel completes. */
async function fromKernel(store: SessionStore, context: CompletionContext, from: number): Promise<Completion[]> {
  const answer = may("execute") ? await reply(store, context) : null;
  if (answer === null) return [];
  const found = options(context.state.sliceDoc(), context.pos, answer);
  return found.from === from ? found.options.map(one => withHelp(store, context, from, one)) : [];
}

/** The names that the cells bind, run or not. */
async function fromCells(store: SessionStore, cell: string, context: CompletionContext, { word, from }: TypedName): Promise<Completion[]> {
  const { notebookNames } = await import("./notebook_names.ts");
  const names = await notebookNames(store, cell, { from, to: context.pos }, () => !context.aborted);
  const begin = word.toLowerCase();
  return names
    .filter(({ label }) => label !== word && label.toLowerCase().startsWith(begin))
    .map(({ label, kind, line }) => ({
      label,
      boost: -2,
      ...(kind === "" ? {} : { detail: kind }),
      ...(line === "" ? {} : { info: line }),
    }))
    .map(one => withHelp(store, context, from, one));
}

/** All options, those that the kernel knows first; null when there is no more than what stands there already. */
function merged({ word, from }: TypedName, known: readonly Completion[], bound: readonly Completion[]): CompletionResult | null {
  const labels = new Set(known.map(one => one.label));
  const all = [...known, ...bound.filter(one => !labels.has(one.label))];
  return all.every(one => one.label === word) ? null : { from, options: all, validFor: /^[\p{L}\p{N}_]*$/u };
}

/** What the kernel said when the list stood already: the list is asked for once more, and takes it from here. */
const late = new WeakMap<EditorView, CompletionResult>();

/** Takes what came late for a place, if that is still the place. */
export function takeLate(context: CompletionContext): CompletionResult | null {
  const { view, state, pos } = context;
  const found = view === undefined ? undefined : late.get(view);
  if (view !== undefined) late.delete(view);
  return found?.from !== undefined && found.from <= pos && /^[\p{L}\p{N}_]*$/u.test(state.sliceDoc(found.from, pos)) ? found : null;
}

/** Shows what came late in the list that stands. */
function renew(view: EditorView, result: CompletionResult | null): void {
  if (result === null || !view.hasFocus || completionStatus(view.state) !== "active") return;
  late.set(view, result);
  startCompletion(view);
}

/**
 * Completes what is typed.
 *
 * Args:
 *   store: the session.
 *   cell: the cell that is edited.
 *   context: where, and what was typed.
 *
 * Returns: the list, null for none.
 */
export async function completeTyped(store: SessionStore, cell: string, context: CompletionContext): Promise<CompletionResult | null> {
  const name = typed(store, context);
  if (name === null) return null;
  const answer = fromKernel(store, context, name.from);
  const bound = name.isMember ? [] : await fromCells(store, cell, context, name);
  const patience = new Promise<null>(resolve => setTimeout(() => resolve(null), PATIENCE_MS));
  const known = bound.length === 0 ? await answer : await Promise.race([answer, patience]);
  if (context.aborted) return null;
  if (known !== null) return merged(name, known, bound);
  const { view } = context;
  if (view !== undefined) void answer.then(all => renew(view, all.length === 0 ? null : merged(name, all, bound)));
  return merged(name, [], bound);
}
