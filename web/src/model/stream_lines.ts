/** The line buffer of each stream output, filled as far as the output has grown. Buffers live as long as their outputs. */

import { t } from "../text/en.ts";
import { LineBuffer } from "./lines.ts";
import type { StreamOutput } from "./types.ts";

interface Filled {
  readonly buffer: LineBuffer;
  pieces: number;
}

const buffers = new WeakMap<StreamOutput, Filled>();

export function bufferOf(output: StreamOutput): LineBuffer {
  let filled = buffers.get(output);
  if (filled === undefined) {
    filled = { buffer: new LineBuffer(), pieces: 0 };
    buffers.set(output, filled);
  }
  while (filled.pieces < output.pieces.length) {
    if (output.omitted?.piece === filled.pieces) filled.buffer.write(`\n${t.leftOut(output.omitted.characters)}\n`);
    filled.buffer.write(output.pieces[filled.pieces++] ?? "");
  }
  return filled.buffer;
}

/** Takes new text in as it comes, where the output is shown: little by little, so that painting has no heap of it to read first. */
export function keepUp(output: StreamOutput): void {
  if (buffers.has(output)) bufferOf(output);
}

/** Puts the text that a snapshot left out in its place. */
export function complete(output: StreamOutput, text: string): void {
  if (output.omitted === null) return;
  output.pieces.splice(output.omitted.piece, 0, text);
  output.length += text.length;
  output.omitted = null;
  buffers.delete(output);
}

/** The lines of an output as text, without escape sequences. */
export function resolvedText(output: StreamOutput): string {
  return bufferOf(output)
    .lines.map(line => line.text)
    .join("\n");
}
