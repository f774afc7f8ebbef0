import { expect, test } from "vitest";
import { limitsAsked, limitsOf } from "../../src/people/token_limits.ts";
import type { Token } from "../../src/rpc/schema.ts";

const token = (scopes: Token["scopes"]): Token => ({
  id: "i",
  label: "ci",
  person: "ada",
  scopes,
  created: "2026-03-01T09:30:00.000000Z",
  expires: null,
  used: null,
  address: "",
  connections: 0,
  is_valid: true,
});

test("the form asks for the limit that is chosen, and for no other", () => {
  expect(limitsAsked("all", "s1", "x")).toEqual({});
  expect(limitsAsked("session", "s1", "x")).toEqual({ session: "s1" });
  expect(limitsAsked("folder", "s1", " data/2026 ")).toEqual({ folder: "data/2026" });
  expect(limitsAsked("methods", null, "file.*,  execution.start\ncell.*")).toEqual({ methods: ["file.*", "execution.start", "cell.*"] });
  expect(limitsAsked("methods", null, " ")).toEqual({ methods: [] });
});

test("limits in words", () => {
  expect(limitsOf(token({}))).toBe("everything you may");
  expect(limitsOf(token({ read: true, session: "0123456789", folder: "lab", methods: ["file.*"] }))).toBe(
    "only read, session 01234567, folder lab, file.*",
  );
});
