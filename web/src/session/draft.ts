/** What the store knows of the text of a cell while it is edited: the editor's side is code/cell_draft.ts. */
import type { CellEdited } from "../rpc/schema.ts";
import type { Press } from "./type_ahead.ts";

/** The text of a cell that is, or was, edited here: ahead of the model by changes the server has not confirmed. */
export interface Draft {
  text(): string;
  /** Changes that the server has not confirmed. */
  pending(): number;
  receive(event: CellEdited): void;
  push(): void;
  /** Puts text where the caret is; false when it is not being edited. */
  insert(text: string): boolean;
  /** Where the caret is. */
  caret(): number;
  /** The place in the text under a point of the screen; null when there is none, or it is not being edited. */
  placeAt(x: number, y: number): number | null;
  /** What shows a part of the text; null when it is not being edited. */
  range(from: number, to: number): Range | null;
  /** Puts the caret somewhere, in sight; false when it is not being edited. */
  putCaret(at: number): boolean;
  /** Does what the keys do that were pressed before there was an editor. */
  press(keys: readonly Press[]): void;
  /** Begins again from the model, which was replaced; changes that were not sent are kept. */
  restart(): void;
}
