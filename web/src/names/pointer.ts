/** Names under the pointer while Ctrl (on a Mac: the command key) is held: underlined when they lead somewhere, followed by a click. */
import type { Actions } from "../store/actions.ts";
import { MAC } from "../store/keys.ts";
import { dialog } from "../store/ui.ts";
import { follow, known, leads } from "./follow.ts";
import { covers, placeAt, rangeIn, shownAt, underline } from "./marks.ts";
import type { TextPlace } from "./trail.ts";

interface Point {
  readonly target: EventTarget | null;
  readonly clientX: number;
  readonly clientY: number;
}

interface Link {
  readonly place: TextPlace;
  readonly range: Range;
}

const isHeld = (event: MouseEvent | KeyboardEvent): boolean => (MAC ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;

/** The name under a point that can be followed. */
function linkAt(actions: Actions, { target, clientX, clientY }: Point): Link | null {
  const shown = dialog.value === null ? shownAt(actions, target) : null;
  const at = shown === null ? null : placeAt(shown, clientX, clientY);
  if (shown === null || at === null) return null;
  const place = { cell: shown.cell, at };
  const answer = known(actions, place);
  if (!leads(actions, answer)) return null;
  const range = rangeIn(shown, answer.spot.from, answer.spot.to);
  return covers(range, clientX, clientY) ? { place: { ...place, at: answer.spot.from }, range } : null;
}

/** Listens to the pointer, whose last move was `first`; ends with the function given back. */
export function followPointer(actions: Actions, first: PointerEvent | null): () => void {
  let last: Point | null = null;
  let link: Link | null = null;
  let pressed: Link | null = null;
  const show = (next: Link | null): void => {
    link = next;
    underline(next?.range ?? null);
  };
  const look = (point: Point): void => {
    if (link?.range.startContainer.isConnected === true && covers(link.range, point.clientX, point.clientY)) return;
    const next = linkAt(actions, point);
    if (next !== null || link !== null) show(next);
  };
  const moved = (event: PointerEvent): void => {
    last = { target: event.target, clientX: event.clientX, clientY: event.clientY };
    if (isHeld(event)) look(last);
    else if (link !== null) show(null);
  };
  const key = (event: KeyboardEvent): void => {
    if (last !== null && isHeld(event)) look(last);
    else if (link !== null) show(null);
  };
  const away = (): void => show(null);
  const swallow = (event: MouseEvent): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  const down = (event: MouseEvent): void => {
    pressed = event.button === 0 && isHeld(event) ? linkAt(actions, event) : null;
    if (pressed !== null) swallow(event);
  };
  const up = (event: MouseEvent): void => {
    const taken = pressed;
    pressed = null;
    if (taken === null) return;
    swallow(event);
    show(null);
    if (covers(taken.range, event.clientX, event.clientY)) follow(actions, taken.place);
  };
  if (first !== null) moved(first);
  const ending = new AbortController();
  const { signal } = ending;
  addEventListener("pointermove", moved, { signal, passive: true });
  addEventListener("keydown", key, { signal, capture: true });
  addEventListener("keyup", key, { signal, capture: true });
  addEventListener("blur", away, { signal });
  addEventListener("mousedown", down, { signal, capture: true });
  addEventListener("mouseup", up, { signal, capture: true });
  return () => {
    ending.abort();
    show(null);
  };
}
