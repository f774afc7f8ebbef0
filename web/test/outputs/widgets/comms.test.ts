import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Comms, messageOf, partsOf } from "../../../src/outputs/widgets/comms.ts";
import { reachable } from "../../../src/outputs/widgets/graph.ts";
import type { AnyEvent, Json } from "../../../src/rpc/schema.ts";

interface Case {
  readonly name: string;
  readonly events: AnyEvent[];
  readonly snapshot: AnyEvent[];
  readonly widgets: { [comm: string]: { state: { [key: string]: Json }; buffers: { [key: string]: Json }; alive: boolean } };
}

const cases = JSON.parse(readFileSync(new URL("../../../../tests/vectors/widgets.json", import.meta.url), "utf8")) as Case[];

function shown(comms: Comms) {
  const widgets: Case["widgets"] = {};
  for (const comm of comms.all.values()) {
    const widget: Case["widgets"][string] = { state: {}, buffers: {}, alive: comm.alive };
    for (const key of comm.keys()) {
      const part = comm.shown(key);
      if (part === undefined) continue;
      if (part.buffers.length === 0 || part.value !== null) widget.state[key] = part.value;
      if (part.buffers.length > 0) widget.buffers[key] = part.buffers as unknown as Json;
    }
    widgets[comm.id] = widget;
  }
  return widgets;
}

function folded(events: readonly AnyEvent[]): Comms {
  const comms = new Comms();
  for (const event of events) comms.observe(event);
  return comms;
}

let seq = 0;
const event = (body: object): AnyEvent => ({ seq: ++seq, time: "2026-03-01T09:30:00.000000Z", ...body }) as AnyEvent;

const opened = (comm: string, state: { [key: string]: Json }): AnyEvent =>
  event({ type: "comm_opened", comm, target: "jupyter.widget", content: { state }, metadata: {} });

describe("the fold of comms", () => {
  for (const { name, events, widgets } of cases)
    test(name, () => {
      const wanted = structuredClone(widgets);
      for (const widget of Object.values(wanted))
        for (const [key, buffers] of Object.entries(widget.buffers))
          if (JSON.stringify(buffers).startsWith("[[[],")) delete widget.state[key]; // a value that is binary as a whole has no other
      expect(shown(folded(events))).toEqual(wanted);
    });

  for (const { name, events, snapshot } of cases)
    test(`the snapshot of: ${name}`, () => {
      const kernel = events.filter(one => one.type.startsWith("kernel_"));
      expect(shown(folded([...kernel, ...snapshot]))).toEqual(shown(folded(events)));
    });

  test("a state and the message that says it are the same thing", () => {
    const state = { a: 1, b: { c: null } };
    const parts = partsOf(state, [["b", "d"], ["e"]], ["AAA=", "BBB="]);
    expect(messageOf(parts)).toEqual({
      content: { method: "update", state, buffer_paths: [["b", "d"], ["e"]] },
      buffers: ["AAA=", "BBB="],
    });
  });

  test("the widgets that a document was saved with are shown, and are dead", () => {
    const saved = { state: { value: 3 }, buffers: [{ path: ["data"], data: "AAA=", encoding: "base64" }] };
    const metadata = { widgets: { "application/vnd.jupyter.widget-state+json": { state: { c: saved, d: { state: {} } } } } };
    const comms = folded([opened("d", { value: 1 }), event({ type: "notebook_metadata_set", metadata })]);
    expect(shown(comms)).toEqual({
      c: { state: { value: 3 }, buffers: { data: [[[], "AAA="]] }, alive: false },
      d: { state: { value: 1 }, buffers: {}, alive: true },
    });
  });

  test("a view reaches what it refers to, and links between what it reaches; nothing else", () => {
    const comms = folded([
      opened("box", { _view_name: "V", children: ["IPY_MODEL_a"] }),
      opened("a", { _view_name: "V", layout: "IPY_MODEL_l" }),
      opened("l", { _view_name: "L" }),
      opened("b", { _view_name: "V" }),
      opened("link", { _view_name: null, source: ["IPY_MODEL_a", "value"], target: ["IPY_MODEL_b", "value"] }),
      opened("secret", { _view_name: "V", value: "x" }),
      opened("out", { _view_name: "V", outputs: [{ data: { "application/vnd.jupyter.widget-view+json": { model_id: "box" } } }] }),
    ]);
    expect([...reachable(comms, "box")].sort()).toEqual(["a", "b", "box", "l", "link"]);
    expect([...reachable(comms, "secret")]).toEqual(["secret"]);
    expect(reachable(comms, "out").has("a")).toBe(true);
  });
});
