// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { type Chunk, MOST, rechunk } from "../../src/session/cell_chunks.ts";

describe("chunks of cells", () => {
  let key = 1;
  const next = () => key++;
  const ids = (n: number) => Array.from({ length: n }, (_, at) => `c${at}`);
  test("hold every cell once, in order, and never too many", () => {
    let chunks: Chunk[] = [];
    let order: string[] = [];
    for (let n = 0; n < 400; n++) {
      order = [...order.slice(0, (n * 7) % (order.length + 1)), `c${n}`, ...order.slice((n * 7) % (order.length + 1))];
      chunks = rechunk(chunks, order, next);
    }
    expect(chunks.flatMap(chunk => chunk.cells)).toEqual(order);
    expect(Math.max(...chunks.map(chunk => chunk.cells.length))).toBeLessThanOrEqual(MOST);
    expect(new Set(chunks.map(chunk => chunk.key)).size).toBe(chunks.length);
  });
  test("an insertion leaves the other chunks as they are", () => {
    const order = ids(640);
    const before = rechunk([], order, next);
    const later = rechunk(before, [...order.slice(0, 10), "new", ...order.slice(10)], next);
    expect(later.slice(1)).toEqual(before.slice(1));
    expect(later.slice(1).every((chunk, at) => chunk === before[at + 1])).toBe(true);
  });
});
