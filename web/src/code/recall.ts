/** Alt with the arrows: code that ran before in this session, the newest first, and back to what stood in the cell. */
import type { EditorView } from "@codemirror/view";
import type { SessionStore } from "../session/store.ts";

interface Walk {
  /** What stood in the cell, then the code that ran, the newest first. */
  readonly texts: readonly string[];
  at: number;
}

const walks = new WeakMap<EditorView, Walk>();

/** The codes that ran, the newest first, each once. */
export function ranBefore(store: SessionStore): string[] {
  const codes = [...store.model.runs.values()].filter(run => !run.silent && run.code.trim() !== "").map(run => run.code);
  return [...new Set(codes.reverse())];
}

/** Goes one further back (1) or one forward (-1). */
export function recall(store: SessionStore, view: EditorView, by: 1 | -1): boolean {
  const now = view.state.sliceDoc();
  let walk = walks.get(view);
  if (walk === undefined || walk.texts[walk.at] !== now) walk = { texts: [now, ...ranBefore(store).filter(code => code !== now)], at: 0 };
  walks.set(view, walk);
  const next = walk.texts[walk.at + by];
  if (next === undefined) return true;
  walk.at += by;
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: next },
    selection: { anchor: next.length },
    userEvent: "input.recall",
    scrollIntoView: true,
  });
  return true;
}
