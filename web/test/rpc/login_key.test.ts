// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { KEY, keepKey, loginKey, subprotocols, withKey } from "../../src/rpc/login_key.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  keepKey(null);
  localStorage.clear();
});

test("the key is kept for this origin, and goes out in a header and in the subprotocols", () => {
  keepKey("secret");
  expect(localStorage.getItem(KEY)).toBe("secret");
  expect(loginKey()).toBe("secret");
  expect(withKey({ a: "b" })).toEqual({ a: "b", "x-webipy-key": "secret" });
  expect(subprotocols()).toEqual(["webipy", "key.secret"]);
});

test("without a key nothing is added", () => {
  expect(loginKey()).toBe(null);
  expect(withKey({ a: "b" })).toEqual({ a: "b" });
  expect(subprotocols()).toEqual(["webipy"]);
});

test("a key of another tab counts: it signed in later", () => {
  keepKey("mine");
  localStorage.setItem(KEY, "theirs");
  expect(loginKey()).toBe("theirs");
});

test("a browser that keeps nothing has the key as long as the page", () => {
  vi.stubGlobal("localStorage", undefined);
  keepKey("secret");
  expect(loginKey()).toBe("secret");
  keepKey(null);
  expect(loginKey()).toBe(null);
});
