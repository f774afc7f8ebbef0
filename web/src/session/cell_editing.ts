/** What folding and hiding of cells need of the actions on cells: no more than this, so that neither knows the other. */
import type { CellType, JsonMap } from "../rpc/schema.ts";
import type { SessionStore } from "./store.ts";

export interface CellEditing {
  readonly store: SessionStore;
  /** The selected cells, in the order of the notebook. */
  chosen(): string[];
  /** Selects a cell (null: none), and edits it if asked. */
  select(cell: string | null, edit?: boolean): void;
  /** Makes a cell after another (null: first), and selects it. */
  insert(after: string | null, type: CellType, source?: string, edit?: boolean): void;
  setMetadata(cell: string, metadata: JsonMap): void;
}
