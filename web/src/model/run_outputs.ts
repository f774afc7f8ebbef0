/** The part of the reducer that is about the outputs of executions, and those that came with the document. */
import type { CellOutputsSet, JsonMap, Omitted, OutputAdded, OutputUpdated } from "../rpc/schema.ts";
import { newRun, timeOf } from "./executions.ts";
import { map } from "./json.ts";
import { appendOutput, updateOutput } from "./outputs.ts";
import { type Dirty, type Model, type Run, STRAY } from "./types.ts";

/** The run that an output belongs to; outputs of no known execution have one of their own. */
function runOf(model: Model, event: OutputAdded, dirty: Dirty): Run {
  const id = event.execution ?? STRAY;
  let run = model.runs.get(id);
  if (run === undefined) {
    run = newRun(id, timeOf(event), { cell: event.cell ?? null, status: "ok" });
    model.runs.set(id, run);
    model.loose.push(id);
    dirty.head = true;
  }
  return run;
}

/** Outputs that came with the document stand under the cell as those of a run that nobody started. */
export function outputsSet(model: Model, event: CellOutputsSet, dirty: Dirty): void {
  const cell = model.cells.get(event.cell);
  if (cell === undefined) return;
  dirty.cells.add(cell.id);
  const count = event.execution_count ?? null;
  cell.ranVersion = event.version ?? (count === null ? null : cell.version);
  if (event.outputs.length === 0 && count === null) {
    cell.run = null;
    return;
  }
  const id = `kept-${event.seq}-${cell.id}`;
  const run = newRun(id, timeOf(event), { cell: cell.id, code: cell.source, kept: true, status: "ok", count });
  model.runs.set(id, run);
  cell.run = id;
  for (const output of event.outputs) addOutput(model, run, output, null, null);
  dirty.runs.add(id);
}

function addOutput(model: Model, run: Run, raw: JsonMap, displayId: string | null, gap: Omitted | null): void {
  const output = appendOutput(run.outputs, raw, displayId, () => model.nextKey++, gap);
  if (output.kind !== "rich" || displayId === null) return;
  const shown = model.displays.get(displayId) ?? [];
  shown.push({ run: run.id, output });
  model.displays.set(displayId, shown);
}

export function outputAdded(model: Model, event: OutputAdded, dirty: Dirty): void {
  const run = runOf(model, event, dirty);
  if (run.clearNext) {
    forget(model, run);
    run.clearNext = false;
  }
  addOutput(model, run, event.output, event.display_id ?? null, event.omitted ?? null);
  dirty.runs.add(run.id);
}

export function outputsCleared(model: Model, execution: string, wait: boolean, dirty: Dirty): void {
  const run = model.runs.get(execution);
  if (run === undefined) return;
  run.clearNext = wait;
  if (!wait) forget(model, run);
  dirty.runs.add(run.id);
}

/** Empties the outputs of a run; what is no longer shown is no longer updated. */
function forget(model: Model, run: Run): void {
  const ids = new Set(run.outputs.map(output => (output.kind === "rich" ? output.displayId : null)));
  for (const id of ids) {
    const shown = id === null ? undefined : model.displays.get(id);
    if (id === null || shown === undefined) continue;
    model.displays.set(
      id,
      shown.filter(one => one.run !== run.id),
    );
  }
  run.outputs.length = 0;
}

export function outputUpdated(model: Model, event: OutputUpdated, dirty: Dirty): void {
  const [data, metadata] = [map(event.data), map(event.metadata)];
  for (const { run, output } of model.displays.get(event.display_id) ?? []) {
    updateOutput(output, data, metadata);
    dirty.runs.add(run);
  }
}
