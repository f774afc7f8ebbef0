/**
 * The one reducer: (model, event) -> the parts of the model that changed. No DOM, no clock, no chance.
 *
 * Laws (test/reduce.test.ts): events up to the model's seq change nothing, so a replay is harmless; folding a log is folding any prefix of
 * it and then the rest; how stream text was cut into events does not show in the outputs. tests/vectors/outputs.json and cells.json hold the server's
 * fold to the same rules.
 */
import type { AnyEvent, CellEdited, CellInserted, SnapshotEvents } from "../rpc/schema.ts";
import { isOfDocument } from "./document.ts";
import { reduceKernel, remove } from "./executions.ts";
import { map } from "./json.ts";
import { outputAdded, outputsCleared, outputsSet, outputUpdated } from "./run_outputs.ts";
import { applyChanges } from "./source_text.ts";
import type { Dirty, Model } from "./types.ts";

/** Nothing changed so far. */
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
    case "cell_attachments_set": {
      const cell = model.cells.get(event.cell);
      if (cell !== undefined) cell.attachments = map(event.attachments);
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

function place(model: Model, cell: string, after: string | null): void {
  if (after !== null && model.order.at(-1) === after)
    model.order.push(cell); // as cells come when a notebook is opened
  else model.order.splice(after === null ? 0 : model.order.indexOf(after) + 1, 0, cell);
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
