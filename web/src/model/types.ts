/** What the page knows of a session: the fold of its events. Plain values; only reduce.ts changes them. */
import type { CellType, ExecutionStatus, JsonMap, KernelState } from "../rpc/schema.ts";

export interface StreamOutput {
  readonly kind: "stream";
  readonly key: number;
  readonly name: string;
  /** The text in the pieces it came in; pieces are only ever added. */
  readonly pieces: string[];
  length: number;
  /** What a snapshot left out: so many characters before the piece of that index. */
  omitted: { readonly piece: number; readonly characters: number } | null;
}
export interface RichOutput {
  readonly kind: "rich";
  readonly key: number;
  readonly result: boolean;
  data: JsonMap;
  metadata: JsonMap;
  readonly count: number | null;
  readonly displayId: string | null;
  /** Grows with each `output_updated`. */
  revision: number;
}
export interface ErrorOutput {
  readonly kind: "error";
  readonly key: number;
  readonly name: string;
  readonly value: string;
  readonly traceback: readonly string[];
}
export type Output = StreamOutput | RichOutput | ErrorOutput;

export type RunStatus = "queued" | "running" | ExecutionStatus;

/** One execution. Times are milliseconds since 1970 on the server's clock. */
export interface Run {
  readonly id: string;
  readonly cell: string | null;
  readonly code: string;
  readonly silent: boolean;
  readonly by: string | null;
  /** The run of many cells that it is part of. */
  readonly group: string | null;
  /** Outputs that came with the document: nothing ran here. */
  readonly kept: boolean;
  status: RunStatus;
  count: number | null;
  queuedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  durationS: number | null;
  reason: string;
  readonly outputs: Output[];
  clearNext: boolean;
}

export interface Cell {
  readonly id: string;
  type: CellType;
  source: string;
  version: number;
  /** The execution whose outputs are shown. */
  run: string | null;
  /** The version of the source that what is shown came from, where that is known. */
  ranVersion: number | null;
  /** As in nbformat 4.5. */
  metadata: JsonMap;
  /** The files that its text can show as `attachment:NAME`: a MIME bundle for each name. */
  attachments: JsonMap;
}

/** What another program did to the file that does not go together with what is here. */
export interface ConflictNote {
  readonly reason: string;
  /** That of the file that is there now; null when it was deleted. */
  readonly etag: string | null;
  readonly cells: readonly string[];
}

/** The file that holds the document. */
export interface NotebookFile {
  path: string;
  format: string;
  /** The minor version of nbformat 4 that the file has; null: not known, or it is text. */
  minor: number | null;
  /** What was wrong in the file when it was read, in sentences. */
  repairs: readonly string[];
  /** It cannot be replaced and is written in place. */
  inPlace: boolean;
  etag: string;
  /** The file holds what the events up to this one make. */
  savedSeq: number;
  /** Null when that is not known. */
  savedAt: number | null;
  /** Why it could not be written, if so. */
  failed: string | null;
  conflict: ConflictNote | null;
}

export interface Prompt {
  readonly request: string;
  readonly prompt: string;
  readonly password: boolean;
  readonly run: string | null;
}

export interface KernelView {
  id: string;
  kernelspec: string;
  displayName: string;
  language: string;
  state: KernelState;
  languageInfo: JsonMap | null;
  /** Whether it answers what it is asked while code runs. */
  answersBeside: boolean;
}

export interface Death {
  readonly reason: string;
  readonly tail: string;
  readonly expected: boolean;
}

export interface LostNote {
  readonly seq: number;
  readonly reason: string;
  readonly count: number | null;
}

export interface Model {
  seq: number;
  title: string;
  path: string | null;
  cwd: string | null;
  closed: boolean;
  kernel: KernelView | null;
  death: Death | null;
  readonly order: string[];
  readonly cells: Map<string, Cell>;
  readonly runs: Map<string, Run>;
  /** Executions that have not ended, in the order they were queued. */
  readonly queue: string[];
  /** Executions that belong to no cell, in the order they were queued. */
  readonly loose: string[];
  readonly prompts: Map<string, Prompt>;
  readonly displays: Map<string, { run: string; output: RichOutput }[]>;
  readonly lost: LostNote[];
  /** Null when the session has no file. */
  file: NotebookFile | null;
  /** The metadata of the notebook, as in nbformat 4.5. */
  metadata: JsonMap;
  /** The last event that changed what a file would hold. */
  changedSeq: number;
  /** The last event after which variables can be others than before: a run that anybody sees ended, or the kernel began anew. */
  namesSeq: number;
  /** Whether any cell was ever inserted. */
  hadCells: boolean;
  nextKey: number;
}

/** The run that outputs without an execution are kept under: text of threads and of the kernel itself. */
export const STRAY = "";

/** What an event changed: ids of cells and runs, and whether the order of cells, or the head (title, kernel, queue), did. */
export interface Dirty {
  readonly cells: Set<string>;
  readonly runs: Set<string>;
  order: boolean;
  head: boolean;
}
