/**
 * What arrived while nobody could see it: counted from the events between the last one that was shown and the one that was the newest when the
 * line came (back). Shown as one sentence and as a line in each run that grew.
 */

import { countLines, isFigure } from "../model/select.ts";
import type { AnyEvent } from "../rpc/schema.ts";

export type Absence = "closed" | "offline";

export interface Missed {
  readonly absence: Absence;
  readonly lines: number;
}

export class CatchUp {
  lines = 0;
  figures = 0;
  readonly runs = new Map<string, number>();

  /** Counts events `after` (exclusive) to `until`. */
  constructor(
    readonly absence: Absence,
    readonly after: number,
    readonly until: number,
  ) {}

  observe(event: AnyEvent): void {
    if (event.type !== "output_added" || event.seq <= this.after || event.seq > this.until) return;
    if (isFigure(event.output)) this.figures++;
    if (event.output.output_type !== "stream" || event.execution === null) return;
    const lines = countLines(String(event.output.text ?? ""));
    this.lines += lines;
    if (lines > 0) this.runs.set(event.execution, (this.runs.get(event.execution) ?? 0) + lines);
  }
}
