/**
 * The carets and selections of others in the editor of a cell, and where our own are.
 *
 * A place is sent for one version of the source on the server. Ours is taken back over the changes that the server does not have yet; theirs is
 * brought forward over ours. From then on it moves with the text, so that it need not be sent again while somebody types. A place in a version
 * that has not come yet waits for it.
 */
import { getSyncedVersion, sendableUpdates } from "@codemirror/collab";
import { type ChangeDesc, type EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate, WidgetType } from "@codemirror/view";
import { effect } from "@preact/signals";
import type { Mark } from "../model/people.ts";
import type { Selection } from "../rpc/schema.ts";
import { marks, ownSelection } from "../session/presence.ts";

class Caret extends WidgetType {
  constructor(
    readonly name: string,
    readonly colour: number,
  ) {
    super();
  }

  override eq(other: Caret): boolean {
    return other.name === this.name && other.colour === this.colour;
  }

  toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = `other-caret p${this.colour}`;
    caret.title = this.name;
    caret.setAttribute("aria-hidden", "true"); // the mark of the cell names who is in it
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const shown = StateEffect.define<DecorationSet>();
const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(set, transaction) {
    let now = set.map(transaction.changes);
    for (const one of transaction.effects) if (one.is(shown)) now = one.value;
    return now;
  },
  provide: of => EditorView.decorations.from(of),
});

/** The changes that the server does not have, as one; null when there are none. */
function unconfirmed(state: EditorState): ChangeDesc | null {
  let all: ChangeDesc | null = null;
  for (const { changes } of sendableUpdates(state)) all = all === null ? changes.desc : all.composeDesc(changes.desc);
  return all;
}

/** A selection here, as a place in the source that the server has. */
export function placeOf(state: EditorState): Selection {
  const back = unconfirmed(state)?.invertedDesc;
  const at = (position: number): number => back?.mapPos(position, 1) ?? position;
  const { anchor, head } = state.selection.main;
  return { anchor: at(anchor), head: at(head), version: getSyncedVersion(state) };
}

/** Where somebody's selection is in the text here; null when it is in a version that has not come yet. */
export function here(state: EditorState, { anchor, head, version }: Selection): { anchor: number; head: number } | null {
  if (version > getSyncedVersion(state)) return null;
  const ahead = unconfirmed(state);
  const at = (position: number): number => Math.min(state.doc.length, ahead?.mapPos(Math.min(position, ahead.length), 1) ?? position);
  return { anchor: at(anchor), head: at(head) };
}

function decorations(state: EditorState, others: readonly Mark[]): DecorationSet {
  const ranges = others.flatMap(({ name, colour, selection }) => {
    const place = selection === null ? null : here(state, selection);
    if (place === null) return [];
    const [from, to] = [Math.min(place.anchor, place.head), Math.max(place.anchor, place.head)];
    const caret = Decoration.widget({ widget: new Caret(name, colour), side: 1 }).range(place.head);
    return from === to ? [caret] : [Decoration.mark({ class: `other-selection p${colour}` }).range(from, to), caret];
  });
  return Decoration.set(ranges, true);
}

/** Shows the cursors of others in the editor of a cell, and publishes ours. */
export function cursors(cell: string): Extension {
  const plugin = ViewPlugin.define(view => {
    let waits = false;
    let over = false;
    const paint = (): void => {
      if (over) return;
      const others = marks.peek().get(cell) ?? [];
      const version = getSyncedVersion(view.state);
      waits = others.some(one => (one.selection?.version ?? 0) > version);
      view.dispatch({ effects: shown.of(decorations(view.state, others)) });
    };
    const stop = effect(() => {
      const others = marks.value.get(cell);
      if (others !== undefined || view.state.field(field).size > 0) queueMicrotask(paint); // not within an update of the view
    });
    const publish = (): void => {
      if (view.hasFocus) ownSelection.value = placeOf(view.state);
    };
    queueMicrotask(publish);
    return {
      update(update: ViewUpdate) {
        if (update.selectionSet || update.docChanged || update.focusChanged) publish();
        if (waits && update.docChanged) queueMicrotask(paint);
      },
      destroy() {
        over = true;
        stop();
        ownSelection.value = null;
      },
    };
  });
  return [field, plugin];
}
