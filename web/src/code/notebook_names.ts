/**
 * The names that the code cells of a notebook bind: they complete before they have run, and while the kernel is busy.
 *
 * A cell is read once for each of its texts, in slices, so that a long notebook does not hold up what is typed. The outermost names of other cells
 * count, and all names of the cell itself.
 */
import { languageOf } from "../model/select.ts";
import type { SessionStore } from "../session/store.ts";
import { type Binding, Names, type Scope } from "./python_scopes.ts";

export interface NotebookName {
  readonly label: string;
  /** What it is, empty when that is not known. */
  readonly kind: string;
  /** The line that binds it. */
  readonly line: string;
}

interface Read {
  readonly source: string;
  readonly isWhole: boolean;
  readonly names: readonly NotebookName[];
}

/** Cells are read for so long before others have their turn. */
const SLICE_MS = 8;
const WORDS = /[\p{L}_][\p{L}\p{N}_]+/gu;

const read = new WeakMap<SessionStore, Map<string, Read>>();

function lineOf(source: string, at: number): string {
  const from = source.lastIndexOf("\n", at - 1) + 1;
  const to = source.indexOf("\n", at);
  return source.slice(from, to < 0 ? source.length : to).trim();
}

/** What a scope binds, and the functions in it: names that stand by themselves, no attributes. */
const bindingsIn = (scope: Scope): Binding[] =>
  scope.bindings.flatMap(one => [...(scope.kind === "class" ? [] : [one]), ...(one.body === null ? [] : bindingsIn(one.body))]);

/** What a piece of Python binds: in its outermost scope, or in all of them. */
function boundIn(source: string, isWhole: boolean): NotebookName[] {
  const { module } = new Names(source);
  const bindings = isWhole ? bindingsIn(module) : module.bindings;
  return bindings.map(({ name, kind, from }) => ({ label: name, kind: kind === "import" ? "" : kind, line: lineOf(source, from) }));
}

/** The words of a text in another language, which may all be names. */
const wordsIn = (source: string): NotebookName[] => (source.match(WORDS) ?? []).map(label => ({ label, kind: "", line: "" }));

/**
 * The names of a notebook, each once; what the cell itself binds comes first.
 *
 * Args:
 *   store: the session.
 *   home: the cell that is edited.
 *   caret: where a name is typed in it, which is no name yet.
 *   isWanted: whether the answer is still wanted.
 *
 * Returns: the names that were read as long as they were wanted.
 */
export async function notebookNames(
  store: SessionStore,
  home: string,
  caret: { from: number; to: number },
  isWanted: () => boolean,
): Promise<NotebookName[]> {
  const isPython = (languageOf(store.model) ?? "python") === "python";
  const known = read.get(store) ?? new Map<string, Read>();
  read.set(store, known);
  for (const cell of known.keys()) if (store.cellOf(cell) === undefined) known.delete(cell);
  const found = new Map<string, NotebookName>();
  let since = performance.now();
  for (const cell of [home, ...store.order.filter(one => one !== home)]) {
    if (store.cellOf(cell)?.type !== "code") continue;
    const isWhole = cell === home;
    const text = store.sourceOf(cell);
    const source = isWhole ? text.slice(0, caret.from) + text.slice(caret.to) : text;
    const old = known.get(cell);
    const isKnown = old?.source === source && old.isWhole === isWhole;
    const names = isKnown ? old.names : isPython ? boundIn(source, isWhole) : wordsIn(source);
    if (!isKnown) known.set(cell, { source, isWhole, names });
    for (const name of names) if (!found.has(name.label)) found.set(name.label, name);
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise(resolve => setTimeout(resolve));
    if (!isWanted()) break;
    since = performance.now();
  }
  return [...found.values()];
}
