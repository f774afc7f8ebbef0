/**
 * The part of the reducer that is about the file of the notebook: where it is, what it holds, and what came between.
 *
 * `changedSeq` is the last event that changed what a file would hold; as long as `savedSeq` is not behind it, everything is in the file.
 */
import type { AnyEvent } from "../rpc/schema.ts";
import { map } from "./json.ts";
import type { Dirty, Model, NotebookFile } from "./types.ts";

const CELLS: ReadonlySet<string> = new Set([
  "cell_inserted",
  "cell_deleted",
  "cell_moved",
  "cell_edited",
  "cell_type_set",
  "cell_outputs_cleared",
  "cell_metadata_set",
  "cell_attachments_set",
  "cell_outputs_set",
  "notebook_metadata_set",
]);

/** Whether an event changes what a file would hold: the cells, and what executions put out under one. */
export function isOfDocument(model: Model, event: AnyEvent): boolean {
  if (CELLS.has(event.type)) return true;
  switch (event.type) {
    case "execution_queued":
      return model.cells.has(event.cell ?? "");
    case "execution_started":
    case "execution_finished":
    case "outputs_cleared":
      return isShown(model, event.execution);
    case "output_added":
      return event.execution !== null && isShown(model, event.execution);
    case "output_updated":
      return (model.displays.get(event.display_id) ?? []).some(one => isShown(model, one.run));
    default:
      return false;
  }
}

function isShown(model: Model, execution: string): boolean {
  const cell = model.cells.get(model.runs.get(execution)?.cell ?? "");
  return cell?.run === execution;
}

type FileEvent = Extract<AnyEvent, { type: "notebook_opened" | "notebook_saved" | "notebook_reloaded" }>;

function opened(model: Model, event: FileEvent): NotebookFile {
  const before = model.file;
  const format = event.type === "notebook_reloaded" ? before?.format : event.format;
  return {
    path: event.path,
    etag: event.etag,
    format: format ?? "ipynb",
    minor: event.minor ?? null,
    inPlace: event.type === "notebook_saved" ? (event.in_place ?? false) : (before?.inPlace ?? false),
    repairs: event.type === "notebook_saved" ? (before?.repairs ?? []) : (event.repairs ?? []),
    savedSeq: before?.savedSeq ?? 0,
    savedAt: before?.savedAt ?? null,
    failed: null,
    conflict: null,
  };
}

export function reduceDocument(model: Model, event: AnyEvent, dirty: Dirty): void {
  const at = Date.parse(event.time) || null; // events of a snapshot that stand for many have no time
  switch (event.type) {
    case "notebook_opened":
      model.file = { ...opened(model, event), savedSeq: event.seq, savedAt: at };
      break;
    case "notebook_saved":
      model.file = { ...opened(model, event), savedSeq: event.until, savedAt: at };
      break;
    case "notebook_reloaded":
      model.file = opened(model, event);
      break;
    case "notebook_conflicted":
      if (model.file === null) return;
      model.file.conflict = { reason: event.reason, etag: event.etag ?? null, cells: event.cells ?? [] };
      break;
    case "notebook_save_failed":
      if (model.file === null) return;
      model.file.failed = event.reason;
      break;
    case "notebook_moved":
      if (model.file !== null) model.file.path = event.path;
      model.path = event.path;
      break;
    case "notebook_metadata_set":
      model.metadata = map(event.metadata);
      break;
    default:
      return;
  }
  dirty.head = true;
}
