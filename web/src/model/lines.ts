/**
 * The terminal line buffer: text as a program wrote it becomes the lines that a terminal would show.
 *
 *     \n        down one line, to its start            ESC[nA B C D   up, down, right, left
 *     \r        to the start of the line               ESC[nG         to column n
 *     \b        one column left                        ESC[nK         erase to the end (0), from the start (1), the line (2)
 *     ESC[...m  colours and weights (ansi.ts)          ESC[nJ         erase to the end of the text (0), all of it (2, 3)
 *
 *     ESC]8;;URL ESC\\  a link begins, without an address it ends
 *
 * Other escape sequences (titles, modes) and control characters are taken and dropped. A line is its text and the stretches of it
 * that are not plain. One code point is one column. The lines depend on the text alone, never on how it was cut into pieces: an
 * unfinished sequence or half a surrogate pair waits for the next piece. tests/vectors/lines.json holds other readers to the same rules.
 *
 * Nothing is ever dropped for being much: memory is the text itself plus a few numbers for each line.
 */
import { linked, rendition } from "./ansi.ts";

/** A stretch of one line, UTF-16 units `from` to `to` (exclusive), in one style. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly style: number;
}

export interface Line {
  text: string;
  /** Sorted, not overlapping, none of style 0; null when the line is plain. */
  marks: Mark[] | null;
}

/** Cursor moves to the right stop here: a program that jumps to column 10^9 must not fill the memory with spaces. */
export const MAX_COLUMN = 10_000;
/** An escape sequence longer than this is none: what was held back is dropped and reading goes on. */
const MAX_SEQUENCE = 4096;

const SPECIAL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;
const SPECIALS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
const ASTRAL = /[\ud800-\udfff]/;

/** Matches a whole escape sequence at the start: control sequences, strings (titles, links) up to their end, and the short ones. */
const SEQUENCE =
  /^(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~])|^\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|^\x1b[ -/]+[0-~]|^\x1b[0-OQ-WYZ\\`-~]/;
/** What a sequence says of a link. */
const LINK = /^\x1b\]8;([^\x07\x1b\x9c]*)/;
/** Matches what may still become one. */
const UNFINISHED = /^(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*|\x1b[\]PX^_][^\x07\x1b\x9c]*\x1b?|\x1b[ -/]*)$/;

function cut(marks: readonly Mark[], from: number, to: number, shift: number, out: Mark[]): void {
  for (const mark of marks) {
    const a = Math.max(mark.from, from);
    const b = Math.min(mark.to, to);
    if (a < b) push(out, a + shift, b + shift, mark.style);
  }
}

function push(out: Mark[], from: number, to: number, style: number): void {
  if (style === 0 || from >= to) return;
  const last = out[out.length - 1];
  if (last !== undefined && last.to === from && last.style === style) out[out.length - 1] = { from: last.from, to, style };
  else out.push({ from, to, style });
}

/** The UTF-16 offset of a column (in code points), at most the end of the text. */
function offset(text: string, column: number): number {
  if (!ASTRAL.test(text)) return Math.min(column, text.length);
  let at = 0;
  for (let seen = 0; seen < column && at < text.length; seen++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/** The columns of a text: its code points. */
export function width(text: string): number {
  if (!ASTRAL.test(text)) return text.length;
  let n = 0;
  for (const _ of text) n++;
  return n;
}

export class LineBuffer {
  readonly lines: Line[] = [{ text: "", marks: null }];
  /** UTF-16 units that were written, control characters too. */
  written = 0;
  /** The first line that changed since `clean` was called. */
  dirtyFrom = 0;
  #row = 0;
  #column = 0;
  #style = 0;
  #held = "";

  /** The lines that a person would count: the empty one after a last line feed is none. */
  get count(): number {
    const last = this.lines[this.lines.length - 1];
    return this.lines.length - (last?.text === "" ? 1 : 0);
  }

  /** Marks everything as seen. */
  clean(): void {
    this.dirtyFrom = Math.max(0, this.lines.length - 1);
  }

  /** Takes the next piece of text, cut anywhere. */
  write(piece: string): void {
    this.written += piece.length;
    const text = this.#held + piece;
    this.#held = "";
    let at = 0;
    while (at < text.length) {
      SPECIALS.lastIndex = at;
      const found = SPECIALS.exec(text);
      const end = found === null ? text.length : found.index;
      if (end > at && !this.#print(text, at, end)) return;
      if (found === null) return;
      const next = this.#control(text, end);
      if (next < 0) return;
      at = next;
    }
  }

  /** Prints plain text; false when the last half of a pair is still to come and was held back. */
  #print(text: string, from: number, to: number): boolean {
    const last = text.charCodeAt(to - 1);
    const half = to === text.length && last >= 0xd800 && last <= 0xdbff;
    if (half) this.#held = text.slice(to - 1);
    const end = half ? to - 1 : to;
    if (end > from) this.#put(text.slice(from, end));
    return !half;
  }

  #line(): Line {
    const line = this.lines[this.#row];
    if (line === undefined) throw new Error("the cursor is outside of the text");
    if (this.#row < this.dirtyFrom) this.dirtyFrom = this.#row;
    return line;
  }

  #put(text: string): void {
    const line = this.#line();
    const start = offset(line.text, this.#column);
    const columns = width(text);
    if (start === line.text.length) {
      const gap = this.#column - width(line.text);
      const head = gap > 0 ? line.text + " ".repeat(gap) : line.text;
      line.text = head + text;
      if (this.#style !== 0) {
        line.marks ??= [];
        push(line.marks, head.length, line.text.length, this.#style);
      }
    } else this.#replace(line, start, offset(line.text, this.#column + columns), text);
    this.#column += columns;
  }

  #replace(line: Line, from: number, to: number, text: string): void {
    const shift = text.length - (to - from);
    if (line.marks !== null || this.#style !== 0) {
      const before = line.marks ?? [];
      const marks: Mark[] = [];
      cut(before, 0, from, 0, marks);
      push(marks, from, from + text.length, this.#style);
      cut(before, to, line.text.length, shift, marks);
      line.marks = marks.length > 0 ? marks : null;
    }
    line.text = line.text.slice(0, from) + text + line.text.slice(to);
  }

  /** Obeys the control character at `at`; gives where reading goes on, or -1 when a sequence is not whole yet and was held back. */
  #control(text: string, at: number): number {
    const code = text.charCodeAt(at);
    if (code === 10) this.#down(1, true);
    else if (code === 13) this.#column = 0;
    else if (code === 8) this.#column = Math.max(0, this.#column - 1);
    else if (code === 0x1b || code === 0x9b) return this.#escape(text, at);
    return at + 1;
  }

  #escape(text: string, at: number): number {
    const rest = text.slice(at, at + MAX_SEQUENCE);
    const match = SEQUENCE.exec(rest);
    if (match !== null) {
      if (match[3] !== undefined && match[2] === "") this.#obey(match[1] ?? "", match[3]);
      const link = LINK.exec(match[0]);
      if (link !== null) this.#style = linked(this.#style, link[1] ?? "");
      return at + match[0].length;
    }
    if (rest.length === MAX_SEQUENCE || !UNFINISHED.test(rest)) return at + 1;
    this.#held = rest;
    return -1;
  }

  #obey(parameters: string, final: string): void {
    if (/^[<-?]/.test(parameters)) return; // private modes: cursor shown or hidden and the like
    if (final === "m") {
      this.#style = rendition(this.#style, parameters);
      return;
    }
    const first = Number.parseInt(parameters, 10);
    const times = Math.max(1, Number.isNaN(first) ? 1 : first);
    const part = Number.isNaN(first) ? 0 : first;
    if (final === "A") this.#row = Math.max(0, this.#row - times);
    else if (final === "B") this.#down(times, false);
    else if (final === "C") this.#column = Math.min(Math.max(MAX_COLUMN, this.#column), this.#column + times);
    else if (final === "D") this.#column = Math.max(0, this.#column - times);
    else if (final === "G") this.#column = Math.min(MAX_COLUMN, times - 1);
    else if (final === "K") this.#eraseLine(part);
    else if (final === "J") this.#eraseText(part);
  }

  /** Down `times` lines: a line feed makes a line where there is none, a cursor move stops at the last one. */
  #down(times: number, feed: boolean): void {
    if (!feed) {
      this.#row = Math.min(this.lines.length - 1, this.#row + times);
      return;
    }
    this.#row++;
    this.#column = 0;
    if (this.#row === this.lines.length) this.lines.push({ text: "", marks: null });
  }

  #eraseLine(part: number): void {
    const line = this.#line();
    const here = offset(line.text, this.#column);
    const style = this.#style;
    this.#style = 0;
    if (part === 0) this.#replace(line, here, line.text.length, "");
    else if (part === 1) this.#replace(line, 0, offset(line.text, this.#column + 1), " ".repeat(this.#column + 1));
    else if (part === 2) this.#replace(line, 0, line.text.length, "");
    this.#style = style;
  }

  #eraseText(part: number): void {
    if (part === 0) {
      this.#eraseLine(0);
      this.lines.length = this.#row + 1;
    } else if (part === 2 || part === 3) {
      this.lines.length = 0;
      this.lines.push({ text: "", marks: null });
      this.#row = 0;
      this.#column = 0;
      this.dirtyFrom = 0;
    }
  }
}

/** The lines of a text that is known whole. */
export function linesOf(text: string): Line[] {
  const buffer = new LineBuffer();
  buffer.write(text);
  return buffer.lines;
}

/** Whether a text has anything in it that needs the buffer. */
export function isPlain(text: string): boolean {
  return !SPECIAL.test(text.replaceAll("\n", ""));
}
