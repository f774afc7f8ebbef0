// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import type { MyRights, ServerInfo, SharedPlace } from "../../src/rpc/schema.ts";
import { connection, server } from "../../src/session/connection.ts";
import { fetchShared, isConfined, mayManage, mayShare, sharedPlaces } from "../../src/session/shared_places.ts";

const call = vi.spyOn(connection, "call");
const facts = (given: Partial<ServerInfo>): void => {
  server.value = { root: null, account: null, home: null, hub: null, ...given } as ServerInfo;
};
const shared = (path: string, verb: SharedPlace["verb"]): SharedPlace => ({ path, verb, kind: "folder", by: "Ada", since: "" });

beforeEach(() => {
  call.mockReset();
  server.value = null;
  sharedPlaces.value = [];
});

test("whoever runs the server, and an admin, share everything; under a hub there are no names", () => {
  expect(mayShare("a")).toBe(false);
  facts({ root: "/srv" });
  expect([mayManage(), isConfined(), mayShare(""), mayShare("a/b")]).toEqual([true, false, true, true]);
  facts({ root: "/srv", hub: "https://hub.example/" });
  expect(mayShare("a")).toBe(false);
});

test("a member shares their own folder, what is below it, and what they were made an owner of", async () => {
  facts({ account: "7", home: "people/bo" });
  call.mockResolvedValue({ home: "people/bo", shared: [shared("lab", "own"), shared("data", "execute")] } as MyRights);
  await fetchShared();
  expect(["people/bo", "people/bo/a/b.ipynb", "lab", "lab/x"].map(mayShare)).toEqual([true, true, true, true]);
  expect(["", "people", "people/bob", "data", "data/x", "other"].map(mayShare)).toEqual([false, false, false, false, false, false]);
  expect(mayManage()).toBe(false);
});

test("a guest and a viewer share nothing, and a guest is not asked for", async () => {
  facts({});
  await fetchShared();
  expect(call).not.toHaveBeenCalled();
  expect(mayShare("a")).toBe(false);
  facts({ account: "8" });
  sharedPlaces.value = [shared("a", "read")];
  expect(mayShare("a")).toBe(false);
});
