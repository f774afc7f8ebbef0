/** Names under the pointer while Ctrl (on a Mac: the command key) is held: underlined when they lead somewhere, followed by a click. */
import type { Actions } from "../session/actions.ts";
import { MAC } from "../ui/keys.ts";
import { dialog } from "../ui/page_state.ts";
import { follow, known, leads } from "./definition.ts";
import type { TextPlace } from "./navigation_history.ts";
import { covers, placeAt, rangeIn, type Shown, shownAt, underline } from "./text_ranges.ts";

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

interface Under extends TextPlace {
  readonly shown: Shown;
}

/** The place in the text of a cell that is under a point. */
function under(actions: Actions, { target, clientX, clientY }: Point): Under | null {
  const shown = dialog.value === null ? shownAt(actions, target) : null;
  const at = shown === null ? null : placeAt(shown, clientX, clientY);
  return shown === null || at === null ? null : { cell: shown.cell, at, shown };
}

/** The name at a place under a point, if it can be followed; `beside` when the point is not on it, but in the space around. */
function linkAt(actions: Actions, place: Under | null, { clientX, clientY }: Point): Link | "beside" | null {
  const answer = place === null ? null : known(actions, place);
  if (place === null || !leads(actions, answer)) return null;
  const { from, to } = answer.spot;
  const range = rangeIn(place.shown, from, to);
  return covers(range, clientX, clientY) ? { place: { cell: place.cell, at: from }, range } : "beside";
}

/** Listens to the pointer, whose last move was `first`; the function that it returns stops it. */
export function followPointer(actions: Actions, first: PointerEvent | null): () => void {
  let last: Point | null = null;
  let link: Link | null = null;
  let pressed: Link | null = null;
  /** Where was looked last: a notebook is not read anew for every point of a letter. */
  let looked: Under | null = null;
  const show = (next: Link | null): void => {
    link = next;
    if (next === null) looked = null;
    underline(next?.range ?? null);
  };
  const look = (point: Point): void => {
    if (link?.range.startContainer.isConnected === true && covers(link.range, point.clientX, point.clientY)) return;
    const place = under(actions, point);
    if (link === null && place !== null && place.cell === looked?.cell && place.at === looked.at) return;
    const found = linkAt(actions, place, point);
    const next = found === "beside" ? null : found;
    if (next !== null || link !== null) show(next);
    looked = found === "beside" ? null : place;
  };
  const moved = (event: PointerEvent): void => {
    last = { target: event.target, clientX: event.clientX, clientY: event.clientY };
    if (isHeld(event)) look(last);
    else if (link !== null || looked !== null) show(null);
  };
  const key = (event: KeyboardEvent): void => {
    if (last !== null && isHeld(event)) look(last);
    else if (link !== null || looked !== null) show(null);
  };
  const away = (): void => show(null);
  const swallow = (event: MouseEvent): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  const down = (event: MouseEvent): void => {
    const found = event.button === 0 && isHeld(event) ? linkAt(actions, under(actions, event), event) : null;
    pressed = found === "beside" ? null : found;
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
