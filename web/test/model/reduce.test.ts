import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toNbformat } from "../../src/model/outputs.ts";
import { clean, reduce, restored } from "../../src/model/reduce.ts";
import { type Model, STRAY } from "../../src/model/types.ts";
import type { AnyEvent } from "../../src/rpc/schema.ts";
import { fold, logs, numbered } from "../log.ts";

/** A model as plain values that can be compared; keys of outputs count how they came and are no part of it. */
function plain(model: Model) {
  return {
    ...model,
    nextKey: 0,
    cells: [...model.cells],
    prompts: [...model.prompts],
    displays: [...model.displays].map(([id, shown]) => [id, shown.map(one => one.run)]),
    runs: [...model.runs].map(([id, run]) => [id, { ...run, outputs: run.outputs.map(toNbformat) }]),
  };
}

test("a session that is opened again has no kernel", () => {
  const at = { time: "2026-03-01T09:30:00Z" };
  const started = { kernel: "k", kernelspec: "python3", display_name: "Python 3", language: "python", url_without_key: "ipc://k" };
  const log = numbered([
    { ...at, type: "session_created", session: "s", title: "S" },
    { ...at, type: "kernel_started", ...started },
    { ...at, type: "kernel_died", kernel: "k", reason: "It was closed.", expected: true },
    { ...at, type: "session_closed" },
  ] as unknown as AnyEvent[]);
  const model = fold(log);
  expect(model.closed).toBe(true);
  fold([{ ...at, seq: 5, type: "session_reopened", cwd: "/tmp" } as unknown as AnyEvent], model);
  expect([model.closed, model.kernel, model.death, model.cwd]).toEqual([false, null, null, "/tmp"]);
});

describe("the laws of the reducer", () => {
  test("a replay changes nothing", () => {
    fc.assert(
      fc.property(logs, log => {
        const model = fold(log);
        const once = structuredClone(plain(model));
        expect(plain(fold(log, model))).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  test("folding a log is folding a prefix of it and then the rest, however much of it comes twice", () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.nat(), (log, a, b) => {
        const cut = a % (log.length + 1);
        const back = b % (cut + 1);
        expect(plain(fold(log.slice(cut - back), fold(log.slice(0, cut))))).toEqual(plain(fold(log)));
      }),
      { numRuns: 500 },
    );
  });

  test("how stream text was cut into events does not show", () => {
    const whole = "first\nsecond \x1b[31mred\x1b[0m\r\nthird 😀\n";
    fc.assert(
      fc.property(fc.array(fc.nat({ max: whole.length })), cuts => {
        const at = [0, ...[...new Set(cuts)].sort((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, i) => whole.slice(at[i], end));
        const log = numbered([
          { type: "execution_queued", execution: "r", code: "" },
          ...pieces.map(text => ({
            type: "output_added" as const,
            execution: "r",
            output: { output_type: "stream", name: "stdout", text },
          })),
        ]);
        const outputs = fold(log).runs.get("r")?.outputs.map(toNbformat);
        expect(outputs).toEqual([{ output_type: "stream", name: "stdout", text: whole }]);
      }),
      { numRuns: 200 },
    );
  });
});

function vectors<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url), "utf8")) as T[];
}

describe("outputs, as the server folds them", () => {
  const all = vectors<{ name: string; events: AnyEvent[]; outputs: Record<string, unknown[]> }>("outputs");
  test.each(all)("$name", ({ events, outputs }) => {
    const model = fold(events);
    for (const [id, wanted] of Object.entries(outputs)) expect((model.runs.get(id)?.outputs ?? []).map(toNbformat)).toEqual(wanted);
    const others = [...model.runs.values()].filter(run => run.id !== STRAY && !(run.id in outputs));
    expect(others.flatMap(run => run.outputs)).toEqual([]);
  });
});

describe("cells, as the server folds them", () => {
  const all = vectors<{ name: string; events: AnyEvent[]; cells: unknown[] }>("cells");
  test.each(all)("$name", ({ events, cells }) => {
    const model = fold(events);
    const shown = model.order.map(id => {
      const cell = model.cells.get(id);
      return { id, cell_type: cell?.type, source: cell?.source, version: cell?.version, execution: cell?.run };
    });
    expect(shown).toEqual(cells);
  });
});

describe("snapshots", () => {
  test("their events are folded whatever their seqs, and the tail goes on after them", () => {
    const log = numbered([
      { type: "session_created", session: "s", title: "t" },
      { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "later", version: 7 },
      { type: "execution_queued", execution: "r", code: "1", cell: "a" },
    ]).map(event => ({ ...event, seq: 3 }));
    const model = restored({ seq: 40, events: log });
    expect(model.seq).toBe(40);
    expect(model.cells.get("a")).toMatchObject({ id: "a", type: "code", source: "later", version: 7, run: "r" });
    reduce(model, { type: "session_renamed", seq: 41, time: "2026-01-01T00:00:00Z", title: "u" }, clean());
    expect(model.title).toBe("u");
  });

  test("text that is left out keeps its place", () => {
    const model = fold(
      numbered([
        { type: "execution_queued", execution: "r", code: "1" },
        {
          type: "output_added",
          execution: "r",
          output: { output_type: "stream", name: "stdout", text: "😀headtail" },
          omitted: { at: 5, characters: 900 },
        },
        { type: "output_added", execution: "r", output: { output_type: "stream", name: "stdout", text: "more" } },
      ]),
    );
    expect(model.runs.get("r")?.outputs).toMatchObject([{ pieces: ["😀head", "tail", "more"], omitted: { piece: 1, characters: 900 } }]);
  });
});

const dirtyOf = (log: AnyEvent[]) => {
  const model = fold(log.slice(0, -1));
  const dirty = clean();
  reduce(model, log[log.length - 1] as AnyEvent, dirty);
  return { model, dirty };
};

describe("what is shown", () => {
  test("a cell shows the execution that was queued last", () => {
    const model = fold(
      numbered([
        { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "" },
        { type: "execution_queued", execution: "r1", code: "1", cell: "a" },
        { type: "execution_queued", execution: "r2", code: "2", cell: "a" },
      ]),
    );
    expect(model.cells.get("a")?.run).toBe("r2");
    expect(model.queue).toEqual(["r1", "r2"]);
  });

  test("an update of a display changes every output that shows it, in all executions", () => {
    const shown = { output_type: "display_data", data: { "text/plain": "old" }, metadata: {} };
    const { model, dirty } = dirtyOf(
      numbered([
        { type: "execution_queued", execution: "r1", code: "" },
        { type: "execution_queued", execution: "r2", code: "" },
        { type: "output_added", execution: "r1", output: shown, display_id: "d" },
        { type: "output_added", execution: "r2", output: shown, display_id: "d" },
        { type: "output_updated", display_id: "d", data: { "text/plain": "new" }, metadata: { a: 1 } },
      ]),
    );
    const now = [...model.runs.values()].flatMap(run => run.outputs.map(toNbformat));
    expect(now).toEqual(Array(2).fill({ output_type: "display_data", data: { "text/plain": "new" }, metadata: { a: 1 } }));
    expect([...dirty.runs]).toEqual(["r1", "r2"]);
  });

  test("a clear that waits keeps what is shown until the next output", () => {
    const text = (one: string) => ({
      type: "output_added" as const,
      execution: "r",
      output: { output_type: "stream", name: "stdout", text: one },
    });
    const log = numbered([
      { type: "execution_queued", execution: "r", code: "" },
      text("old"),
      { type: "outputs_cleared", execution: "r", wait: true },
      text("new"),
    ]);
    expect(fold(log.slice(0, 3)).runs.get("r")?.outputs.map(toNbformat)).toEqual([{ output_type: "stream", name: "stdout", text: "old" }]);
    expect(fold(log).runs.get("r")?.outputs.map(toNbformat)).toEqual([{ output_type: "stream", name: "stdout", text: "new" }]);
  });

  test("an execution of no cell is kept apart, and text of no execution is not lost", () => {
    const model = fold(
      numbered([
        { type: "execution_queued", execution: "r", code: "1" },
        { type: "output_added", execution: null, output: { output_type: "stream", name: "stderr", text: "thread" } },
      ]),
    );
    expect(model.loose).toEqual(["r", ""]);
    expect(model.runs.get("")?.outputs.map(toNbformat)).toEqual([{ output_type: "stream", name: "stderr", text: "thread" }]);
  });

  test("a kernel that died is no longer dead when another state comes", () => {
    const log = numbered([
      { type: "kernel_started", kernel: "k", kernelspec: "p", display_name: "P", language: "python", url_without_key: "" },
      { type: "kernel_died", kernel: "k", reason: "killed", signal: "SIGKILL" },
      { type: "kernel_state_changed", state: "restarting" },
    ]);
    expect(fold(log.slice(0, 2)).death?.reason).toBe("killed");
    expect(fold(log).death).toBeNull();
  });

  test("an event of a type that this page does not know changes nothing but the seq", () => {
    const model = fold([{ type: "something_new", seq: 1, time: "2026-01-01T00:00:00Z" } as unknown as AnyEvent]);
    expect(model.seq).toBe(1);
  });

  test("attachments are replaced as a whole", () => {
    const inserted = { type: "cell_inserted" as const, cell: "a", after: null, cell_type: "markdown" as const, source: "x" };
    const attachments = { "b.png": { "image/png": "eA==" } };
    const log = [
      { ...inserted, attachments: { "a.png": {} } },
      { type: "cell_attachments_set" as const, cell: "a", attachments },
      { type: "cell_attachments_set" as const, cell: "a" },
    ];
    const after = (count: number): unknown => fold(numbered(log.slice(0, count))).cells.get("a")?.attachments;
    expect([1, 2, 3].map(after)).toEqual([{ "a.png": {} }, attachments, {}]);
  });
});
