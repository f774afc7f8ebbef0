// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { StreamOutput } from "../../src/model/types.ts";
import { loadOmitted } from "../../src/session/omitted_text.ts";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";
import { settle } from "../world.ts";

test("what a snapshot left out is read in parts, counted in characters, and put in its place", async () => {
  const { store, world, calls } = await openSession(
    numbered([
      { type: "session_created", session: "s", title: "t" },
      { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "" },
      { type: "execution_queued", execution: "r", code: "1", cell: "a" },
      {
        ...{ type: "output_added", execution: "r", output: { output_type: "stream", name: "stdout", text: "😀a" } },
        omitted: { at: 1, characters: 1_000_002 },
      },
    ] as Parameters<typeof numbered>[0]),
  );
  const output = store.model.runs.get("r")?.outputs[0] as StreamOutput;
  const version = store.runVersion("r").value;
  const loaded = loadOmitted(store, "r", output);
  for (const part of ["x".repeat(1_000_000), "yz"]) {
    await settle();
    world.last.answer("output.read", { text: part });
  }
  await loaded;
  expect(calls("output.read")).toMatchObject([
    { execution: "r", output: 0, offset: 1, limit: 1_000_000 },
    { offset: 1_000_001, limit: 2 },
  ]);
  expect([output.omitted, output.pieces.map(piece => piece.length)]).toEqual([null, [2, 1_000_002, 1]]);
  store.flush();
  expect(store.runVersion("r").value).toBe(version + 1);
  await loadOmitted(store, "r", output);
  expect(calls("output.read").length).toBe(2);
});
