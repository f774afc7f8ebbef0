import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UnsentEdits } from "../../src/session/unsent_edits.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the steady count comes at once and goes late, so that it does not change at each key", () => {
  const edits = new UnsentEdits();
  const seen: number[] = [];
  edits.steady.subscribe(count => void seen.push(count));
  for (const count of [1, 0, 2, 0]) {
    edits.set(count);
    vi.advanceTimersByTime(100);
  }
  expect([edits.count.value, seen]).toEqual([0, [0, 1]]);
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual([0, 1, 0]);
});

test("that there are none is waited for", async () => {
  const edits = new UnsentEdits();
  await edits.none();
  edits.set(2);
  let over = false;
  const none = edits.none().then(() => {
    over = true;
  });
  edits.set(1);
  await Promise.resolve();
  expect(over).toBe(false);
  edits.set(0);
  await none;
  expect(over).toBe(true);
});
