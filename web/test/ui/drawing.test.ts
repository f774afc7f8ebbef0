import { afterEach, expect, test, vi } from "vitest";
import { allDrawn, drawing } from "../../src/ui/drawing.ts";

afterEach(() => vi.unstubAllGlobals());

test("all is drawn when nothing is under way any more, what came with it neither", async () => {
  vi.stubGlobal("requestAnimationFrame", (then: () => void) => setTimeout(then));
  const done: string[] = [];
  const later = async (): Promise<void> => {
    await new Promise(resolve => setTimeout(resolve, 5));
    done.push("first");
    void drawing(Promise.reject(new Error("no picture")).catch(() => done.push("second")));
  };
  void drawing(later());
  await allDrawn();
  expect(done).toEqual(["first", "second"]);
});
