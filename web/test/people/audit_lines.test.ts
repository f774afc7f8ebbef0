import { expect, test } from "vitest";
import { aboutOf, whoOf } from "../../src/people/audit_lines.ts";
import { auditWords } from "../../src/text/audit.ts";

test("what a line was about, in words", () => {
  expect(aboutOf({ path: null, to: null, session: null, target: "" })).toBe("");
  expect(aboutOf({ path: "a.txt", to: null, session: null, target: "" })).toBe("a.txt");
  expect(aboutOf({ path: "a.txt", to: "b.txt", session: null, target: "" })).toBe("a.txt → b.txt");
  expect(aboutOf({ path: "a.ipynb", to: null, session: "0123456789", target: "id e1" })).toBe("a.ipynb, id e1");
  expect(aboutOf({ path: null, to: null, session: "0123456789", target: "id e1" })).toBe("session 01234567, id e1");
});

test("who did it", () => {
  const who = (name: string, method: string): string => whoOf({ name, person: "", method }, "server", "nobody");
  expect([who("Ada", "file.write"), who("", "log_removed"), who("", "server_started"), who("", "sign_in_failed")]).toEqual([
    "Ada",
    "server",
    "server",
    "nobody",
  ]);
});

test("what was used, in words", () => {
  expect(["page", "token nightly", "jupyter", "", "other"].map(auditWords.by)).toEqual([
    "the page",
    "token nightly",
    "Jupyter",
    "",
    "other",
  ]);
});
