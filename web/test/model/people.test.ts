// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { COLOURS, colourOf, grouped, initialsOf, keptMarks, marksOf } from "../../src/model/people.ts";
import { owner, person, presence } from "../persons.ts";

test("somebody asks when any of their pages does", () => {
  const pages = [person("2", { person: "g" }), person("3", { person: "g", asks: "waiting" }), person("4", { asks: "declined" })];
  expect(grouped(presence("1", owner("1"), ...pages)).map(one => one.asks)).toEqual([false, true, false]);
});

describe("initials", () => {
  test.each([
    ["Grace Hopper (guest)", "GH"],
    ["mira (guest)", "Mi"],
    ["ada", "Ad"],
    ["Anna Maria van der Berg (guest)", "AB"],
    ["李小龍 (guest)", "李小"],
    ["👩‍🚀 (guest)", "👩‍🚀"],
    ["x", "X"],
    ["", "?"],
  ])("of %s", (name, expected) => {
    expect(initialsOf(name)).toBe(expected);
  });
});

describe("colours", () => {
  test("are steady, in range, and the owner's is nobody else's", () => {
    expect(colourOf("owner")).toBe(0);
    const found = new Set(Array.from({ length: 200 }, (_, n) => colourOf(`id${n}`)));
    expect(colourOf("id7")).toBe(colourOf("id7"));
    expect([...found].sort()).toEqual(Array.from({ length: COLOURS - 1 }, (_, n) => n + 1));
  });
});

describe("people", () => {
  test("are one of each person: you first, then the owner, then by name", () => {
    const all = grouped(
      presence("2", person("9", { name: "Zoe (guest)" }), owner("1"), person("2"), owner("3"), person("4", { name: "Bob (guest)" })),
    );
    expect(all.map(one => [one.name, one.isYou])).toEqual([
      ["2 (guest)", true],
      ["ada", false],
      ["Bob (guest)", false],
      ["Zoe (guest)", false],
    ]);
  });

  test("are where they moved last, and idle only with all their pages", () => {
    const [you] = grouped(presence("1", owner("1", { cell: "b", is_idle: true }), owner("2", { cell: "a" })));
    expect(you).toMatchObject({ cell: "b", isIdle: false });
  });

  test("your own pages make no marks, others do, by cell", () => {
    const found = marksOf(
      presence("1", owner("1", { cell: "a" }), owner("2", { cell: "a" }), person("3", { cell: "a" }), person("4", { cell: null })),
    );
    expect([...found].map(([cell, list]) => [cell, list.map(one => one.id)])).toEqual([["a", ["3"]]]);
  });

  test("marks that are the same stay the same value, so that nothing is painted again", () => {
    const before = marksOf(presence("1", person("3", { cell: "a" }), person("4", { cell: "b" })));
    const kept = keptMarks(before, marksOf(presence("1", person("3", { cell: "a" }), person("4", { cell: "c" }))));
    expect(kept.get("a")).toBe(before.get("a"));
    expect([...kept.keys()]).toEqual(["a", "c"]);
  });
});
