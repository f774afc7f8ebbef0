// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  askOffer,
  atHub,
  fileAddress,
  hubSignIn,
  join,
  probe,
  refusalOf,
  save,
  signIn,
  signOut,
  ticketed,
  whyOut,
} from "../../src/rpc/http.ts";
import { keepKey, loginKey } from "../../src/rpc/login_key.ts";

let asked: { path: string; body: unknown; headers: Record<string, string> }[] = [];
let answer: () => Response | Promise<Response> = () => new Response(null, { status: 204 });

const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status });

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    asked.push({ path, body: JSON.parse(String(init.body)), headers: init.headers as Record<string, string> });
    return await answer();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  keepKey(null);
});

describe("signing in", () => {
  test("keeps the key that the server gives, and sends it from then on", async () => {
    answer = () => json({ key: "secret" });
    expect(await signIn({ code: "c" })).toEqual({ ok: true });
    expect(asked[0]).toMatchObject({ path: "/login", body: { code: "c" } });
    expect(loginKey()).toBe("secret");
    answer = () => new Response(null, { status: 204 });
    await join("share", "Grace");
    expect(asked[1]).toMatchObject({ body: { share: "share", name: "Grace" }, headers: { "x-webipy-key": "secret" } });
  });

  test("gives the reason of a refusal, and an empty one where there is none", async () => {
    answer = () => json({ message: "This code is too old." }, 403);
    expect(await signIn({ code: "c" })).toEqual({ ok: false, message: "This code is too old." });
    answer = () => new Response("<html>", { status: 502 });
    expect(await signIn({ token: "t" })).toEqual({ ok: false, message: "" });
  });

  test("out forgets the key, also when the login had ended already", async () => {
    for (const status of [204, 401]) {
      keepKey("secret");
      answer = () => new Response(null, { status });
      await signOut();
      expect(loginKey()).toBe(null);
    }
    keepKey("secret");
    answer = () => new Response(null, { status: 500 });
    await expect(signOut()).rejects.toThrow("500");
    expect(loginKey()).toBe("secret");
  });
});

test("where a hub signs people in, the probe says so, and signing out goes on there", async () => {
  answer = () => json({ message: "Sign in at the hub.", data: { reason: "hub" } }, 401);
  expect([await probe(), whyOut, atHub]).toEqual(["signed_out", "", true]);
  expect(hubSignIn("/s/abc?output=c&at=1")).toBe("/oauth_login?next=%2Fs%2Fabc%3Foutput%3Dc%26at%3D1");
  answer = () => json({ next: "/hub/logout" });
  expect(await signOut()).toBe("/hub/logout");
  answer = () => new Response(null, { status: 204 });
  expect(await signOut()).toBe(null);
  answer = () => json({ message: "No." }, 401);
  expect([await probe(), atHub]).toEqual(["signed_out", false]);
});

test("a link is for a session, or for nothing, with the reason", async () => {
  const offer = { session: "s", title: "t", verb: "read", owner: "ada", is_in: false };
  answer = () => json(offer);
  expect(await askOffer("x")).toEqual(offer);
  answer = () => json({ message: "It is too old." }, 404);
  expect(await askOffer("x")).toBe("It is too old.");
});

test("a probe tells a login that has ended from a server that is out of reach", async () => {
  answer = () => json({});
  expect(await probe()).toBe("signed_in");
  answer = () => json({ message: "You were signed out.", data: { reason: "ended" } }, 401);
  expect([await probe(), whyOut]).toEqual(["signed_out", "You were signed out."]);
  answer = () => json({ message: "No." }, 401);
  expect([await probe(), whyOut]).toEqual(["signed_out", ""]);
  answer = () => Promise.reject(new TypeError("refused"));
  expect(await probe()).toBe("unreachable");
});

test("a file is downloaded by a ticket, and not at all without one", async () => {
  answer = () => json({ result: { address: "/files/a?ticket=1" } });
  expect(await ticketed("/files/a")).toBe("/files/a?ticket=1");
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  await save("/files/a", "a.txt");
  expect(clicked).toHaveBeenCalledTimes(1);
  answer = () => json({ error: { message: "It is gone." } });
  await expect(save("/files/a", "a.txt")).rejects.toThrow("It is gone.");
  expect(clicked).toHaveBeenCalledTimes(1);
});

test("addresses of files and reasons of refusals are read as the server has them", async () => {
  expect(fileAddress("a b/c?d.ipynb")).toBe("/files/a%20b/c%3Fd.ipynb");
  expect(await refusalOf(json({ message: "Too large." }, 413))).toBe("Too large.");
  expect(await refusalOf(new Response("?", { status: 502 }))).toBe("502");
});
