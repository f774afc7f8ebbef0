// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RunActions } from "../../src/session/run_actions.ts";
import { spoken, toasts } from "../../src/ui/notices.ts";
import { pager } from "../../src/ui/page_state.ts";
import { stopOnError, tellsRuns } from "../../src/ui/settings.ts";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";
import { settle } from "../world.ts";

const KERNEL = {
  ...{ type: "kernel_started" as const, kernel: "k", kernelspec: "python3", display_name: "Python", language: "python" },
  url_without_key: "",
};

async function notebook(withKernel = true) {
  const log = numbered([
    { type: "session_created", session: "s", title: "t" },
    { type: "notebook_metadata_set", metadata: { kernelspec: { name: "ir", display_name: "R" } } },
    { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "1" },
    { type: "cell_inserted", cell: "b", after: "a", cell_type: "markdown", source: "words" },
    ...(withKernel ? [KERNEL] : []),
  ]);
  const opened = await openSession(log);
  return { ...opened, runs: new RunActions(opened.store) };
}

const queued = (execution: string, cell = "a") => ({ type: "execution_queued" as const, execution, code: "1", cell });

beforeEach(() => {
  toasts.value = [];
  spoken.value = "";
  pager.value = null;
});
afterEach(() => void vi.useRealTimers());

describe("running", () => {
  test("starts the kernel that the document asks for, if there is none, and then the code", async () => {
    const { runs, calls, world } = await notebook(false);
    runs.run("a");
    await settle();
    expect(calls("kernel.start")).toEqual([{ session: "s", kernelspec: "ir" }]);
    expect(calls("execution.start")).toEqual([]);
    world.last.answer("kernel.start", {});
    await settle();
    expect(calls("execution.start")).toMatchObject([{ code: "1", cell: "a" }]);
  });

  test("runs no text cell", async () => {
    const { runs, calls } = await notebook();
    runs.run("b");
    await settle();
    expect(calls("execution.start")).toEqual([]);
  });

  test("of many cells goes with the setting, and says when there was nothing", async () => {
    const { runs, calls, world } = await notebook();
    stopOnError.value = false;
    runs.runMany("above", "b");
    await settle();
    expect(calls("notebook.run")).toMatchObject([{ which: "above", cell: "b", stop_on_error: false }]);
    world.last.answer("notebook.run", { executions: [] });
    await settle();
    expect(toasts.value.at(-1)?.text).toBe("There is no code to run.");
    stopOnError.value = true;
    runs.runMany(["a"]);
    await settle();
    expect(calls("notebook.run").at(-1)).toMatchObject({ cells: ["a"], stop_on_error: true, notify: false });
    tellsRuns.value = true;
    runs.runMany("all");
    await settle();
    expect(calls("notebook.run").at(-1)).toMatchObject({ which: "all", notify: true });
    tellsRuns.value = false;
  });
});

describe("the queue", () => {
  test("a waiting execution goes before its neighbour, and not past the ends", async () => {
    const { runs, calls, more } = await notebook();
    more(queued("r0"), { type: "execution_started", execution: "r0", execution_count: 1 }, queued("r1"), queued("r2"), queued("r3"));
    runs.shift("r1", -1);
    runs.shift("r3", 1);
    expect(calls("execution.move")).toEqual([]);
    runs.shift("r2", -1);
    runs.shift("r1", 1);
    runs.shift("r2", 1);
    expect(calls("execution.move")).toMatchObject([
      { execution: "r2", before: "r1" },
      { execution: "r1", before: "r3" },
      { execution: "r2", before: null },
    ]);
  });

  test("is emptied at once, or by one", async () => {
    const { runs, calls } = await notebook();
    runs.cancel("r1");
    runs.cancelAll();
    expect([calls("execution.cancel"), calls("run.cancel")]).toEqual([[{ session: "s", execution: "r1" }], [{ session: "s", run: null }]]);
  });
});

describe("the kernel", () => {
  test("is restarted, and cells run after it; a shut down one is started again", async () => {
    const { runs, calls, world, more } = await notebook();
    void runs.restart("all");
    expect(calls("kernel.restart")).toEqual([{ session: "s" }]);
    world.last.answer("kernel.restart", {});
    await settle();
    expect(calls("notebook.run")).toMatchObject([{ which: "all" }]);
    more({ type: "kernel_died", kernel: "k", reason: "It was shut down.", expected: true });
    void runs.restart();
    expect(calls("kernel.start")).toEqual([{ session: "s", kernelspec: "python3" }]);
  });

  test("that cannot be restarted is reported, and nothing runs", async () => {
    const { runs, calls, world } = await notebook();
    void runs.restart("all");
    world.last.refuse("kernel.restart", "no_kernel");
    await settle();
    expect([toasts.value.at(-1)?.text, calls("notebook.run")]).toEqual(["refused: no_kernel", []]);
  });
});

describe("what a run ends with", () => {
  test("is announced", async () => {
    const { more } = await notebook();
    more(queued("r"), { type: "execution_finished", execution: "r", status: "ok", duration_s: 2 });
    expect(spoken.value).toBe("Cell 1 finished in 2.0 s");
    const error = { output_type: "error", ename: "ValueError", evalue: "", traceback: [] };
    more(queued("e"), { type: "output_added", execution: "e", output: error });
    more({ type: "execution_finished", execution: "e", status: "error", duration_s: 1 });
    expect(spoken.value).toBe("Cell 1 failed: ValueError");
  });

  test("is followed only by the page that started it: pages, and next cells", async () => {
    const { store, more, runs, calls } = await notebook();
    const payload = [
      { source: "page", data: { "text/plain": "help" } },
      { source: "set_next_input", text: "x", replace: true },
    ];
    const end = (execution: string) => ({ type: "execution_finished" as const, execution, status: "ok" as const, duration_s: 1, payload });
    more(queued("theirs"), end("theirs"));
    expect([pager.value, calls("cell.set_source")]).toEqual([null, []]);
    store.mine.add("mine");
    more(queued("mine"), end("mine"));
    expect(pager.value).toEqual({ data: { "text/plain": "help" } });
    expect(calls("cell.set_source")).toMatchObject([{ cell: "a", source: "x" }]);
    const made = vi.fn();
    runs.insertAfter = made;
    store.mine.add("loads");
    more(queued("loads"), { ...end("loads"), payload: [{ source: "set_next_input", text: "y", replace: false }] });
    expect(made).toHaveBeenCalledWith("a", "y");
  });

  test("cells that were not run after an error are offered once, all together", async () => {
    const { store, more, calls } = await notebook();
    vi.useFakeTimers();
    for (const id of ["r1", "r2"]) {
      store.mine.add(id);
      more(queued(id), { type: "execution_finished", execution: id, status: "aborted", duration_s: 0 });
    }
    vi.advanceTimersByTime(1000);
    expect(toasts.value.map(one => one.text)).toEqual(["Stopped here. 2 later cells were not run."]);
    vi.useRealTimers();
    toasts.value[0]?.action?.run();
    await settle();
    expect(calls("notebook.run")).toMatchObject([{ cells: ["a", "a"] }]);
  });
});
