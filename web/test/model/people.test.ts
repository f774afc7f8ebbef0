// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { COLOURS, colourOf, grouped, initialsOf, isFound, keptMarks, marksOf, partsOf } from "../../src/model/people.ts";
import { owner, person, presence } from "../persons.ts";

test("what somebody asks for is known until it is answered", () => {
  const pages = [person("2", { asks: "waiting", asks_for: "execute" }), person("4", { asks: "declined", asks_for: "write" })];
  expect(grouped(presence("1", owner("1"), ...pages)).map(one => one.asks)).toEqual([null, "execute", null]);
});

describe("the list in parts", () => {
  const words = { asking: "asking", editing: "editing", viewing: "viewing", inNoGroup: "none" };
  const all = grouped(
    presence(
      "1",
      owner("1"),
      person("2", { person: "account a", name: "Zoé" }),
      person("3", { person: "account b", name: "Bo", verb: "write" }),
      person("4", { person: "account c", name: "Cy", asks: "waiting", asks_for: "write" }),
    ),
  );
  const shown = (groups: ReadonlyMap<string, readonly string[]> | null) =>
    partsOf(all, groups, words).map(({ title, people }) => [title, people.map(one => one.name)]);

  test("has who asks first, then who may edit, then the others", () => {
    expect(shown(null)).toEqual([
      ["asking", ["Cy"]],
      ["editing", ["ada", "Bo"]],
      ["viewing", ["Zoé"]],
    ]);
  });

  test("is by group where that is wanted: somebody of two is in both, and who asks still comes first", () => {
    const groups = new Map([
      ["account a", ["tutors", "lab"]],
      ["account b", ["lab"]],
      ["account c", ["lab"]],
    ]);
    expect(shown(groups)).toEqual([
      ["asking", ["Cy"]],
      ["lab", ["Bo", "Zoé"]],
      ["tutors", ["Zoé"]],
      ["none", ["ada"]],
    ]);
  });

  test("finds by a part of the name, without its accents and in any case", () => {
    expect(all.filter(one => isFound(one, " ZOE")).map(one => one.name)).toEqual(["Zoé"]);
    expect(all.filter(one => isFound(one, "")).length).toBe(4);
  });
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
