/**
 * What a person can do in a session, as calls. Cells and executions get their ids here, so that every call may be repeated when the line
 * breaks, and the page knows the cell that is coming. Nothing is changed locally: the server's event is what changes the page.
 */
import { RpcFailure } from "../api/rpc.ts";
import type { CellType, ExecutionFinished, JsonMap } from "../api/schema.ts";
import { errorName, wasInterrupted } from "../model/select.ts";
import type { Cell, Run } from "../model/types.ts";
import { duration, t } from "../text/en.ts";
import type { SessionStore } from "./store.ts";
import { caret, complain, mode, pager, say, selected, toast } from "./ui.ts";

interface Removed {
  readonly type: CellType;
  readonly source: string;
  readonly after: string | null;
}

export class Actions {
  readonly #removed: Removed[] = [];
  #clipboard: Removed | null = null;

  constructor(readonly store: SessionStore) {
    store.onOrder = () => this.#ordered();
    store.onFinished = (run, event, live) => this.#finished(run, event, live);
  }

  /** Calls and says what went wrong. */
  #do(call: Promise<unknown>): void {
    this.#offline();
    call.catch(complain);
  }

  #offline(): void {
    if (this.store.connection.phase !== "live") toast(t.later);
  }

  #cell(): Cell | null {
    return this.store.cellOf(selected.value) ?? null;
  }

  #at(): number {
    return this.store.indexOf(selected.value);
  }

  select(cell: string | null, edit = false): void {
    selected.value = cell;
    mode.value = edit && cell !== null ? "edit" : "command";
  }

  edit(where: typeof caret.value = null): void {
    if (this.#cell() === null) return;
    caret.value = where;
    mode.value = "edit";
  }

  move(by: number): void {
    const { order } = this.store;
    const at = Math.min(order.length - 1, Math.max(0, this.#at() + by));
    this.select(order[at] ?? null);
  }

  /** Selects the first cell when nothing is selected, or the one that took the place of a deleted one. */
  #ordered(): void {
    const { order } = this.store;
    if (this.#at() < 0) this.select(order[Math.max(0, Math.min(this.#last, order.length - 1))] ?? null);
    this.#last = Math.max(0, this.#at());
  }
  #last = 0;

  /** Makes a cell and selects it. */
  insert(after: string | null, type: CellType, source = "", edit = true): void {
    this.#offline();
    this.select(this.store.insert(after, type, source), edit);
  }

  insertAbove(type: CellType): void {
    this.insert(this.store.order[this.#at() - 1] ?? null, type, "", false);
  }

  insertBelow(type: CellType, edit: boolean): void {
    this.insert(selected.value ?? this.store.order.at(-1) ?? null, type, "", edit);
  }

  #removedOf(cell: Cell): Removed {
    const { order } = this.store;
    return { type: cell.type, source: this.store.sourceOf(cell.id), after: order[this.store.indexOf(cell.id) - 1] ?? null };
  }

  /** Deletes the selected cell; the last one is replaced by an empty one, since a page without cells can do nothing. */
  remove(): void {
    const cell = this.#cell();
    if (cell === null) return;
    this.#removed.push(this.#removedOf(cell));
    const { order, connection, id } = this.store;
    this.#last = this.#at();
    if (order.length === 1) this.insert(null, "code", "", false);
    const remove = (): Promise<unknown> =>
      connection.durable("cell.delete", { session: id, cell: cell.id }).catch((error: unknown) => {
        if (!(error instanceof RpcFailure && error.kind === "not_found")) throw error; // somebody else, or this call's first try, was faster
      });
    this.#do(this.store.there(cell.id).then(remove));
    toast(t.cellDeleted, { action: { title: t.undo, run: () => this.undoRemove() } });
  }

  undoRemove(): void {
    const back = this.#removed.pop();
    if (back === undefined) return;
    const after = this.store.indexOf(back.after) >= 0 ? back.after : null;
    this.insert(after, back.type, back.source, false);
  }

  copy(): void {
    const cell = this.#cell();
    if (cell !== null) this.#clipboard = this.#removedOf(cell);
  }

  cut(): void {
    this.copy();
    this.remove();
  }

  paste(above: boolean): void {
    const from = this.#clipboard;
    if (from === null) return;
    const { order } = this.store;
    this.insert(above ? (order[this.#at() - 1] ?? null) : selected.value, from.type, from.source, false);
  }

  setType(type: CellType): void {
    const cell = this.#cell();
    if (cell === null || cell.type === type) return;
    const { connection, id } = this.store;
    this.#do(this.store.there(cell.id).then(() => connection.durable("cell.set_type", { session: id, cell: cell.id, cell_type: type })));
  }

  /** Moves the selected cell up (-1) or down (1). */
  shift(by: -1 | 1): void {
    const { order } = this.store;
    const at = this.#at();
    const cell = order[at];
    if (cell === undefined || at + by < 0 || at + by >= order.length) return;
    const after = order[by < 0 ? at - 2 : at + 1] ?? null;
    const { connection, id } = this.store;
    this.#do(this.store.there(cell).then(() => connection.durable("cell.move", { session: id, cell, after })));
  }

  clearOutputs(cell: string | null): void {
    this.#do(this.store.connection.durable("cell.clear_outputs", { session: this.store.id, cell }));
  }

  /** Runs a code cell; a text cell is shown. */
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
    if (store.model.kernel === null) await store.connection.durable("kernel.start", { session: store.id, kernelspec: null });
    await store.connection.durable("execution.start", { session: store.id, code, cell, id });
  }

  runSelected(then: "stay" | "next" | "insert"): void {
    const cell = this.#cell();
    if (cell === null) return;
    this.run(cell.id);
    const next = this.store.order[this.#at() + 1];
    if (then === "insert" || (then === "next" && next === undefined)) this.insert(cell.id, "code");
    else this.select(then === "next" && next !== undefined ? next : cell.id);
  }

  runAll(): void {
    for (const cell of this.store.order) this.run(cell);
  }

  cancel(run: string): void {
    this.#do(this.store.connection.call("execution.cancel", { session: this.store.id, execution: run }));
  }

  interrupt(): void {
    this.#do(this.store.connection.call("kernel.interrupt", { session: this.store.id }));
  }

  async restart(runAbove: boolean): Promise<void> {
    const { store } = this;
    const until = this.#at();
    try {
      const { kernel, death } = store.model;
      if (kernel === null || death?.expected === true)
        await store.connection.call("kernel.start", { session: store.id, kernelspec: kernel?.kernelspec ?? null });
      else await store.connection.call("kernel.restart", { session: store.id });
    } catch (error) {
      complain(error);
      return;
    }
    if (runAbove) for (const cell of store.order.slice(0, until + 1)) this.run(cell);
  }

  shutDown(): void {
    this.#do(this.store.connection.call("kernel.shut_down", { session: this.store.id }));
  }

  startKernel(kernelspec: string | null): void {
    this.#do(this.store.connection.call("kernel.start", { session: this.store.id, kernelspec }));
  }

  rename(title: string): void {
    const name = title.trim();
    if (name === "" || name === this.store.model.title) return;
    this.#do(this.store.connection.durable("session.rename", { session: this.store.id, title: name }));
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
    if (this.store.mine.delete(run.id)) for (const one of event.payload ?? []) this.#follow(run, one);
  }

  /** Does what a payload of execute_reply asks for: a next cell (`%load`, `%recall`), or a page of documentation (`?`). */
  #follow(run: Run, payload: JsonMap): void {
    const { model, connection, id } = this.store;
    if (payload.source === "page" && typeof payload.data === "object" && payload.data !== null)
      pager.value = { data: payload.data as JsonMap };
    else if (payload.source === "set_next_input" && typeof payload.text === "string") {
      if (payload.replace === true && run.cell !== null && model.cells.has(run.cell))
        this.#do(connection.durable("cell.set_source", { session: id, cell: run.cell, source: payload.text }));
      else this.insert(run.cell !== null && model.cells.has(run.cell) ? run.cell : (this.store.order.at(-1) ?? null), "code", payload.text);
    }
  }
}
