// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { isPushWanted, wantsPush } from "../../src/session/push_wanted.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  wantsPush(false);
});

test("it is remembered in this browser", () => {
  expect(isPushWanted()).toBe(false);
  wantsPush(true);
  expect(isPushWanted()).toBe(true);
  wantsPush(false);
  expect(isPushWanted()).toBe(false);
});

test("a browser that keeps nothing does without", () => {
  const forbidden = (): never => {
    throw new DOMException("forbidden", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: forbidden, setItem: forbidden, removeItem: forbidden });
  wantsPush(true);
  expect(isPushWanted()).toBe(false);
});
