/** The calls that change cells. Each waits until the server has the cells, and may be repeated when the connection breaks. */
import { RpcFailure } from "../rpc/messages.ts";
import type { CellType, JsonMap } from "../rpc/schema.ts";
import type { SessionStore } from "./store.ts";

export class CellCalls {
  constructor(readonly store: SessionStore) {}

  async delete(cells: readonly string[]): Promise<void> {
    const { connection, id } = this.store;
    const remove = (cell: string): Promise<unknown> =>
      connection.durable("cell.delete", { session: id, cell }).catch((error: unknown) => {
        if (!(error instanceof RpcFailure && error.kind === "not_found")) throw error; // somebody else, or this call's first try, was faster
      });
    await Promise.all(cells.map(cell => this.store.there(cell).then(() => remove(cell))));
  }

  /** Brings deleted cells back, with their outputs. */
  async restore(cells: readonly string[]): Promise<void> {
    const { connection, id } = this.store;
    // The server knows after which cell each one stood when it went: the last one first.
    for (const cell of [...cells].reverse()) await connection.durable("cell.restore", { session: id, cell });
  }

  async setType(cell: string, type: CellType): Promise<void> {
    await this.store.there(cell);
    await this.store.connection.durable("cell.set_type", { session: this.store.id, cell, cell_type: type });
  }

  async setSource(cell: string, source: string): Promise<void> {
    await this.store.settled();
    await this.store.connection.durable("cell.set_source", { session: this.store.id, cell, source });
  }

  async setAttachments(cell: string, attachments: JsonMap): Promise<void> {
    await this.store.there(cell);
    await this.store.connection.durable("cell.set_attachments", { session: this.store.id, cell, attachments });
  }

  /** Clears the outputs of a cell, or of all (null). */
  async clearOutputs(cell: string | null): Promise<void> {
    if (cell !== null) await this.store.there(cell);
    await this.store.connection.durable("cell.clear_outputs", { session: this.store.id, cell });
  }

  /** Shows what was cleared last under cells. */
  async restoreOutputs(cells: readonly string[]): Promise<void> {
    const there = cells.filter(id => this.store.cellOf(id) !== undefined);
    if (there.length > 0) await this.store.connection.durable("cell.restore_outputs", { session: this.store.id, cells: there });
  }

  async move(cell: string, after: string | null): Promise<void> {
    await this.store.there(cell);
    await this.store.connection.durable("cell.move", { session: this.store.id, cell, after });
  }
}
