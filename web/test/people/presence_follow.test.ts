// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PresenceFollow } from "../../src/people/presence_follow.ts";
import { Connection } from "../../src/rpc/connection.ts";
import type { Person } from "../../src/rpc/schema.ts";
import { right, setRight } from "../../src/session/permissions.ts";
import { asked, following, marks, people, watchPeople } from "../../src/session/presence.ts";
import { mode, selected } from "../../src/session/selection.ts";
import { SessionStore } from "../../src/session/store.ts";
import { spoken, toasts } from "../../src/ui/notices.ts";
import { owner, person, presence } from "../persons.ts";
import { FakeWorld, settle } from "../world.ts";

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
    expect(told()).toEqual([{ session: "s", cell: "a", selection: null, view: null, follows: null }]);
    here.observe(presence("1", owner("1", { cell: "a" }), person("2")));
    for (const cell of ["b", "c", "d"]) selected.value = cell;
    vi.advanceTimersByTime(1000);
    expect(told().slice(1)).toEqual([{ session: "s", cell: "d", selection: null, view: null, follows: null }]);
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

  test("whoever asks everybody to follow is followed, once; who has left is not asked again until they ask anew", () => {
    const told = (lead: string | null, ...all: Person[]): void => here.observe({ ...presence("2", ...all), lead });
    told(null, owner("1"), person("2"));
    told("owner", owner("1"), person("2"));
    expect(following.value).toBe("owner");
    dispatchEvent(new Event("wheel"));
    told("owner", owner("1", { cell: "b" }), person("2"));
    expect(following.value).toBe(null);
    told("owner", person("2"));
    told("owner", owner("7"), person("2"));
    expect(following.value).toBe(null);
    told(null, owner("7"), person("2"));
    told("owner", owner("7"), person("2"));
    expect(following.value).toBe("owner");
    told("owner", person("2")); // their line breaks
    expect(following.value).toBe("owner");
    told(null, owner("8"), person("2")); // they end it
    expect(following.value).toBe(null);
  });

  test("who types is not taken away, and who leads follows nobody", () => {
    mode.value = "edit";
    here.observe({ ...presence("2", owner("1"), person("2")), lead: "owner" });
    expect(following.value).toBe(null);
    mode.value = "command";
    here.observe({ ...presence("1", owner("1"), person("2")), lead: "owner" });
    expect(following.value).toBe(null);
  });

  test("what the page shows is sent while somebody follows, and shown where they do", () => {
    const page = document.createElement("main");
    page.id = "main";
    const cells = ["x", "y"].map((id, index) => {
      const cell = document.createElement("div");
      cell.id = `cell-${id}`;
      cell.className = "cell";
      cell.getBoundingClientRect = () => ({ top: index * 100, bottom: index * 100 + 100, height: 100 }) as DOMRect;
      return cell;
    });
    page.append(...cells);
    page.getBoundingClientRect = () => ({ top: 0, bottom: 250 }) as DOMRect;
    document.body.append(page);
    here.observe(presence("1", owner("1"), person("2", { follows: "owner" })));
    vi.advanceTimersByTime(1000);
    expect(told().at(-1)).toMatchObject({ view: { cell: "y", part: 0.25 } });
    here.observe(presence("1", owner("1"), person("2", { view: { cell: "x", part: 0.5 } })));
    vi.advanceTimersByTime(1000);
    expect(told().at(-1)).toMatchObject({ view: null });
    following.value = "person-2";
    expect(page.scrollTop).toBe(-75);
    vi.advanceTimersByTime(1000);
    expect(told().at(-1)).toMatchObject({ follows: "person-2" });
    page.remove();
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
