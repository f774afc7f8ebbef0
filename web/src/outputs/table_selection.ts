/** What is selected in a large table: a block of cells from where it began to where it is now, and the keys that move it. */

export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface Selection {
  readonly anchor: Place;
  readonly head: Place;
}

export interface Block {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export const blockOf = ({ anchor, head }: Selection): Block => ({
  top: Math.min(anchor.row, head.row),
  bottom: Math.max(anchor.row, head.row),
  left: Math.min(anchor.column, head.column),
  right: Math.max(anchor.column, head.column),
});

export const holds = ({ top, bottom, left, right }: Block, row: number, column: number): boolean =>
  row >= top && row <= bottom && column >= left && column <= right;

interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
}

/**
 * What is selected after a key, or null when it is no key of the table.
 *
 * Args:
 *   now: what is selected.
 *   pressed: the key.
 *   size: how many rows and columns there are, and how many rows are seen.
 */
export function moved(now: Selection, pressed: Key, size: { rows: number; columns: number; seen: number }): Selection | null {
  const { row, column } = now.head;
  const [lastRow, lastColumn] = [Math.max(0, size.rows - 1), Math.max(0, size.columns - 1)];
  const far = pressed.ctrlKey;
  const to: Readonly<Record<string, readonly [number, number]>> = {
    ArrowUp: [far ? 0 : row - 1, column],
    ArrowDown: [far ? lastRow : row + 1, column],
    ArrowLeft: [row, far ? 0 : column - 1],
    ArrowRight: [row, far ? lastColumn : column + 1],
    PageUp: [row - size.seen, column],
    PageDown: [row + size.seen, column],
    Home: [far ? 0 : row, 0],
    End: [far ? lastRow : row, lastColumn],
  };
  if (far && pressed.key.toLowerCase() === "a") return { anchor: { row: 0, column: 0 }, head: { row: lastRow, column: lastColumn } };
  const found = to[pressed.key];
  if (found === undefined) return null;
  const head = {
    row: Math.min(lastRow, Math.max(0, found[0])),
    column: Math.min(lastColumn, Math.max(0, found[1])),
  };
  return { anchor: pressed.shiftKey ? now.anchor : head, head };
}

/** Values as spreadsheets take them from the clipboard: what has a tab, a line or a quotation mark in it stands in quotation marks. */
export const tabbed = (values: readonly string[]): string =>
  values.map(one => (/[\t\n\r"]/.test(one) ? `"${one.replaceAll('"', '""')}"` : one)).join("\t");

/** A row of CSV (RFC 4180). */
export const commaed = (values: readonly string[]): string =>
  values.map(one => (/[",\n\r]/.test(one) ? `"${one.replaceAll('"', '""')}"` : one)).join(",");
