/** The way from name to name: going to a place in a cell, and back to where that was done. */

import type { Actions } from "../session/actions.ts";
import { may } from "../session/permissions.ts";
import { mode, selected } from "../session/selection.ts";
import { w } from "../text/places.ts";
import { say, toast } from "../ui/notices.ts";

/** A place in the text of a cell, in UTF-16 units. */
export interface TextPlace {
  readonly cell: string;
  readonly at: number;
}

const MOST_STEPS = 50;

const histories = new WeakMap<Actions, TextPlace[]>();

const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** Goes to a place in a cell, and notes where that was done; done when the cell is in sight. */
export function go(actions: Actions, from: TextPlace, to: TextPlace): Promise<void> {
  histories.set(actions, [...(histories.get(actions) ?? []).slice(1 - MOST_STEPS), from]);
  return show(actions, to, w.went);
}

/** Goes back to where the last step was begun. */
export function back(actions: Actions): void {
  const history = histories.get(actions) ?? [];
  let place = history.pop();
  while (place !== undefined && actions.store.indexOf(place.cell) < 0) place = history.pop();
  if (place === undefined) toast(w.nowhereBack);
  else void show(actions, place, w.back);
}

/** Waits until a cell is not folded away any more: what is out of sight takes no caret. */
async function unfolded({ sections }: Actions, cell: string): Promise<void> {
  if (!sections.away.value.has(cell)) return;
  sections.reveal(cell);
  await new Promise<void>(resolve => {
    const stop = sections.away.subscribe(away => {
      if (away.has(cell)) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}

async function show(actions: Actions, { cell, at }: TextPlace, words: (cell: number, line: number) => string): Promise<void> {
  const { store } = actions;
  await unfolded(actions, cell);
  if (store.indexOf(selected.value) < 0) return; // another page is shown by now
  const isOpen = mode.value === "edit" && selected.value === cell;
  if (!isOpen || store.drafts.get(cell)?.putCaret(at) !== true) {
    actions.select(cell);
    if (may("write")) actions.edit({ offset: at });
  }
  say(words(store.indexOf(cell) + 1, lineOf(store.sourceOf(cell), at)));
}
