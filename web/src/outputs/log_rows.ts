/**
 * The rows of a wrapped or unwrapped log: where each line's first row is. Fixed-width text makes the number of rows of a line a division, so a
 * hundred thousand lines are counted in a millisecond and none has to be laid out.
 */
import type { Line } from "../model/lines.ts";

export interface Row {
  readonly line: number;
  readonly from: number;
  readonly to: number;
}

export class Rows {
  /** `#starts[i]` is the first row of line i; the entry after the last line is the number of rows. */
  #starts: number[] = [0];
  #columns = 0;
  #widest = 0;

  /** Counts again from line `from` on; all of it when the columns (0: no wrapping) are others than before. */
  update(lines: readonly Line[], count: number, from: number, columns: number): void {
    const first = columns === this.#columns ? Math.min(from, this.#starts.length - 1, count) : 0;
    if (first === 0) this.#widest = 0;
    this.#columns = columns;
    this.#starts.length = first + 1;
    let row = this.#starts[first] ?? 0;
    for (let at = first; at < count; at++) {
      const length = lines[at]?.text.length ?? 0;
      if (length > this.#widest) this.#widest = length;
      row += columns === 0 ? 1 : Math.max(1, Math.ceil(length / columns));
      this.#starts.push(row);
    }
  }

  get total(): number {
    return this.#starts[this.#starts.length - 1] ?? 0;
  }

  /** The length of the longest line that was counted. */
  get widest(): number {
    return this.#widest;
  }

  /** The first row of a line. */
  rowOf(line: number): number {
    return this.#starts[Math.min(line, this.#starts.length - 1)] ?? 0;
  }

  /** The part of a line that row `row` shows. */
  at(row: number): Row {
    let low = 0;
    let high = this.#starts.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    if (this.#columns === 0) return { line: low, from: 0, to: Number.POSITIVE_INFINITY };
    const part = row - (this.#starts[low] ?? 0);
    return { line: low, from: part * this.#columns, to: (part + 1) * this.#columns };
  }
}
