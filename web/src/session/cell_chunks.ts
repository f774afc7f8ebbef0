/**
 * Cells in chunks: the browser lays out and paints a chunk only when it is near the screen (`content-visibility`), so that thousands of cells cost
 * little. A chunk is split when it is over `MOST` cells; a cell keeps its chunk as long as its neighbours do, so that nothing is made anew
 * because something far above was inserted.
 */
export interface Chunk {
  readonly key: number;
  readonly cells: readonly string[];
}

export const USUAL = 64;
export const MOST = 96;

/** The chunks for a new order, as like the old ones as can be. `nextKey` gives keys that were never used. */
export function rechunk(old: readonly Chunk[], order: readonly string[], nextKey: () => number): Chunk[] {
  const home = new Map<string, number>();
  for (const chunk of old) for (const cell of chunk.cells) home.set(cell, chunk.key);
  const known = new Map(old.map(chunk => [chunk.key, chunk]));
  const used = new Set<number>();
  const chunks: Chunk[] = [];
  let current: string[] = [];
  let key: number | null = null;
  const close = (): void => {
    if (current.length === 0) return;
    for (let at = 0; at < current.length; at += current.length > MOST ? USUAL : current.length)
      chunks.push(settle(known, used, at === 0 ? key : null, current.slice(at, current.length > MOST ? at + USUAL : undefined), nextKey));
    current = [];
    key = null;
  };
  for (const cell of order) {
    const from = home.get(cell) ?? null;
    if (from !== null && key !== null && from !== key && current.length >= USUAL / 2) close();
    key ??= from;
    current.push(cell);
  }
  close();
  return chunks;
}

function settle(known: ReadonlyMap<number, Chunk>, used: Set<number>, key: number | null, cells: string[], nextKey: () => number): Chunk {
  const mine = key !== null && !used.has(key) ? key : nextKey();
  used.add(mine);
  const before = known.get(mine);
  const same = before !== undefined && before.cells.length === cells.length && before.cells.every((cell, at) => cell === cells[at]);
  return same ? before : { key: mine, cells };
}
