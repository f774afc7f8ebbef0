// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FLUSH_MS, FlushScheduler, TYPING_FLUSH_MS } from "../../src/session/flush_scheduler.ts";

const FRAME_MS = 16;
let ran: number[] = [];
let scheduler: FlushScheduler;
let stop: () => void;

const type = (): boolean => dispatchEvent(new Event("beforeinput"));
const clock = (): number => Math.round(performance.now());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "requestAnimationFrame", "cancelAnimationFrame"] });
  vi.stubGlobal("requestIdleCallback", (run: () => void) => setTimeout(run, 1));
  vi.stubGlobal("cancelIdleCallback", (handle: ReturnType<typeof setTimeout>) => clearTimeout(handle));
  ran = [];
  scheduler = new FlushScheduler(() => {
    scheduler.ran();
    ran.push(clock());
  });
  stop = scheduler.watch();
});

afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Lets output come every 10 ms for `ms`, with a letter typed every 80 ms; gives how often it was shown. */
function flow(ms: number, typing: boolean): number {
  const before = ran.length;
  for (let at = 0; at < ms; at += 10) {
    if (typing && at % 80 === 0) type();
    scheduler.ask("flowing");
    vi.advanceTimersByTime(10);
  }
  return ran.length - before;
}

describe("the pace of the views", () => {
  test("shows the first change in the next frame, and any number of changes once", () => {
    for (let n = 0; n < 5; n++) scheduler.ask("flowing");
    vi.advanceTimersByTime(FRAME_MS + 1);
    expect(ran).toHaveLength(1);
  });

  test("shows what keeps coming at most every 50 ms", () => {
    const shown = flow(1000, false);
    expect(shown).toBeGreaterThanOrEqual(1000 / (FLUSH_MS + 2 * FRAME_MS));
    expect(shown).toBeLessThanOrEqual(1000 / FLUSH_MS + 1);
  });

  test("shows it seldom while the person types, and as often as before after that", () => {
    flow(100, true);
    const shown = flow(2000, true);
    expect(shown).toBeGreaterThanOrEqual(2000 / (TYPING_FLUSH_MS + 80 + 2 * FRAME_MS) - 1);
    expect(shown).toBeLessThanOrEqual(2000 / TYPING_FLUSH_MS);
    vi.advanceTimersByTime(1000);
    expect(flow(1000, false)).toBeGreaterThan(10);
  });

  test("shows it right after a letter, so that the next one finds the page at rest", () => {
    const letters: number[] = [];
    for (let at = 0; at < 3000; at += 10) {
      if (at % 130 === 0) {
        type();
        letters.push(clock());
      }
      scheduler.ask("flowing");
      vi.advanceTimersByTime(10);
    }
    const since = ran.slice(2).map(at => at - Math.max(...letters.filter(letter => letter <= at)));
    expect(since.length).toBeGreaterThan(5);
    for (const ms of since) expect(ms).toBeLessThanOrEqual(2 * FRAME_MS);
  });

  test("shows it in the end when no letter follows", () => {
    scheduler.ask("flowing");
    vi.advanceTimersByTime(FRAME_MS);
    type();
    scheduler.ask("flowing");
    vi.advanceTimersByTime(TYPING_FLUSH_MS + 210);
    expect(ran).toHaveLength(2);
  });

  test("does not let what happens once wait for what flows, nor the output after it", () => {
    flow(500, true);
    type();
    scheduler.ask("flowing");
    const asked = clock();
    scheduler.ask("soon");
    vi.advanceTimersByTime(FLUSH_MS + FRAME_MS + 1);
    expect(ran.filter(at => at > asked)).toHaveLength(1);
    scheduler.ask("flowing");
    vi.advanceTimersByTime(FLUSH_MS + FRAME_MS + 1);
    expect(ran.filter(at => at > asked)).toHaveLength(2);
  });

  test("does not wait for a frame of a page that is hidden", () => {
    scheduler.ask("soon");
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(ran).toHaveLength(1);
    scheduler.ask("soon");
    vi.advanceTimersByTime(2 * FLUSH_MS + 1);
    expect(ran).toHaveLength(2);
    hidden.mockRestore();
  });

  test("runs nothing after it was cancelled or the views were told otherwise", () => {
    scheduler.ask("soon");
    scheduler.cancel();
    scheduler.ask("flowing");
    scheduler.ran();
    vi.advanceTimersByTime(1000);
    expect(ran).toEqual([]);
  });
});
