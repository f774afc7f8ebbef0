// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { answersNow } from "../../src/model/select.ts";
import { Variables } from "../../src/panels/variables.ts";
import { Connection } from "../../src/rpc/connection.ts";
import type { AnyEvent, KernelState } from "../../src/rpc/schema.ts";
import { SessionStore } from "../../src/session/store.ts";
import { numbered } from "../log.ts";
import { endLater } from "../stores.ts";
import { FakeWorld, settle } from "../world.ts";

/** A session whose kernel is in a state, and what its connection is asked. */
async function opened(state: KernelState, beside: boolean, runs: "nothing" | "a cell" = "nothing") {
  localStorage.clear();
  const world = new FakeWorld();
  const connection = new Connection(world);
  connection.start();
  const store = new SessionStore(connection, "s");
  store.open();
  endLater(store);
  world.last.open();
  const log: AnyEvent[] = numbered([
    { type: "session_created", session: "s", title: "t" },
    { type: "kernel_started", kernel: "k", kernelspec: "python3", display_name: "Python", language: "python", url_without_key: "" },
    { type: "kernel_ready", kernel: "k", start: 1, seconds: 1, language_info: {}, answers_beside: beside },
    ...(runs === "a cell" ? [{ type: "execution_queued" as const, execution: "r", code: "1" }] : []),
    { type: "kernel_state_changed", state },
  ]);
  const events = (list: AnyEvent[]) =>
    world.last.say({ jsonrpc: "2.0", method: "events", params: { session: "s", first: list[0]?.seq ?? 1, events: list } });
  world.last.answer("session.subscribe", { first_seq: 1, snapshot: null, seq: log.length });
  events(log);
  await settle();
  const variables = new Variables(store);
  const asked = () => world.last.sent.filter(one => one.method === "variable.list").length;
  return { world, store, events, variables, asked, seq: log.length };
}

const ONE = { name: "x", type: "int", group: "value", size: null, text: "1" };

describe("variables", () => {
  test("are asked of a kernel that answers now", async () => {
    const answers: [KernelState, boolean, "nothing" | "a cell", boolean][] = [
      ["idle", false, "nothing", true],
      ["idle", false, "a cell", false],
      ["busy", false, "a cell", false],
      ["idle", true, "a cell", true],
      ["busy", true, "a cell", true],
      ["starting", true, "nothing", false],
      ["restarting", true, "nothing", false],
      ["dead", true, "nothing", false],
    ];
    for (const [state, beside, runs, wanted] of answers) {
      const { store, variables, asked } = await opened(state, beside, runs);
      expect(answersNow(store.model), `${state} ${beside} ${runs}`).toBe(wanted);
      variables.refresh();
      expect(asked()).toBe(wanted ? 1 : 0);
      if (!wanted) expect(variables.note.value).not.toBe("");
    }
  });

  test("are asked for once, again after a run, and again by hand; nothing is executed for them", async () => {
    const { world, events, variables, asked, seq } = await opened("idle", false);
    variables.refresh();
    variables.refresh(true);
    expect(asked()).toBe(1);
    world.last.answer("variable.list", { status: "listed", variables: [ONE], all: 1 });
    await settle();
    expect(variables.listing.value).toEqual({ variables: [ONE], all: 1 });
    variables.refresh();
    expect(asked()).toBe(1);
    variables.refresh(true);
    expect(asked()).toBe(2);
    world.last.answer("variable.list", { status: "listed", variables: [], all: 0 });
    await settle();
    const run = numbered([
      { type: "execution_queued", execution: "r", code: "1" },
      { type: "execution_finished", execution: "r", status: "ok", duration_s: 1 },
    ]).map((event, at) => ({ ...event, seq: seq + 1 + at }));
    events(run);
    variables.refresh();
    expect(asked()).toBe(3);
    expect(world.last.sent.some(one => one.method.startsWith("execution."))).toBe(false);
  });

  test("say what is the matter, and keep what was shown while the kernel runs", async () => {
    const { world, variables } = await opened("idle", false);
    variables.refresh();
    world.last.answer("variable.list", { status: "listed", variables: [ONE], all: 1 });
    await settle();
    variables.refresh(true);
    world.last.refuse("variable.list", "kernel_busy");
    await settle();
    expect(variables.note.value).toContain("The kernel is running");
    expect(variables.listing.value?.all).toBe(1);
    variables.refresh(true);
    world.last.refuse("variable.list", "kernel_failed");
    await settle();
    expect(variables.note.value).toContain("refused: kernel_failed");
    variables.refresh(true);
    world.last.answer("variable.list", { status: "unsupported", variables: [], all: 0 });
    await settle();
    expect(variables.note.value).toContain("Variables are shown for Python");
    expect(variables.listing.value).toBe(null);
  });
});
