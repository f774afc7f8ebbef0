/** The text of outputs that a snapshot left out: loaded when a person wants to see it. */
import { charactersBefore } from "../model/source_text.ts";
import { complete } from "../model/stream_lines.ts";
import type { StreamOutput } from "../model/types.ts";
import type { SessionStore } from "./store.ts";

/** Characters that one `output.read` gives at most. */
const MOST_CHARACTERS = 1_000_000;

/**
 * Loads the text that a snapshot left out of an output.
 *
 * Args:
 *   store: the session.
 *   run: the execution that the output is of.
 *   output: the output, which has all of its text afterwards.
 *
 * Raises: what `output.read` raises.
 */
export async function loadOmitted(store: SessionStore, run: string, output: StreamOutput): Promise<void> {
  const gap = output.omitted;
  const index = store.model.runs.get(run)?.outputs.indexOf(output) ?? -1;
  if (gap === null || index < 0) return;
  const head = output.pieces.slice(0, gap.piece).join("");
  const start = charactersBefore(head, head.length);
  const parts: string[] = [];
  for (let done = 0; done < gap.characters; done += MOST_CHARACTERS) {
    const limit = Math.min(MOST_CHARACTERS, gap.characters - done);
    const wanted = { session: store.id, execution: run, output: index, offset: start + done, limit };
    parts.push((await store.connection.call("output.read", wanted)).text);
  }
  complete(output, parts.join(""));
  store.touchRun(run);
}
