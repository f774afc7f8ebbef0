/** The line buffer of each stream output, filled as far as the output has grown. Buffers live as long as their outputs. */
import { LineBuffer } from "../model/lines.ts";
import type { StreamOutput } from "../model/types.ts";

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
  while (filled.pieces < output.pieces.length) filled.buffer.write(output.pieces[filled.pieces++] ?? "");
  return filled.buffer;
}

/** The lines of an output as text, without escape sequences. */
export function resolvedText(output: StreamOutput): string {
  return bufferOf(output)
    .lines.map(line => line.text)
    .join("\n");
}
