/**
 * Cells that were made here and that the server has not confirmed. They are shown at once, and can be written in at once: their ids, texts and
 * versions are known.
 */
import type { Cell, Model } from "../model/types.ts";
import type { Connection } from "../rpc/connection.ts";
import { RpcFailure } from "../rpc/messages.ts";
import type { CellType, JsonMap } from "../rpc/schema.ts";

interface NewCell {
  readonly cell: Cell;
  readonly after: string | null;
  /** Whether the server has it later than others: it shows the outputs of another cell, or stands after one that does. */
  readonly isLate: boolean;
  readonly made: Promise<unknown>;
}

/** What a cell can have besides its type and text: as in nbformat 4.5, and the outputs of another one. */
export interface CellMore {
  readonly metadata?: JsonMap;
  readonly attachments?: JsonMap;
  /** The cell whose outputs it shows, too. */
  readonly outputs_of?: string;
  /** The session of that cell, when it is another one. */
  readonly outputs_from?: string;
}

export class NewCells {
  readonly #cells = new Map<string, NewCell>();

  constructor(
    readonly connection: Connection,
    readonly session: string,
  ) {}

  /** How many there are. */
  get count(): number {
    return this.#cells.size;
  }

  get(id: string): Cell | undefined {
    return this.#cells.get(id)?.cell;
  }

  /**
   * Makes a cell on the server.
   *
   * Args:
   *   model: where its place is looked up when the cell before it is gone.
   *   id: the id of the new cell.
   *   after: the id of the cell before it; null: it is the first.
   *   type: its type.
   *   source: its text.
   *   more: what else it has.
   *
   * Returns: what resolves when the server has it, and rejects when the server refuses it.
   */
  make(model: () => Model, id: string, after: string | null, type: CellType, source: string, more: CellMore): Promise<void> {
    const isLate = more.outputs_of !== undefined || (after !== null && this.#cells.get(after)?.isLate === true);
    const made = this.#make(model, id, after, { session: this.session, cell_type: type, source, id, ...more });
    const { metadata = {}, attachments = {} } = more;
    const cell: Cell = { id, type, source, version: 0, run: null, ranVersion: null, metadata, attachments };
    this.#cells.set(id, { cell, after, made, isLate });
    return made;
  }

  async #make(
    model: () => Model,
    id: string,
    after: string | null,
    params: JsonMap & { session: string; cell_type: CellType },
  ): Promise<void> {
    // The server reads the outputs of a cell before it has the cell: one that stands after it has to wait.
    const before = after === null ? undefined : this.#cells.get(after);
    if (before?.isLate === true) await before.made.catch(() => {}); // whoever made it is told
    try {
      await this.connection.durable("cell.insert", { ...params, id, after });
    } catch (error) {
      const { closed, order } = model();
      if (!(error instanceof RpcFailure && error.kind === "not_found") || closed) throw error;
      await this.connection.durable("cell.insert", { ...params, id, after: order.at(-1) ?? null }); // the cell before it was deleted
    }
  }

  /** Forgets one: the server has it, or refuses it. */
  drop(id: string): void {
    this.#cells.delete(id);
  }

  /** Resolves when the server has a cell. */
  async made(id: string): Promise<void> {
    await this.#cells.get(id)?.made;
  }

  /** Resolves when the server has all of them. */
  async allMade(): Promise<void> {
    await Promise.all([...this.#cells.values()].map(one => one.made));
  }

  /** The order of a model with these cells in it. Forgets those that the model has. */
  orderIn(model: Model): string[] {
    const order = [...model.order];
    for (const [id, { after }] of this.#cells) {
      if (model.cells.has(id))
        this.#cells.delete(id); // a snapshot has it
      else order.splice(after === null ? 0 : order.indexOf(after) + 1 || order.length, 0, id);
    }
    return order;
  }
}
