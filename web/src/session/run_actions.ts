/** What a person can do with the kernel and its queue, as calls. Ids are chosen here, so that every call may be repeated when the line breaks. */

import { errorName, wantedKernel, wasInterrupted } from "../model/select.ts";
import type { Run } from "../model/types.ts";
import type { ExecutionFinished, JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { duration } from "../text/format.ts";
import { attempt, complain, say, toast } from "../ui/notices.ts";
import { pager } from "../ui/page_state.ts";
import { stopOnError, tellsRuns } from "../ui/settings.ts";
import type { SessionStore } from "./store.ts";

export type Which = "all" | "above" | "below" | "stale";

/** Cells that were not run after an error are counted for so long before they are reported. */
const GATHER_MS = 300;

export class RunActions {
  /** Makes a cell with that text after another: what `%load` and the like ask for. */
  insertAfter: (cell: string | null, source: string) => void = () => {};
  #aborted: string[] = [];

  constructor(readonly store: SessionStore) {
    store.onFinished = (run, event, live) => this.#finished(run, event, live);
  }

  #do(call: Promise<unknown>): void {
    attempt(this.store.connection, call);
  }

  /** Runs one code cell. */
  run(cell: string): void {
    const { store } = this;
    for (const draft of store.drafts.values()) draft.push();
    if (store.cellOf(cell)?.type !== "code") return;
    const code = store.sourceOf(cell);
    if (code.trim() === "") return;
    const id = crypto.randomUUID();
    store.mine.add(id);
    this.#do(this.#start(id, cell, code));
  }

  async #start(id: string, cell: string, code: string): Promise<void> {
    const { store } = this;
    await store.there(cell);
    await this.#kernel();
    await store.connection.durable("execution.start", { session: store.id, code, cell, id });
  }

  /** Starts the kernel that the document asks for, if there is none. */
  async #kernel(): Promise<void> {
    const { store } = this;
    if (store.model.kernel !== null) return;
    await store.connection.durable("kernel.start", { session: store.id, kernelspec: wantedKernel(store.model)?.name ?? null });
  }

  /** Runs many cells in the order of the notebook. `cell` is where `above` ends and `below` begins. */
  runMany(which: Which | readonly string[], cell: string | null = null): void {
    this.#do(this.#startMany(which, cell));
  }

  async #startMany(which: Which | readonly string[], cell: string | null): Promise<void> {
    const { store } = this;
    await store.settled();
    await this.#kernel();
    const chosen = typeof which === "string" ? { which } : { cells: [...which] };
    const params = {
      session: store.id,
      id: crypto.randomUUID(),
      cell,
      stop_on_error: stopOnError.value,
      notify: tellsRuns.value,
      ...chosen,
    };
    const { executions } = await store.connection.durable("notebook.run", params);
    for (const { execution } of executions) store.mine.add(execution);
    if (executions.length === 0) toast(which === "stale" ? t.nothingStale : t.nothingToRun);
  }

  cancel(run: string): void {
    this.#do(this.store.connection.call("execution.cancel", { session: this.store.id, execution: run }));
  }

  /** Takes back everything that waits. */
  cancelAll(): void {
    this.#do(this.store.connection.call("run.cancel", { session: this.store.id, run: null }));
  }

  /** Lets a waiting execution run one earlier (-1) or one later (1). */
  shift(run: string, by: -1 | 1): void {
    const { model, connection, id } = this.store;
    const waiting = model.queue.filter(one => model.runs.get(one)?.status === "queued");
    const at = waiting.indexOf(run);
    if (at < 0 || at + by < 0 || at + by >= waiting.length) return;
    const before = waiting[by < 0 ? at - 1 : at + 2] ?? null;
    this.#do(connection.call("execution.move", { session: id, execution: run, before }));
  }

  interrupt(): void {
    this.#do(this.store.connection.call("kernel.interrupt", { session: this.store.id }));
  }

  /** Restarts the kernel, or starts it again, and then runs cells if asked. */
  async restart(then: Which | readonly string[] | null = null): Promise<void> {
    const { store } = this;
    try {
      const { kernel, death } = store.model;
      if (kernel === null || death?.expected === true)
        await store.connection.call("kernel.start", {
          session: store.id,
          kernelspec: kernel?.kernelspec ?? wantedKernel(store.model)?.name ?? null,
        });
      else await store.connection.call("kernel.restart", { session: store.id });
    } catch (error) {
      complain(error);
      return;
    }
    if (then !== null) this.runMany(then);
  }

  shutDown(): void {
    this.#do(this.store.connection.call("kernel.shut_down", { session: this.store.id }));
  }

  startKernel(kernelspec: string | null): void {
    this.#do(this.store.connection.call("kernel.start", { session: this.store.id, kernelspec }));
  }

  answer(request: string, value: string): void {
    this.#do(this.store.connection.call("input.reply", { session: this.store.id, request, value }));
  }

  #finished(run: Run, event: ExecutionFinished, live: boolean): void {
    const at = this.store.indexOf(run.cell) + 1;
    if (live && at > 0) {
      if (run.status === "ok") say(t.finishedSay(at, duration(event.duration_s)));
      else if (wasInterrupted(run)) say(t.interruptedSay(at));
      else say(t.failedSay(at, errorName(run)));
    }
    if (!this.store.mine.delete(run.id)) return;
    if (live && run.status === "aborted" && run.cell !== null) this.#wasAborted(run.cell);
    for (const one of event.payload ?? []) this.#follow(run, one);
  }

  #wasAborted(cell: string): void {
    this.#aborted.push(cell);
    if (this.#aborted.length > 1) return;
    setTimeout(() => {
      const cells = this.#aborted;
      this.#aborted = [];
      toast(t.notRunAfter(cells.length), { action: { title: t.runAnyway(cells.length), run: () => this.runMany(cells) } });
    }, GATHER_MS);
  }

  /** Does what a payload of execute_reply asks for: a next cell (`%load`, `%recall`), or a page of documentation (`?`). */
  #follow(run: Run, payload: JsonMap): void {
    const { model, connection, id, order } = this.store;
    const cell = run.cell !== null && model.cells.has(run.cell) ? run.cell : null;
    if (payload.source === "page" && typeof payload.data === "object" && payload.data !== null)
      pager.value = { data: payload.data as JsonMap };
    else if (payload.source === "set_next_input" && typeof payload.text === "string") {
      if (payload.replace === true && cell !== null)
        this.#do(connection.durable("cell.set_source", { session: id, cell, source: payload.text }));
      else this.insertAfter(cell ?? order.at(-1) ?? null, payload.text);
    }
  }
}
