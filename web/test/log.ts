/** Random but sensible logs of a session, for the laws of the reducer. */
import fc from "fast-check";
import { clean, emptyModel, reduce } from "../src/model/reduce.ts";
import type { Model } from "../src/model/types.ts";
import type { AnyEvent } from "../src/rpc/schema.ts";

type Body = AnyEvent extends infer E ? (E extends AnyEvent ? Omit<E, "seq" | "time"> : never) : never;

const cellId = fc.constantFrom("a", "b", "c");
const runId = fc.constantFrom("r1", "r2", "r3", "r4");
const text = fc.constantFrom("one", "two\n", "\r50%", "\x1b[31mred\x1b[0m", "😀", "");

const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ type: fc.constant("execution_queued" as const), execution: runId, code: fc.constant("1"), cell: fc.option(cellId) }),
  fc.record({ type: fc.constant("execution_started" as const), execution: runId, execution_count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    type: fc.constant("execution_finished" as const),
    execution: runId,
    status: fc.constantFrom("ok" as const, "error" as const),
    duration_s: fc.constant(0.5),
  }),
  fc.record({
    type: fc.constant("output_added" as const),
    execution: runId,
    output: fc.oneof(
      fc.record({ output_type: fc.constant("stream"), name: fc.constantFrom("stdout", "stderr"), text }),
      fc.record({ output_type: fc.constant("display_data"), data: fc.record({ "text/plain": text }), metadata: fc.constant({}) }),
    ),
    display_id: fc.option(fc.constantFrom("d1", "d2")),
  }),
  fc.record({
    type: fc.constant("output_updated" as const),
    display_id: fc.constantFrom("d1", "d2"),
    data: fc.record({ "text/plain": text }),
    metadata: fc.constant({}),
  }),
  fc.record({ type: fc.constant("outputs_cleared" as const), execution: runId, wait: fc.boolean() }),
  fc.record({ type: fc.constant("cell_outputs_cleared" as const), cell: fc.option(cellId) }),
  fc.record({
    type: fc.constant("input_requested" as const),
    request: fc.constantFrom("q1", "q2"),
    prompt: fc.constant("?"),
    execution: runId,
  }),
  fc.record({ type: fc.constant("input_replied" as const), request: fc.constantFrom("q1", "q2") }),
  fc.record({
    type: fc.constant("kernel_state_changed" as const),
    state: fc.constantFrom("idle" as const, "busy" as const, "dead" as const),
  }),
  fc.record({ type: fc.constant("session_renamed" as const), title: fc.constantFrom("x", "y") }),
);

const CELLS: Body[] = [
  { type: "session_created", session: "s", title: "t" },
  { type: "kernel_started", kernel: "k", kernelspec: "python3", display_name: "Python 3", language: "python", url_without_key: "" },
  { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "one" },
  { type: "cell_inserted", cell: "b", after: "a", cell_type: "code", source: "two" },
  { type: "cell_inserted", cell: "c", after: "a", cell_type: "markdown", source: "# three" },
];

/** Gives each event its seq and a time. Every execution is queued once, as the server promises. */
export function numbered(bodies: readonly Body[]): AnyEvent[] {
  const queued = new Set<string>();
  const kept = bodies.filter(one => {
    if (one.type !== "execution_queued") return true;
    const fresh = !queued.has(one.execution);
    queued.add(one.execution);
    return fresh;
  });
  return kept.map((one, at) => ({ ...one, seq: at + 1, time: new Date(1_800_000_000_000 + at * 1000).toISOString() }) as AnyEvent);
}

export const logs: fc.Arbitrary<AnyEvent[]> = fc.array(body, { maxLength: 60 }).map(bodies => numbered([...CELLS, ...bodies]));

export function fold(events: readonly AnyEvent[], into: Model = emptyModel()): Model {
  for (const event of events) reduce(into, event, clean());
  return into;
}

/** A notebook of one cell with an output, opened from its file. */
export const OPENED = [
  { type: "session_created" as const, session: "s", title: "t", path: "a/n.ipynb" },
  { type: "cell_inserted" as const, cell: "a", after: null, cell_type: "code" as const, source: "1", metadata: { tags: ["x"] } },
  {
    type: "cell_outputs_set" as const,
    cell: "a",
    outputs: [{ output_type: "stream", name: "stdout", text: ["one\n", "two\n"] }],
    execution_count: 4,
  },
  { type: "notebook_metadata_set" as const, metadata: { kernelspec: { name: "ir", display_name: "R", language: "R" } } },
  { type: "notebook_opened" as const, path: "a/n.ipynb", etag: "e1" },
];

/** The model of that notebook after more events. */
export const opened = (...more: Parameters<typeof numbered>[0]): Model => fold(numbered([...OPENED, ...more]));
