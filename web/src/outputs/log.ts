/**
 * A window on a line buffer: however long the log, only the rows near the screen are in the document (about 60).
 *
 * Rows have one height. The scroller holds a spacer as high as all rows; above the height that browsers can lay out, the scroll position
 * is scaled. While the end is followed, new rows keep the view at the end; scrolling up stops following, scrolling to the end starts it again.
 */
import type { LineBuffer } from "../model/lines.ts";
import { t } from "../text/en.ts";
import { holdsSelection, MOST_CHARACTERS, paintLine, repaint } from "../ui/terminal_paint.ts";
import { Rows } from "./log_rows.ts";

export const ROW_PX = 20;
/** The padding above and below the rows (css/cells.css, .log .view). */
const PADDING_PX = 16;
const MARGIN_ROWS = 16;
/** Chromium and Firefox lay out at most some 17 to 33 million pixels. */
const MOST_PX = 15_000_000;

export class LogWindow {
  readonly #rows = new Rows();
  readonly #spacer = document.createElement("div");
  readonly #pane = document.createElement("div");
  readonly #resized: ResizeObserver;
  #first = -1;
  #last = -1;
  #columns = 0;
  #height = 0;
  #top = 0;
  #settling = false;
  following = true;

  constructor(
    readonly scroller: HTMLElement,
    readonly buffer: LineBuffer,
    readonly changed: () => void,
    public wrap: boolean,
  ) {
    this.#spacer.className = "log-spacer";
    this.#pane.className = "log-pane text";
    this.#spacer.append(this.#pane);
    scroller.append(this.#spacer);
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    this.#height = scroller.clientHeight;
    this.#resized = new ResizeObserver(() => {
      this.#height = scroller.clientHeight;
      this.update();
    });
    this.#resized.observe(scroller);
  }

  destroy(): void {
    this.#resized.disconnect();
    this.scroller.removeEventListener("scroll", this.#scrolled);
    this.#spacer.remove();
  }

  setWrap(wrap: boolean): void {
    this.wrap = wrap;
    this.update();
  }

  toEnd(): void {
    this.following = true;
    this.update();
  }

  /** Brings a line into the middle of the view, and marks it and the others that hold `text`; null lets go. */
  mark(line: number | null, text: string): void {
    this.#marked = text.toLowerCase();
    this.#line = line;
    if (line !== null) {
      const top = Math.max(0, Math.round(this.#rows.rowOf(line) * ROW_PX * this.#squeeze() - this.#height / 2));
      this.following = false;
      this.#settling = this.scroller.scrollTop !== top;
      this.#top = top;
      this.scroller.scrollTop = top;
    }
    this.#paint(true, this.#top, this.#height);
    this.changed();
  }
  #marked = "";
  #line: number | null = null;

  /** By how much the way of the scroll bar is shorter than the rows are high. */
  #squeeze(): number {
    return Math.min(1, MOST_PX / Math.max(1, this.#rows.total * ROW_PX));
  }

  /** Shows what the buffer holds now. Nothing is measured here, so that an update costs one layout, at the end of the frame. */
  update(): void {
    const clientHeight = this.#height;
    const scrollTop = this.#top;
    const columns = this.wrap ? this.#fitting() : 0;
    this.#rows.update(this.buffer.lines, this.buffer.count, columns === this.#columns ? this.buffer.dirtyFrom : 0, columns);
    this.#columns = columns;
    this.buffer.clean();
    const height = Math.min(MOST_PX, this.#rows.total * ROW_PX);
    const end = Math.max(0, height + PADDING_PX - clientHeight);
    const follows = this.following && !holdsSelection(this.#pane); // what a person selects does not run away
    this.#paint(true, follows ? end : Math.min(scrollTop, end), clientHeight);
    this.#spacer.style.height = `${height}px`;
    this.#spacer.style.width = this.wrap ? "100%" : `${Math.min(this.#rows.widest, MOST_CHARACTERS)}ch`;
    if (follows && end !== scrollTop) {
      this.#settling = true;
      this.#top = end;
      this.scroller.scrollTop = end;
    }
  }

  /** How many characters fit on a row. */
  #fitting(): number {
    const probe = document.createElement("span");
    probe.className = "log-probe";
    probe.textContent = "0".repeat(100);
    this.#pane.append(probe);
    const character = probe.getBoundingClientRect().width / 100;
    probe.remove();
    const width = this.scroller.clientWidth - 28;
    return character > 0 && width > 0 ? Math.max(10, Math.floor(width / character)) : 80;
  }

  readonly #scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#top = scrollTop;
    const atEnd = scrollTop + clientHeight >= scrollHeight - ROW_PX / 2;
    if (this.#settling) this.#settling = false;
    else if (atEnd !== this.following) {
      this.following = atEnd;
      this.changed();
    }
    this.#paint(false, scrollTop, clientHeight);
  };

  #paint(all: boolean, scrollTop: number, clientHeight: number): void {
    const total = this.#rows.total;
    const height = clientHeight || 400;
    const most = Math.max(1, Math.min(MOST_PX, total * ROW_PX) - height);
    const scale = total * ROW_PX > MOST_PX ? (total * ROW_PX - height) / most : 1;
    const top = scrollTop * scale;
    const first = Math.max(0, Math.floor(top / ROW_PX) - MARGIN_ROWS);
    const last = Math.min(total, Math.ceil((top + height) / ROW_PX) + MARGIN_ROWS);
    if (!all && first === this.#first && last === this.#last) return;
    const painted = this.#first;
    this.#first = first;
    this.#last = last;
    const rows: HTMLElement[] = [];
    for (let row = first; row < last; row++) rows.push(this.#row(row));
    if (holdsSelection(this.#pane)) this.#repaint(rows, painted);
    else this.#pane.replaceChildren(...rows);
    this.#pane.style.transform = `translateY(${first * ROW_PX - (top - scrollTop)}px)`;
  }

  /** Puts rows in the place of those that were painted from a row on, without touching what did not change. */
  #repaint(rows: readonly HTMLElement[], painted: number): void {
    const old = new Map([...this.#pane.children].map((element, at) => [painted + at - this.#first, element]));
    for (const [at, element] of old) if (at < 0 || at >= rows.length) element.remove();
    let next = this.#pane.firstElementChild;
    rows.forEach((row, at) => {
      const there = old.get(at);
      if (there instanceof HTMLElement) {
        next = there.nextElementSibling;
        there.className = row.className;
        repaint(there, row);
      } else this.#pane.insertBefore(row, next);
    });
  }

  #row(number: number): HTMLElement {
    const { line, from, to } = this.#rows.at(number);
    const element = document.createElement("div");
    const content = this.buffer.lines[line];
    if (content === undefined) return element;
    if (this.#marked !== "" && content.text.toLowerCase().includes(this.#marked))
      element.className = line === this.#line ? "hit now" : "hit";
    const end = Math.min(to, content.text.length, from + MOST_CHARACTERS);
    paintLine(content, element, from, end);
    if (end < Math.min(to, content.text.length)) element.append(t.moreCharacters(content.text.length - end));
    return element;
  }
}
