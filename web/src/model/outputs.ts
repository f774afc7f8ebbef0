/**
 * Lists of outputs, those of an execution and those of an Output widget: one rule for both. Text of one stream that comes in pieces is one
 * output; tests/vectors/outputs.json and widgets.json hold the server to the same rule.
 *
 * Source: nbformat 4.5, "Code cell outputs".
 */
import type { JsonMap, Omitted } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { map, text } from "./json.ts";
import { unitsBefore } from "./source_text.ts";
import type { ErrorOutput, Output, RichOutput } from "./types.ts";

/**
 * Adds one output to a list: text to the stream output before it, if that is of the same stream; everything else as an output of its own.
 *
 * Args:
 *   outputs: the list, changed in place.
 *   raw: the output as nbformat has it.
 *   displayId: the id under which it can be updated, or null.
 *   nextKey: gives keys that were never used.
 *   gap: what a snapshot left out of the text, or null.
 *
 * Returns: the output that is new or has grown.
 */
export function appendOutput(
  outputs: Output[],
  raw: JsonMap,
  displayId: string | null,
  nextKey: () => number,
  gap: Omitted | null = null,
): Output {
  const last = outputs.at(-1);
  if (raw.output_type === "stream" && gap === null && last?.kind === "stream" && last.name === text(raw.name)) {
    const piece = text(raw.text);
    last.pieces.push(piece);
    last.length += piece.length;
    return last;
  }
  const output = made(raw, displayId, nextKey(), gap);
  outputs.push(output);
  return output;
}

function made(raw: JsonMap, displayId: string | null, key: number, gap: Omitted | null): Output {
  if (raw.output_type === "stream") return stream(text(raw.name), text(raw.text), key, gap);
  if (raw.output_type === "error") {
    const traceback = Array.isArray(raw.traceback) ? raw.traceback.map(String) : [];
    return { kind: "error", key, name: text(raw.ename), value: text(raw.evalue), traceback };
  }
  return {
    kind: "rich",
    key,
    result: raw.output_type === "execute_result",
    data: map(raw.data),
    metadata: map(raw.metadata),
    count: typeof raw.execution_count === "number" ? raw.execution_count : null,
    displayId,
    revision: 0,
  };
}

function stream(name: string, piece: string, key: number, gap: Omitted | null): Output {
  if (gap === null) return { kind: "stream", key, name, pieces: [piece], length: piece.length, omitted: null };
  const at = unitsBefore(piece, gap.at);
  const omitted = { piece: 1, characters: gap.characters };
  return { kind: "stream", key, name, pieces: [piece.slice(0, at), piece.slice(at)], length: piece.length, omitted };
}

/** Gives an output other content, as `update_display_data` does. */
export function updateOutput(output: RichOutput, data: JsonMap, metadata: JsonMap): void {
  output.data = data;
  output.metadata = metadata;
  output.revision++;
}

/** What went wrong in one line, also for errors of kernels that give it no name or no reason. */
export const errorLine = ({ name, value }: Pick<ErrorOutput, "name" | "value">): string =>
  [name, value].filter(part => part.trim() !== "").join(": ") || t.namelessError;

/** An output in its nbformat 4.5 form. */
export function toNbformat(output: Output): JsonMap {
  if (output.kind === "stream") return { output_type: "stream", name: output.name, text: output.pieces.join("") };
  if (output.kind === "error") return { output_type: "error", ename: output.name, evalue: output.value, traceback: [...output.traceback] };
  const shown = { data: output.data, metadata: output.metadata };
  return output.result
    ? { output_type: "execute_result", ...shown, execution_count: output.count }
    : { output_type: "display_data", ...shown };
}
