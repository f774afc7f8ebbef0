/** The part of the reducer that is about the kernel and its executions: what runs, what waits, and what code asks for. */
import type {
  AnyEvent,
  ExecutionFinished,
  ExecutionMoved,
  ExecutionQueued,
  ExecutionStarted,
  InputRequested,
  KernelDied,
  KernelStarted,
} from "../rpc/schema.ts";
import { reduceDocument } from "./document.ts";
import { map } from "./json.ts";
import type { Dirty, Model, Run } from "./types.ts";

/** The time of an event in milliseconds since 1970. */
export const timeOf = (event: AnyEvent): number => Date.parse(event.time);

export function reduceKernel(model: Model, event: AnyEvent, dirty: Dirty): void {
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

/** Takes one value out of a list. */
export function remove(list: string[], one: string): void {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
}

/** Marks a run, and the cell that shows it, as changed. */
export function touch(model: Model, run: string | null, dirty: Dirty): void {
  if (run === null) return;
  dirty.runs.add(run);
  const cell = model.runs.get(run)?.cell ?? null;
  if (cell !== null) dirty.cells.add(cell);
}

/** A run of which only this is known. */
export function newRun(id: string, at: number, known: Partial<Run>): Run {
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
  model.runs.set(event.execution, newRun(event.execution, timeOf(event), known));
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
  run.startedAt = timeOf(event);
  touch(model, run.id, dirty);
  dirty.head = true;
}

function executionFinished(model: Model, event: ExecutionFinished, dirty: Dirty): void {
  const run = model.runs.get(event.execution);
  if (run === undefined) return;
  run.status = event.status;
  run.count = event.execution_count ?? run.count;
  run.finishedAt = timeOf(event);
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

/** A queued execution waits just before another, or last. */
function executionMoved(model: Model, event: ExecutionMoved, dirty: Dirty): void {
  if (!model.queue.includes(event.execution)) return;
  remove(model.queue, event.execution);
  const at = model.queue.indexOf(event.before ?? "");
  model.queue.splice(at < 0 ? model.queue.length : at, 0, event.execution);
  for (const one of model.queue) touch(model, one, dirty);
  dirty.head = true;
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
