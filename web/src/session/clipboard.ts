/**
 * Cells that are cut or copied. They are kept in this browser, so that another tab can paste them, and go as text to the clipboard of the
 * system. What comes from there may be text, or cells as Jupyter writes them: a cell, a list of cells, or a whole notebook in JSON.
 */

import { map, text } from "../model/json.ts";
import type { CellType, JsonMap } from "../rpc/schema.ts";
import { recall, remember } from "../ui/settings.ts";

export interface CopiedCell {
  readonly type: CellType;
  readonly source: string;
  readonly metadata: JsonMap;
  readonly attachments: JsonMap;
  /** Where it was copied: it has its outputs again where it is pasted, also in another notebook of this server. */
  readonly from?: { readonly session: string; readonly cell: string };
}

const KEY = "webipy.cells";
const TYPES: readonly string[] = ["code", "markdown", "raw"];
let kept: readonly CopiedCell[] = [];

/** The sources of cells as one text. */
export const asText = (cells: readonly CopiedCell[]): string => cells.map(cell => cell.source).join("\n\n");

export function keep(cells: readonly CopiedCell[]): void {
  kept = cells;
  remember(KEY, JSON.stringify(cells.map(toJson)));
}

/** What was copied last, here or in another tab. */
export function copied(): readonly CopiedCell[] {
  const stored = recall(KEY);
  return (stored === null ? null : cellsIn(stored)) ?? kept;
}

function toJson(cell: CopiedCell): JsonMap {
  const { type, source, metadata, attachments } = cell;
  const more: JsonMap = Object.keys(attachments).length === 0 ? {} : { attachments };
  return { cell_type: type, source, metadata, ...more, ...(cell.from === undefined ? {} : { from: { ...cell.from } }) };
}

function cellOf(value: unknown): CopiedCell | null {
  const raw = map(value);
  const type = String(raw.cell_type);
  if (!TYPES.includes(type) || (typeof raw.source !== "string" && !Array.isArray(raw.source))) return null;
  const { session, cell } = map(raw.from);
  return {
    type: type as CellType,
    source: text(raw.source),
    metadata: map(raw.metadata),
    attachments: map(raw.attachments),
    ...(typeof session === "string" && typeof cell === "string" ? { from: { session, cell } } : {}),
  };
}

/** The cells that a text is the JSON of, or null when it is something else. */
export function cellsIn(source: string): CopiedCell[] | null {
  if (!/^\s*[[{]/.test(source)) return null;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return null; // any text may begin with a bracket
  }
  const cells = map(value).cells;
  const list: unknown[] = Array.isArray(value) ? value : Array.isArray(cells) ? cells : [value];
  const found = list.map(cellOf);
  return found.length > 0 && found.every(one => one !== null) ? found : null;
}

/** What pasting a text makes: the cells that it describes or that were copied as it, else one code cell with it. */
export function pasted(source: string): readonly CopiedCell[] {
  const own = copied();
  const plain = source.replace(/\r\n?/g, "\n");
  if (own.length > 0 && asText(own) === plain) return own;
  return cellsIn(plain) ?? [{ type: "code", source: plain, metadata: {}, attachments: {} }];
}
