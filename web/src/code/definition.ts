/**
 * From a name to where it is defined: to a cell of the notebook, which the page finds by itself (notebook_symbols.ts), or to source that the kernel hands over.
 *
 * A kernel that starts answers when it is ready. Who has gone on meanwhile is not taken away from where they are: a note offers to show it.
 */

import { signal } from "@preact/signals";
import { answersNow, kernelState, languageOf } from "../model/select.ts";
import { charactersBefore } from "../model/source_text.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Definition } from "../rpc/schema.ts";
import type { Actions } from "../session/actions.ts";
import { may } from "../session/permissions.ts";
import { mode, selected } from "../session/selection.ts";
import type { SessionStore } from "../session/store.ts";
import { w } from "../text/places.ts";
import { complain, toast } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { back, go, type TextPlace } from "./navigation_history.ts";
import { type Answer, look, type NotebookCode, type Place, placeOfRun } from "./notebook_symbols.ts";
import { isBuiltIn } from "./python_builtins.ts";
import { flash, offsetIn } from "./text_ranges.ts";

export { back };

/** The definition that the dialog shows. */
export const shownDefinition = signal<Definition | null>(null);

const ANSWER_S = 30;
/** As long as a kernel may take to start. */
const START_S = 600;

/** The code of the notebook, and what of it has run, as this page shows it. */
export function codeOf(store: SessionStore): NotebookCode {
  const { model, order } = store;
  const cells = order.flatMap(id => (store.cellOf(id)?.type === "code" ? [{ id, source: store.sourceOf(id) }] : []));
  const ran = [...model.runs.values()].filter(run => !run.silent && !run.kept && run.startedAt !== null);
  ran.sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  return { cells, runs: ran.flatMap(run => (run.cell === null ? [] : [{ cell: run.cell, code: run.code }])) };
}

/** Where text is selected in the cell that is selected and not edited. */
function selectionOf({ store }: Actions): TextPlace | null {
  const cell = selected.value;
  if (cell === null || store.cellOf(cell)?.type !== "code") return null;
  const source = document.getElementById(`cell-${cell}`)?.querySelector(".src");
  const selection = getSelection();
  if (source == null || selection?.focusNode == null || !source.contains(selection.focusNode)) return null;
  return { cell, at: offsetIn(source, selection.focusNode, selection.focusOffset) };
}

/** Goes to where the name at the caret is defined; `caret` is null when nothing is edited. */
export function followCaret(actions: Actions, caret: TextPlace | null): void {
  const place = caret ?? selectionOf(actions);
  if (place === null || actions.store.cellOf(place.cell)?.type !== "code") toast(w.noName);
  else follow(actions, place);
}

/** What the page knows by itself of the name at a place. Of other languages than Python it knows nothing. */
export function known({ store }: Actions, { cell, at }: TextPlace): Answer | null {
  const language = languageOf(store.model);
  return language === null || language === "python" ? look(codeOf(store), cell, at) : null;
}

/** Whether the name at a place leads somewhere, or may. */
export function leads(actions: Actions, answer: Answer | null): answer is Extract<Answer, { at: "cell" | "kernel" }> {
  if (answer?.at === "cell") return true;
  const state = kernelState(actions.store.model);
  if (answer?.at === "kernel" && answer.spot.form === "name" && isBuiltIn(answer.spot.name)) return false;
  return answer?.at === "kernel" && may("execute") && state !== null && state !== "dead";
}

/** Goes to where the name at a place is defined, or reports why that cannot be. */
export function follow(actions: Actions, from: TextPlace): void {
  const answer = known(actions, from);
  if (answer === null) void ask(actions, from, wordAt(actions.store.sourceOf(from.cell), from.at));
  else if (answer.at === "nothing") toast(w.noName);
  else if (answer.at === "itself") toast(w.itself(answer.spot.name, answer.kind));
  else if (answer.at === "cell") void arrive(actions, from, answer.place, answer.spot.name);
  else void ask(actions, from, answer.spot.hasHead ? answer.spot.chain.join(".") : answer.spot.name);
}

function wordAt(text: string, at: number): string {
  let from = at;
  while (from > 0 && /[\w.]/.test(text[from - 1] ?? "")) from--;
  return text.slice(from, at) + (/^\w*/.exec(text.slice(at))?.[0] ?? "");
}

async function arrive(actions: Actions, from: TextPlace, place: Place, name: string): Promise<void> {
  await go(actions, from, { cell: place.cell, at: place.from });
  flash(place.cell, place.from, place.to);
  if (place.gone) toast(w.wentAsItWas(name));
}

/** The newest question: an answer to an older one is not wanted any more. */
let newest = 0;

async function ask(actions: Actions, from: TextPlace, name: string): Promise<void> {
  const { store } = actions;
  const mine = ++newest;
  const state = kernelState(store.model);
  const canAsk = may("execute") && state !== null && state !== "dead" && store.connection.phase === "live";
  if (name === "") toast(w.noName);
  else if (!canAsk && isBuiltIn(name)) toast(w.builtIn(name));
  else if (!may("execute")) toast(w.mayNot(name));
  else if (state === null || state === "dead") toast(w.noKernel(name));
  else if (store.connection.phase !== "live") toast(w.noLine(name));
  else if ((state === "idle" || state === "busy") && !answersNow(store.model)) toast(w.busy(name));
  else {
    const isStarting = state !== "idle" && state !== "busy";
    if (isStarting) toast(w.starting(name), { action: { title: w.giveUp, run: () => newest++ } });
    const answer = await answered(store, from, isStarting ? START_S : ANSWER_S, name);
    if (answer === null || mine !== newest || store.indexOf(selected.value) < 0) return; // not wanted, or on another page
    const show = (): void => deliver(actions, from, name, answer);
    if (!isStarting || hasStayed(store, from)) show();
    else toast(w.here(name), { action: { title: w.show, run: show } });
  }
}

/** Whether somebody is where they asked. */
function hasStayed(store: SessionStore, { cell, at }: TextPlace): boolean {
  const caret = mode.value === "edit" ? store.drafts.get(cell)?.caret() : undefined;
  return selected.value === cell && dialog.value === null && (caret === undefined || caret === at);
}

async function answered(store: SessionStore, { cell, at }: TextPlace, timeout_s: number, name: string): Promise<Definition | null> {
  const code = store.sourceOf(cell);
  try {
    return await store.connection.call("definition.get", { session: store.id, code, cursor: charactersBefore(code, at), timeout_s });
  } catch (error) {
    if (error instanceof LineLost) toast(w.noLine(name));
    else if (error instanceof RpcFailure) complain(error);
    else throw error;
    return null;
  }
}

/** The cell that ran under a count, with the code that it had then. */
function ranAs(store: SessionStore, count: number): { cell: string; code: string } | null {
  for (const run of [...store.model.runs.values()].reverse()) {
    if (run.count !== count || run.kept || run.silent) continue;
    return run.cell !== null && store.indexOf(run.cell) >= 0 ? { cell: run.cell, code: run.code } : null;
  }
  return null;
}

function deliver(actions: Actions, from: TextPlace, name: string, answer: Definition): void {
  const { store } = actions;
  if (answer.status !== "found") {
    toast(whyNot(answer, name, languageOf(store.model) ?? ""));
    return;
  }
  const asked = { cell: from.cell, code: store.sourceOf(from.cell) };
  const there = answer.place === "code" ? asked : answer.place === "cell" ? ranAs(store, answer.execution_count ?? 0) : null;
  if (there === null) {
    shownDefinition.value = answer;
    dialog.value = "definition";
    return;
  }
  const cell = { id: there.cell, source: store.sourceOf(there.cell) };
  void arrive(actions, from, placeOfRun(cell, there.code, answer.line, name.split(".").at(-1) ?? name), name);
}

function whyNot(answer: Definition, name: string, language: string): string {
  switch (answer.status) {
    case "built_in":
      return w.builtIn(name);
    case "no_source":
      return w.noSource(name, answer.kind);
    case "value":
      return w.value(name, answer.type);
    case "unsupported":
      return w.unsupported(language);
    case "no_name":
      return w.noName;
    default:
      return w.unknown(name);
  }
}
