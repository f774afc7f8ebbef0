import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Part, ToGuest } from "../../../src/frame/protocol.ts";
import type { SealedFrame } from "../../../src/outputs/sealed_frame.ts";
import { WidgetFeed } from "../../../src/outputs/widgets/feed.ts";
import { reachable } from "../../../src/outputs/widgets/graph.ts";
import { Widgets } from "../../../src/outputs/widgets/widgets.ts";
import type { AnyEvent, Json } from "../../../src/rpc/schema.ts";
import type { SessionStore } from "../../../src/session/store.ts";

const part = (value: Json): Part => ({ value, buffers: [] });
let seq = 0;

const event = (body: object): AnyEvent => ({ seq: ++seq, time: "2026-03-01T09:30:00.000000Z", ...body }) as AnyEvent;

const opened = (comm: string, state: { [key: string]: Json }): AnyEvent =>
  event({ type: "comm_opened", comm, target: "jupyter.widget", content: { state }, metadata: {} });

const told = (comm: string, state: { [key: string]: Json }, method = "update", by: string | null = null): AnyEvent =>
  event({ type: "comm_message", comm, content: { method, state }, metadata: {}, by });

class Stage {
  phase = "live";
  readonly sent: { comm: string; content: Json; answer(seq: number): void; fail(error: Error): void }[] = [];
  readonly frames: { frame: SealedFrame; got: ToGuest[] }[] = [];
  readonly phases: ((phase: string) => void)[] = [];
  readonly widgets: Widgets;

  constructor() {
    const connection = {
      onPhase: (then: (phase: string) => void) => {
        this.phases.push(then);
        return () => {};
      },
      call: (_: string, { comm, content }: { comm: string; content: Json }) =>
        new Promise((resolve, fail) => this.sent.push({ comm, content, answer: seq => resolve({ seq }), fail })),
    };
    Object.defineProperty(connection, "phase", { get: () => this.phase });
    this.widgets = new Widgets({ connection, id: "s" } as unknown as SessionStore);
  }

  frame(root: string, ...comms: string[]): { frame: SealedFrame; got: ToGuest[] } {
    const got: ToGuest[] = [];
    const frame = { send: (message: ToGuest) => got.push(message) } as unknown as SealedFrame;
    for (const comm of comms) this.widgets.receive(root, frame, { webipy: "model", comm });
    return { frame, got };
  }

  set(frame: SealedFrame, value: Json, number: number): void {
    this.widgets.receive("c", frame, { webipy: "set", comm: "c", state: { value: part(value) }, number });
  }

  values(): Json[] {
    return this.sent.map(({ content }) => (content as { state?: { value?: Json } }).state?.value ?? "custom");
  }
}

describe("widgets of a page", () => {
  beforeEach(() => {
    vi.stubGlobal("document", { hidden: false });
    vi.stubGlobal("requestAnimationFrame", (then: () => void) => {
      queueMicrotask(then);
      return 1;
    });
  });
  const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
  const values = (got: ToGuest[]): Json[] =>
    got.flatMap(one => (one.webipy === "state" && one.state.value !== undefined ? [one.state.value.value] : []));

  test("one message is on its way at a time, and the last value wins", async () => {
    const stage = new Stage();
    stage.widgets.observe(opened("c", { _view_name: "V", value: 0 }));
    const [one, two] = [stage.frame("c", "c"), stage.frame("c", "c")];
    stage.set(one.frame, 1, 1);
    stage.set(one.frame, 2, 2);
    stage.set(one.frame, 3, 3);
    await settle();
    expect(stage.values()).toEqual([1]);
    const mine = told("c", { value: 1 }, "update", "ada");
    stage.sent[0]?.answer(mine.seq);
    stage.widgets.observe(mine);
    await settle();
    expect(stage.values()).toEqual([1]); // the kernel has not heard yet
    stage.widgets.observe(told("c", { value: 1 }, "echo_update"));
    await settle();
    expect(stage.values()).toEqual([1, 3]);
    expect(values(one.got)).toEqual([]);
    expect(values(two.got)).toEqual([3]);
    expect(one.got.at(-1)).toMatchObject({ webipy: "state", acked: 3 });
  });

  test("what a kernel says before a frame is there is heard by each that comes; a model without a view says all of it again", () => {
    const stage = new Stage();
    const says = (comm: string, content: Json): void =>
      stage.widgets.observe(event({ type: "comm_message", comm, content: { method: "custom", content }, metadata: {}, by: null }));
    const heard = (got: ToGuest[]): Json[] => got.flatMap(one => (one.webipy === "custom" ? [one.content] : []));
    stage.widgets.observe(opened("c", { _view_name: "V", pen: "IPY_MODEL_pen" }));
    stage.widgets.observe(opened("pen", { _view_name: null }));
    says("c", 1);
    says("pen", "a");
    const one = stage.frame("c", "c", "pen");
    says("c", 2);
    says("pen", "b");
    expect(heard(one.got)).toEqual([1, "a", 2, "b"]);
    expect(heard(stage.frame("c", "c", "pen").got)).toEqual([1, "a", "b"]);
  });

  test("a message of a widget's own keeps its place after the changes before it", async () => {
    const stage = new Stage();
    stage.widgets.observe(opened("c", { _view_name: "V", value: 0 }));
    const { frame } = stage.frame("c", "c");
    stage.set(frame, 1, 1);
    stage.set(frame, 2, 2);
    stage.widgets.receive("c", frame, { webipy: "custom", comm: "c", content: { event: "click" }, buffers: [] });
    for (const at of [0, 1, 2]) {
      const mine = told("c", { value: at }, "update", "ada");
      stage.sent[at]?.answer(mine.seq);
      stage.widgets.observe(mine);
      await settle();
    }
    expect(stage.values()).toEqual([1, 2, "custom"]);
  });

  test("what cannot be sent waits for the next line, and what is refused is taken back", async () => {
    const { LineLost, RpcFailure } = await import("../../../src/rpc/messages.ts");
    const stage = new Stage();
    stage.widgets.observe(opened("c", { _view_name: "V", value: 0 }));
    const { frame, got } = stage.frame("c", "c");
    stage.set(frame, 1, 1);
    await settle();
    stage.phase = "connecting";
    stage.sent[0]?.fail(new LineLost());
    stage.set(frame, 2, 2);
    await settle();
    expect(stage.values()).toEqual([1]);
    stage.phase = "live";
    for (const then of stage.phases) then("live");
    await settle();
    expect(stage.values()).toEqual([1, 2]);
    stage.sent[1]?.fail(Object.assign(Object.create(RpcFailure.prototype) as Error, { message: "no" }));
    await settle();
    expect(values(got)).toEqual([0]);
  });

  test("a frame hears of its own models only, until they are closed", () => {
    const stage = new Stage();
    stage.widgets.observe(opened("c", { _view_name: "V", value: 0 }));
    stage.widgets.observe(opened("secret", { _view_name: "V", value: 0 }));
    const { frame, got } = stage.frame("c", "c", "secret");
    expect(got).toEqual([
      { webipy: "model", comm: "c", state: { _view_name: part("V"), value: part(0) }, alive: true },
      { webipy: "model", comm: "secret", state: null, alive: false },
    ]);
    stage.widgets.receive("c", frame, { webipy: "set", comm: "secret", state: { value: part(9) }, number: 1 });
    stage.widgets.observe(event({ type: "comm_message", comm: "secret", content: { method: "custom", content: 1 }, metadata: {} }));
    expect([stage.sent.length, got.length]).toEqual([0, 2]);
    stage.widgets.observe(event({ type: "comm_closed", comm: "c", content: {} }));
    expect(got.at(-1)).toEqual({ webipy: "closed", comm: "c" });
  });

  test("what a frame says cannot name a model that it does not reach", async () => {
    const stage = new Stage();
    stage.widgets.observe(opened("c", { _view_name: "V", value: "IPY_MODEL_d" }));
    for (const id of ["d", "secret"]) stage.widgets.observe(opened(id, { _view_name: "V", value: id }));
    const { frame, got } = stage.frame("c", "c", "d");
    const foreign: Json[] = ["IPY_MODEL_secret", "anywidget:secret", ["IPY_MODEL_d", { a: ["IPY_MODEL_secret"] }], { model_id: "secret" }];
    for (const [at, value] of foreign.entries()) {
      stage.set(frame, value, at + 1);
      stage.widgets.receive("c", frame, { webipy: "custom", comm: "c", content: value, buffers: [] });
      await settle();
      expect(got.at(-1)).toMatchObject({ webipy: "state", acked: at + 1, state: { value: part("IPY_MODEL_d") } });
    }
    expect(stage.sent).toEqual([]);
    stage.set(frame, ["IPY_MODEL_d", "IPY_MODEL_c", "IPY_MODEL_", "about IPY_MODEL_secret"], 9);
    await settle();
    expect(stage.sent.length).toBe(1);
  });

  test("whatever a frame says in whatever order, it gets what the kernel joined, and no more", async () => {
    const ids = ["a", "b", "c", "d", "e"];
    const id = fc.constantFrom(...ids);
    const refers = fc.array(id, { maxLength: 2 });
    const act = fc.record({ comm: id, names: refers, way: fc.constantFrom("IPY_MODEL_", "anywidget:") });
    await fc.assert(
      fc.asyncProperty(fc.tuple(...ids.map(() => refers)), fc.array(act, { maxLength: 12 }), async (graph, acts) => {
        const stage = new Stage();
        for (const [at, one] of ids.entries())
          stage.widgets.observe(opened(one, { _view_name: "V", children: graph[at]?.map(name => `IPY_MODEL_${name}`) ?? [] }));
        const joined = reachable(stage.widgets.comms, "a");
        const { frame, got } = stage.frame("a", ...ids);
        let heard = 0;
        for (const [number, { comm, names, way }] of acts.entries()) {
          const state = { [`k${number % 3}`]: part(names.map(name => way + name)) };
          stage.widgets.receive("a", frame, { webipy: "set", comm, state, number: number + 1 });
          for (const { comm, content, answer } of stage.sent.slice(heard)) {
            heard++;
            const { state } = content as { state: { [key: string]: Json } };
            const mine = told(comm, state, "update", "ada");
            answer(mine.seq);
            stage.widgets.observe(mine);
            stage.widgets.observe(told(comm, state, "echo_update"));
          }
          await Promise.resolve();
        }
        got.length = 0;
        for (const one of ids) stage.widgets.receive("a", frame, { webipy: "model", comm: one });
        const given = got.flatMap(one => (one.webipy === "model" && one.state !== null ? [one.comm] : []));
        expect(given.sort()).toEqual([...joined].sort());
      }),
      { numRuns: 200 },
    );
  });

  test("events that came before the code are not lost", async () => {
    const feed = new WidgetFeed({ connection: { onPhase: () => () => {}, phase: "live" }, id: "s" } as unknown as SessionStore);
    feed.observe(event({ type: "kernel_started" }));
    feed.observe(opened("c", { value: 0 }));
    feed.observe(told("c", { value: 1 }));
    feed.observe(event({ type: "kernel_died", kernel: "k", reason: "" }));
    feed.observe(opened("d", {}));
    const { comms } = await feed.widgets();
    expect([comms.all.get("c")?.shown("value")?.value, comms.all.get("c")?.alive, comms.all.get("d")?.alive]).toEqual([1, false, true]);
  });
});
