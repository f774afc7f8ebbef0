// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { guestOf, may, setGuest, setRight } from "../../src/session/permissions.ts";
import { goToHub, isBackFromHub, leave } from "../../src/session/sign_in.ts";
import { toasts } from "../../src/ui/notices.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  setGuest(null);
});

test("who leaves is a guest no longer, and the page is loaded again", async () => {
  vi.stubGlobal("fetch", async () => new Response(null, { status: 204 }));
  const assign = vi.spyOn(location, "assign").mockImplementation(() => {});
  setGuest("s");
  await leave();
  expect(guestOf.value).toBe(null);
  expect(assign).toHaveBeenCalledWith("/");
});

test("who signs out where a hub signs people in goes on there", async () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ next: "/hub/logout" }), { status: 200 }));
  const assign = vi.spyOn(location, "assign").mockImplementation(() => {});
  await leave();
  expect(assign).toHaveBeenCalledWith("/hub/logout");
});

test("a tab goes to the hub once, and again only after it was signed in or has waited", () => {
  const assign = vi.spyOn(location, "assign").mockImplementation(() => {});
  assign.mockClear();
  const now = 1_000_000;
  expect([goToHub(now), goToHub(now + 59_000), goToHub(now + 60_000), goToHub(now + 61_000)]).toEqual([true, false, true, false]);
  isBackFromHub();
  expect(goToHub(now + 62_000)).toBe(true);
  expect(assign).toHaveBeenCalledTimes(3);
});

test("who cannot leave is told so, and stays", async () => {
  vi.stubGlobal("fetch", async () => new Response(null, { status: 500 }));
  setGuest("s");
  await leave();
  expect([guestOf.value, toasts.value.at(-1)?.bad]).toEqual(["s", true]);
});

test("until the server has answered, a guest may look and nobody else is held up", () => {
  setRight(null);
  expect(may("own")).toBe(true);
  setGuest("s");
  expect([may("read"), may("write")]).toEqual([true, false]);
  expect(localStorage.getItem("webipy-guest")).toBe("s");
});
