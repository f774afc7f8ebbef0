/** What a session last printed, for its tile: read off its newest events, as a terminal would show them. */

import { text } from "../model/json.ts";
import { LineBuffer } from "../model/lines.ts";
import { headline } from "../model/select.ts";
import type { Connection } from "../rpc/connection.ts";
import type { AnyEvent, Session } from "../rpc/schema.ts";

/** So many events are looked at: their answer is small, and a run that prints prints within them. */
const EVENTS = 12;
const LINES = 2;
const MOST_CHARACTERS = 160;

/** The last lines that these events printed; without any, the code that ran last. */
export function lastLines(events: readonly AnyEvent[]): { code: boolean; lines: string[] } {
  const buffer = new LineBuffer();
  let code = "";
  for (const event of events) {
    if (event.type === "execution_queued" && event.silent !== true) code = headline(event.code);
    else if (event.type === "output_added" && event.output.output_type === "stream") buffer.write(text(event.output.text));
  }
  const lines = buffer.lines.map(line => line.text.trimEnd()).filter(line => line !== "");
  const shown = (lines.length > 0 ? lines.slice(-LINES) : [code]).map(line => line.slice(0, MOST_CHARACTERS));
  return { code: lines.length === 0, lines: shown.filter(line => line !== "") };
}

export async function fetchLastOutput(connection: Connection, session: Session): Promise<ReturnType<typeof lastLines>> {
  const since = Math.max(0, session.seq - EVENTS);
  const { events } = await connection.call("session.events", { session: session.id, since, limit: EVENTS });
  return lastLines(events);
}
