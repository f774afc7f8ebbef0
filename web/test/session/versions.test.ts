import { expect, test } from "vitest";
import { Versions } from "../../src/session/versions.ts";

test("a version counts the changes of one id, from when somebody asks for it", () => {
  const versions = new Versions();
  versions.bump("a");
  const [a, b] = [versions.of("a"), versions.of("b")];
  versions.bump("a");
  versions.bump("a");
  expect([a.value, b.value]).toEqual([2, 0]);
  expect(versions.of("a")).toBe(a);
});
