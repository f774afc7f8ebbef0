import { expect, test } from "vitest";
import { BASE, inside, keyHere, outOf } from "../../src/rpc/base_url.ts";

test("a page without a way has the root as its base URL", () => expect(BASE).toBe("/"));

const ADDRESSES = ["/", "/s/1?output=a", "/files/a%20b/c.csv", "/?in=x#y", "/static/x.js"];
for (const base of ["/", "/lab/", "/a%40b/c/"]) {
  test(`addresses go in and out of ${base}`, () => {
    for (const address of ADDRESSES) {
      expect(inside(address, base)).toBe(base.slice(0, -1) + address);
      expect(outOf(inside(address, base), base)).toBe(address);
    }
  });
}

test("what is not below is none of ours", () => {
  expect(["/", "/la", "/labs/", "/other/lab/", "", "/lab"].map(path => outOf(path, "/lab/"))).toEqual([null, null, null, null, null, "/"]);
});

test("each server of an origin keeps its own, and the one at the root what it always had", () => {
  expect(new Set(["/", "/a/", "/a/b/"].map(base => keyHere("webipy-key", base))).size).toBe(3);
  expect(keyHere("webipy-key", "/")).toBe("webipy-key");
});
