/** Cells are dragged by their handle: a line shows where they go, the page scrolls at its edges, Esc gives up. Keys do the same (Alt with arrows). */
import type { Open } from "../session/open_session.ts";

const EDGE = 60;
const SPEED = 14;

/** The cell after which something is dropped at that height; null is first, undefined where no cell is. */
function placeAt({ store }: Open, y: number): { after: string | null; line: number } | null {
  let best: { after: string | null; line: number; far: number } | null = null;
  for (const element of document.querySelectorAll<HTMLElement>(".nb [role=list] .cell")) {
    const box = element.getBoundingClientRect();
    if (box.height === 0) continue;
    const id = element.id.slice("cell-".length);
    const upper = y < box.top + box.height / 2;
    const far = y < box.top ? box.top - y : y > box.bottom ? y - box.bottom : 0;
    if (best !== null && far >= best.far) continue;
    const at = store.indexOf(id);
    best = { after: upper ? (store.order[at - 1] ?? null) : id, line: upper ? box.top : box.bottom, far };
  }
  return best;
}

const swallow = (event: Event): void => {
  event.stopPropagation();
  event.preventDefault();
};

/** Follows the pointer until it is let go, and then puts the cells where the line is. */
export function dragCells(open: Open, cells: readonly string[], event: PointerEvent): void {
  const handle = event.currentTarget as HTMLElement;
  const scroller = document.getElementById("main");
  const line = document.createElement("div");
  line.className = "drop-line";
  let place: ReturnType<typeof placeAt> = null;
  let [y, frame, moved] = [event.clientY, 0, false];
  handle.setPointerCapture(event.pointerId);
  const step = (): void => {
    frame = requestAnimationFrame(step);
    if (scroller === null) return;
    const { top, bottom } = scroller.getBoundingClientRect();
    if (y < top + EDGE) scroller.scrollTop -= SPEED;
    else if (y > bottom - EDGE) scroller.scrollTop += SPEED;
    place = placeAt(open, y);
    const nb = document.querySelector(".nb")?.getBoundingClientRect();
    if (place === null || nb === undefined) return;
    Object.assign(line.style, { top: `${place.line - 1}px`, left: `${nb.left + 60}px`, width: `${Math.max(0, nb.width - 168)}px` });
  };
  const move = (now: PointerEvent): void => {
    y = now.clientY;
    if (moved || Math.abs(y - event.clientY) < 4) return;
    moved = true;
    document.body.append(line);
    document.body.classList.add("dragging");
    step();
  };
  const end = (drop: boolean): void => {
    cancelAnimationFrame(frame);
    line.remove();
    document.body.classList.remove("dragging");
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("pointerup", up);
    handle.removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", key, true);
    if (moved) addEventListener("click", swallow, { capture: true, once: true }); // letting go is no click on the handle
    setTimeout(() => removeEventListener("click", swallow, true));
    if (!drop || !moved || place === null) return;
    let { after } = place;
    while (after !== null && cells.includes(after)) after = open.store.order[open.store.indexOf(after) - 1] ?? null;
    const before = open.store.order[open.store.indexOf(cells[0] ?? null) - 1] ?? null;
    if (after !== before) open.actions.place(cells, after);
  };
  const up = (): void => end(true);
  const cancel = (): void => end(false);
  const key = (press: KeyboardEvent): void => {
    if (press.key !== "Escape") return;
    press.stopPropagation();
    press.preventDefault();
    end(false);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", up);
  handle.addEventListener("pointercancel", cancel);
  addEventListener("keydown", key, true);
}
