/**
 * The one reducer: (model, event) -> the parts of the model that changed. No DOM, no clock, no chance.
 *
 * Laws (test/reduce.test.ts): events up to the model's seq change nothing, so a replay is harmless; folding a log is folding any prefix of
 * it and then the rest; how stream text was cut into events does not show in the outputs. tests/vectors/outputs.json and cells.json hold the server's
 * fold to the same rules.
 */
import type {
  AnyEvent,
  CellEdited,
  CellInserted,
  CellOutputsSet,
  ExecutionFinished,
  ExecutionMoved,
  ExecutionQueued,
  ExecutionStarted,
  InputRequested,
  JsonMap,
  KernelDied,
  KernelStarted,
  Omitted,
  OutputAdded,
  OutputUpdated,
  SnapshotEvents,
} from "../rpc/schema.ts";
import { isOfDocument, reduceDocument } from "./document.ts";
import { map, text } from "./json.ts";
import { applyChanges, unitsBefore } from "./source_text.ts";
import { type Dirty, type Model, type Output, type RichOutput, type Run, STRAY } from "./types.ts";

export function clean(): Dirty {
  return { cells: new Set(), runs: new Set(), order: false, head: false };
}

export function emptyModel(): Model {
  return {
    seq: 0,
    title: "",
    path: null,
    cwd: null,
    closed: false,
    kernel: null,
    death: null,
    order: [],
    cells: new Map(),
    runs: new Map(),
    queue: [],
    loose: [],
    prompts: new Map(),
    displays: new Map(),
    lost: [],
    file: null,
    metadata: {},
    changedSeq: 0,
    namesSeq: 0,
    hadCells: false,
    nextKey: 1,
  };
}

const time = (event: AnyEvent): number => Date.parse(event.time);

/** Takes one event in. Events that the model has seen already change nothing. */
export function reduce(model: Model, event: AnyEvent, dirty: Dirty): void {
  if (event.seq <= model.seq) return;
  model.seq = event.seq;
  if (isOfDocument(model, event)) model.changedSeq = event.seq;
  switch (event.type) {
    case "session_created":
    case "session_renamed":
      model.title = event.title;
      if (event.type === "session_created") {
        model.path = event.path ?? null;
        model.cwd = event.cwd ?? null;
      }
      dirty.head = true;
      return;
    case "session_closed":
      model.closed = true;
      dirty.head = true;
      return;
    case "session_reopened":
      model.closed = false;
      model.kernel = null;
      model.death = null;
      model.cwd = event.cwd ?? model.cwd;
      dirty.head = true;
      return;
    case "output_added":
      outputAdded(model, event, dirty);
      return;
    case "output_updated":
      outputUpdated(model, event, dirty);
      return;
    case "outputs_cleared":
      outputsCleared(model, event.execution, event.wait ?? false, dirty);
      return;
    case "output_lost":
      model.lost.push({ seq: event.seq, reason: event.reason, count: event.count ?? null });
      dirty.head = true;
      return;
    default:
      reduceCells(model, event, dirty);
      return;
  }
}

function reduceCells(model: Model, event: AnyEvent, dirty: Dirty): void {
  switch (event.type) {
    case "cell_inserted":
      cellInserted(model, event, dirty);
      return;
    case "cell_deleted":
      model.cells.delete(event.cell);
      remove(model.order, event.cell);
      dirty.order = true;
      return;
    case "cell_moved":
      remove(model.order, event.cell);
      place(model, event.cell, event.after);
      dirty.order = true;
      return;
    case "cell_edited":
      cellEdited(model, event, dirty);
      return;
    case "cell_type_set": {
      const cell = model.cells.get(event.cell);
      if (cell !== undefined) cell.type = event.cell_type;
      dirty.cells.add(event.cell);
      return;
    }
    case "cell_outputs_cleared":
      for (const cell of model.cells.values())
        if (event.cell === null || event.cell === cell.id) {
          cell.run = null;
          cell.ranVersion = null;
          dirty.cells.add(cell.id);
        }
      return;
    case "cell_metadata_set": {
      const cell = model.cells.get(event.cell);
      if (cell !== undefined) cell.metadata = map(event.metadata);
      dirty.cells.add(event.cell);
      return;
    }
    case "cell_outputs_set":
      outputsSet(model, event, dirty);
      return;
    default:
      reduceKernel(model, event, dirty);
      return;
  }
}

function reduceKernel(model: Model, event: AnyEvent, dirty: Dirty): void {
  switch (event.type) {
    case "kernel_started":
      kernelStarted(model, event, dirty);
      return;
    case "kernel_ready":
      if (model.kernel !== null) {
        model.kernel.languageInfo = map(event.language_info);
        model.kernel.answersBeside = event.answers_beside ?? false;
      }
      model.namesSeq = event.seq;
      dirty.head = true;
      return;
    case "kernel_state_changed":
      if (model.kernel !== null) model.kernel.state = event.state;
      if (event.state !== "dead") model.death = null;
      dirty.head = true;
      return;
    case "kernel_died":
      kernelDied(model, event, dirty);
      return;
    case "execution_queued":
      executionQueued(model, event, dirty);
      return;
    case "execution_started":
      executionStarted(model, event, dirty);
      return;
    case "execution_finished":
      if (model.runs.get(event.execution)?.silent !== true) model.namesSeq = event.seq;
      executionFinished(model, event, dirty);
      return;
    case "input_requested":
      inputRequested(model, event, dirty);
      return;
    case "input_replied": {
      const prompt = model.prompts.get(event.request);
      model.prompts.delete(event.request);
      touch(model, prompt?.run ?? null, dirty);
      return;
    }
    case "execution_moved":
      executionMoved(model, event, dirty);
      return;
    default:
      reduceDocument(model, event, dirty); // and comm and foreign messages, which nothing on the page shows; types that this version does not know
      return;
  }
}

function remove(list: string[], one: string): void {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
}

function place(model: Model, cell: string, after: string | null): void {
  if (after !== null && model.order.at(-1) === after)
    model.order.push(cell); // as cells come when a notebook is opened
  else model.order.splice(after === null ? 0 : model.order.indexOf(after) + 1, 0, cell);
}

/** Marks a run, and the cell that shows it, as changed. */
function touch(model: Model, run: string | null, dirty: Dirty): void {
  if (run === null) return;
  dirty.runs.add(run);
  const cell = model.runs.get(run)?.cell ?? null;
  if (cell !== null) dirty.cells.add(cell);
}

function cellInserted(model: Model, event: CellInserted, dirty: Dirty): void {
  model.hadCells = true;
  model.cells.set(event.cell, {
    id: event.cell,
    type: event.cell_type,
    source: event.source,
    version: event.version ?? 0,
    run: null,
    ranVersion: null,
    metadata: map(event.metadata),
    attachments: map(event.attachments),
  });
  place(model, event.cell, event.after);
  dirty.cells.add(event.cell);
  dirty.order = true;
}

function cellEdited(model: Model, event: CellEdited, dirty: Dirty): void {
  const cell = model.cells.get(event.cell);
  if (cell === undefined) return;
  cell.source = applyChanges(cell.source, event.changes);
  cell.version = event.version;
  dirty.cells.add(cell.id);
}

function kernelStarted(model: Model, event: KernelStarted, dirty: Dirty): void {
  model.kernel = {
    id: event.kernel,
    kernelspec: event.kernelspec,
    displayName: event.display_name,
    language: event.language,
    state: "starting",
    languageInfo: null,
    answersBeside: false,
  };
  model.death = null;
  dirty.head = true;
}

function kernelDied(model: Model, event: KernelDied, dirty: Dirty): void {
  model.death = { reason: event.reason, tail: event.tail ?? "", expected: event.expected ?? false };
  if (model.kernel !== null) model.kernel.state = "dead";
  dirty.head = true;
}

function newRun(id: string, at: number, known: Partial<Run>): Run {
  return {
    id,
    cell: null,
    code: "",
    silent: false,
    by: null,
    group: null,
    kept: false,
    status: "queued",
    count: null,
    queuedAt: at,
    startedAt: null,
    finishedAt: null,
    durationS: null,
    reason: "",
    outputs: [],
    clearNext: false,
    ...known,
  };
}

function executionQueued(model: Model, event: ExecutionQueued, dirty: Dirty): void {
  const cell = event.cell ?? null;
  const shown = cell === null ? undefined : model.cells.get(cell);
  const known = { cell, code: event.code, silent: event.silent ?? false, by: event.by ?? null, group: event.run ?? null };
  model.runs.set(event.execution, newRun(event.execution, time(event), known));
  model.queue.push(event.execution);
  if (shown !== undefined) {
    shown.run = event.execution;
    shown.ranVersion = event.version ?? null;
  } else if (event.silent !== true) model.loose.push(event.execution);
  touch(model, event.execution, dirty);
  dirty.head = true;
}

function executionStarted(model: Model, event: ExecutionStarted, dirty: Dirty): void {
  const run = model.runs.get(event.execution);
  if (run === undefined) return;
  run.status = "running";
  run.count = event.execution_count ?? null;
  run.startedAt = time(event);
  touch(model, run.id, dirty);
  dirty.head = true;
}

function executionFinished(model: Model, event: ExecutionFinished, dirty: Dirty): void {
  const run = model.runs.get(event.execution);
  if (run === undefined) return;
  run.status = event.status;
  run.count = event.execution_count ?? run.count;
  run.finishedAt = time(event);
  run.durationS = event.duration_s;
  run.reason = event.reason ?? "";
  remove(model.queue, run.id);
  touch(model, run.id, dirty);
  for (const next of model.queue) touch(model, next, dirty);
  dirty.head = true;
}

function inputRequested(model: Model, event: InputRequested, dirty: Dirty): void {
  const run = event.execution ?? null;
  model.prompts.set(event.request, { request: event.request, prompt: event.prompt, password: event.password ?? false, run });
  touch(model, run, dirty);
  dirty.head = true;
}

/** The run that an output belongs to; outputs of no known execution have one of their own. */
function runOf(model: Model, event: OutputAdded, dirty: Dirty): Run {
  const id = event.execution ?? STRAY;
  let run = model.runs.get(id);
  if (run === undefined) {
    run = newRun(id, time(event), { cell: event.cell ?? null, status: "ok" });
    model.runs.set(id, run);
    model.loose.push(id);
    dirty.head = true;
  }
  return run;
}

/** A queued execution waits just before another, or last. */
function executionMoved(model: Model, event: ExecutionMoved, dirty: Dirty): void {
  if (!model.queue.includes(event.execution)) return;
  remove(model.queue, event.execution);
  const at = model.queue.indexOf(event.before ?? "");
  model.queue.splice(at < 0 ? model.queue.length : at, 0, event.execution);
  for (const one of model.queue) touch(model, one, dirty);
  dirty.head = true;
}

/** Outputs that came with the document stand under the cell as those of a run that nobody started. */
function outputsSet(model: Model, event: CellOutputsSet, dirty: Dirty): void {
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
  const run = newRun(id, time(event), { cell: cell.id, code: cell.source, kept: true, status: "ok", count });
  model.runs.set(id, run);
  cell.run = id;
  for (const output of event.outputs) addOutput(model, run, output, null, null);
  dirty.runs.add(id);
}

function richOutput(model: Model, run: Run, raw: JsonMap, displayId: string | null): RichOutput {
  const output: RichOutput = {
    kind: "rich",
    key: model.nextKey++,
    result: raw.output_type === "execute_result",
    data: map(raw.data),
    metadata: map(raw.metadata),
    count: typeof raw.execution_count === "number" ? raw.execution_count : null,
    displayId,
    revision: 0,
  };
  if (output.displayId !== null) {
    const shown = model.displays.get(output.displayId) ?? [];
    shown.push({ run: run.id, output });
    model.displays.set(output.displayId, shown);
  }
  return output;
}

function outputAdded(model: Model, event: OutputAdded, dirty: Dirty): void {
  const run = runOf(model, event, dirty);
  if (run.clearNext) {
    forget(model, run);
    run.clearNext = false;
  }
  addOutput(model, run, event.output, event.display_id ?? null, event.omitted ?? null);
  dirty.runs.add(run.id);
}

function addOutput(model: Model, run: Run, raw: JsonMap, displayId: string | null, gap: Omitted | null): void {
  if (raw.output_type === "stream") addText(model, run, raw, gap);
  else if (raw.output_type === "error") {
    const traceback = Array.isArray(raw.traceback) ? raw.traceback.map(String) : [];
    run.outputs.push({ kind: "error", key: model.nextKey++, name: text(raw.ename), value: text(raw.evalue), traceback });
  } else run.outputs.push(richOutput(model, run, raw, displayId));
}

function addText(model: Model, run: Run, raw: JsonMap, gap: Omitted | null): void {
  const [name, piece] = [text(raw.name), text(raw.text)];
  const last: Output | undefined = run.outputs[run.outputs.length - 1];
  if (gap !== null) {
    const at = unitsBefore(piece, gap.at);
    const pieces = [piece.slice(0, at), piece.slice(at)];
    const omitted = { piece: 1, characters: gap.characters };
    run.outputs.push({ kind: "stream", key: model.nextKey++, name, pieces, length: piece.length, omitted });
  } else if (last?.kind === "stream" && last.name === name) {
    last.pieces.push(piece);
    last.length += piece.length;
  } else run.outputs.push({ kind: "stream", key: model.nextKey++, name, pieces: [piece], length: piece.length, omitted: null });
}

function outputsCleared(model: Model, execution: string, wait: boolean, dirty: Dirty): void {
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

function outputUpdated(model: Model, event: OutputUpdated, dirty: Dirty): void {
  const [data, metadata] = [map(event.data), map(event.metadata)];
  for (const { run, output } of model.displays.get(event.display_id) ?? []) {
    output.data = data;
    output.metadata = metadata;
    output.revision++;
    dirty.runs.add(run);
  }
}

/** The model that a snapshot stands for: its events are folded whatever their own seqs, and what comes after it goes on from its seq. */
export function restored(snapshot: SnapshotEvents): Model {
  const model = emptyModel();
  for (const event of snapshot.events) {
    model.seq = event.seq - 1;
    reduce(model, event, clean());
  }
  model.seq = snapshot.seq;
  return model;
}

/** An output in its nbformat 4.5 form. */
export function toNbformat(output: Output): JsonMap {
  if (output.kind === "stream") return { output_type: "stream", name: output.name, text: output.pieces.join("") };
  if (output.kind === "error") return { output_type: "error", ename: output.name, evalue: output.value, traceback: [...output.traceback] };
  const shown = { data: output.data, metadata: output.metadata };
  return output.result
    ? { output_type: "execute_result", ...shown, execution_count: output.count }
    : { output_type: "display_data", ...shown };
}
