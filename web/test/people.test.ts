// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { COLOURS, colourOf, grouped, initialsOf, keptMarks, marksOf } from "../src/model/people.ts";
import { COMMANDS, commandsOf } from "../src/panels/commands.ts";
import { PresenceFollow } from "../src/people/presence_follow.ts";
import { Connection } from "../src/rpc/connection.ts";
import type { Person, Presence } from "../src/rpc/schema.ts";
import { may, right, setRight } from "../src/session/permissions.ts";
import { asked, following, marks, people, watchPeople } from "../src/session/presence.ts";
import { mode, selected } from "../src/session/selection.ts";
import { SessionStore } from "../src/session/store.ts";
import { spoken, toasts } from "../src/ui/notices.ts";
import { FakeWorld, settle } from "./world.ts";

const person = (id: string, more: Partial<Person> = {}): Person => ({
  id,
  person: `person-${id}`,
  name: `${id} (guest)`,
  verb: "read",
  is_guest: true,
  cell: null,
  selection: null,
  is_idle: false,
  asks: null,
  ...more,
});
const owner = (id: string, more: Partial<Person> = {}): Person =>
  person(id, { person: "owner", name: "ada", verb: "own", is_guest: false, ...more });
const presence = (you: string, ...all: Person[]): Presence => ({ session: "s", you, more: 0, people: all });

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

describe("rights", () => {
  afterEach(() => setRight(null));

  test("what needs more than one has is not offered", () => {
    const allowed = (verb: "read" | "write" | "execute" | "own"): string[] => {
      setRight(verb);
      return COMMANDS.filter(one => may(one.right)).map(one => one.id);
    };
    const [viewer, editor, runner, all] = [allowed("read"), allowed("write"), allowed("execute"), allowed("own")];
    expect(all.length).toBe(COMMANDS.length);
    expect(viewer).toEqual([
      ...[
        "palette",
        "palette-key",
        "up",
        "down",
        "extend-up",
        "extend-down",
        "all",
        "first",
        "last",
        "extend-first",
        "extend-last",
        "copy",
      ],
      ...[
        "beside",
        "lines",
        "all-lines",
        "find",
        "find-key",
        "find-next",
        "find-previous",
        "define",
        "define-back",
        "shortcuts",
        "history",
      ],
      ...["ipynb", "html", "slides", "pdf", "markdown", "latex", "rst", "script", "py:percent"].map(format => `export-${format}`),
      ...["print", "outline", "wrap", "theme", "settings", "close-pager"],
    ]);
    expect(editor.filter(id => !viewer.includes(id))).toContain("cut");
    for (const one of commandsOf("colab")) expect(one.right).toBe(COMMANDS.find(other => other.title === one.title)?.right);
    expect(editor.filter(id => /run|kernel|restart|interrupt/.test(id))).toEqual([]);
    expect(all.filter(id => !runner.includes(id)).sort()).toEqual(["files", "rename", "save-as", "share"]);
  });

  test("who may not edit any more leaves the editor", () => {
    setRight("write");
    mode.value = "edit";
    setRight("read");
    expect(mode.value).toBe("command");
  });
});

describe("here", () => {
  let world: FakeWorld;
  let store: SessionStore;
  let here: PresenceFollow;

  beforeEach(() => {
    vi.useFakeTimers();
    world = new FakeWorld();
    const connection = new Connection(world);
    connection.start();
    store = new SessionStore(connection, "s");
    world.last.open();
    selected.value = "a";
    mode.value = "command";
    here = new PresenceFollow(store);
  });
  afterEach(() => {
    here.stop();
    people.value = [];
    marks.value = new Map();
    following.value = null;
    vi.useRealTimers();
  });
  const told = (): unknown[] => world.last.sent.filter(one => one.method === "presence.set").map(one => one.params);

  test("says nothing while nobody is there to hear it", () => {
    selected.value = "b";
    here.observe(presence("1", owner("1")));
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual([]);
    expect(people.value).toEqual([]);
  });

  test("tells where we are once somebody is there, and many moves as one", () => {
    here.observe(presence("1", owner("1"), person("2")));
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual([{ session: "s", cell: "a", selection: null }]);
    here.observe(presence("1", owner("1", { cell: "a" }), person("2")));
    for (const cell of ["b", "c", "d"]) selected.value = cell;
    vi.advanceTimersByTime(1000);
    expect(told().slice(1)).toEqual([{ session: "s", cell: "d", selection: null }]);
  });

  test("tells it again when the server says otherwise: the line broke in between", () => {
    here.observe(presence("1", owner("1"), person("2")));
    vi.advanceTimersByTime(1000);
    here.observe(presence("7", owner("7"), person("2")));
    vi.advanceTimersByTime(1000);
    expect(told().length).toBe(2);
  });

  test("speaks of who comes and goes, and not of who was there before", () => {
    spoken.value = "";
    here.observe(presence("1", owner("1"), person("2")));
    expect(spoken.value).toBe("");
    here.observe(presence("1", owner("1"), person("2"), person("3")));
    expect(spoken.value).toBe("3 (guest) joined");
    here.observe(presence("1", owner("1"), person("3")));
    expect(spoken.value).toBe("2 (guest) left");
  });

  test("follows until something is done here, or they leave", () => {
    const cell = document.createElement("div");
    cell.id = "cell-z";
    const seen = vi.fn();
    cell.scrollIntoView = seen;
    document.body.append(cell);
    here.observe(presence("1", owner("1"), person("2", { cell: "z" })));
    following.value = "person-2";
    expect(seen).toHaveBeenCalledTimes(1);
    dispatchEvent(new KeyboardEvent("keydown", { key: "Shift" }));
    expect(following.value).toBe("person-2");
    dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(following.value).toBe(null);
    following.value = "person-2";
    dispatchEvent(new Event("wheel"));
    expect(following.value).toBe(null);
    following.value = "person-2";
    here.observe(presence("1", owner("1")));
    expect(following.value).toBe(null);
    cell.remove();
  });

  test("nobody is shown who was there before the line broke", async () => {
    const stop = watchPeople(store, async () => one => new PresenceFollow(one));
    here.observe(presence("1", owner("1"), person("2", { cell: "a" })));
    expect(people.value.length).toBe(2);
    world.last.fail();
    await settle();
    expect([people.value.length, marks.value.size]).toEqual([0, 0]);
    stop();
  });

  test("what was asked for is known until it is answered, and a yes is told", async () => {
    const stop = watchPeople(store, async () => one => new PresenceFollow(one));
    const say = (...all: Person[]): void =>
      world.last.say({ jsonrpc: "2.0", method: "presence", params: presence("2", owner("1"), ...all) });
    say(person("2", { asks: "waiting" }));
    expect([asked.value, toasts.value.length]).toEqual(["waiting", 0]);
    say(person("2", { asks: "declined" }));
    expect([asked.value, toasts.value.length]).toEqual(["declined", 0]);
    say(person("2", { asks: "waiting" }));
    say(person("2", { verb: "write" }));
    expect([asked.value, toasts.value.map(one => one.text)]).toEqual([null, ["You can edit now."]]);
    await settle();
    stop();
    expect(asked.value).toBe(null);
    setRight(null);
    toasts.value = [];
  });

  test("a right that is given anew is taken from the notification", async () => {
    const stop = watchPeople(store, async () => one => new PresenceFollow(one));
    world.last.say({ jsonrpc: "2.0", method: "presence", params: presence("2", owner("1"), person("2", { verb: "write" })) });
    expect(right.value).toBe("write");
    world.last.say({ jsonrpc: "2.0", method: "presence", params: { ...presence("2", person("2", { verb: "own" })), session: "other" } });
    expect(right.value).toBe("write");
    await settle();
    stop();
    setRight(null);
  });
});
