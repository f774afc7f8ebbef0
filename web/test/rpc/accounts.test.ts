// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { accept, askDoors, askInvited, beginSso, enter } from "../../src/rpc/accounts.ts";
import { keepKey, loginKey } from "../../src/rpc/login_key.ts";

let asked: { path: string; body: unknown }[] = [];
let answer: () => Response = () => new Response(null, { status: 204 });

const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status });

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    asked.push({ path, body: JSON.parse(String(init.body)) });
    return answer();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  keepKey(null);
});

describe("accounts", () => {
  test("the server says how browsers are signed in", async () => {
    for (const ways of ["none", "some", "only"] as const) {
      answer = () => json({ message: "Log in first.", data: { accounts: ways } }, 401);
      expect(await askDoors()).toEqual({ ways, provider: null });
    }
    answer = () => json({ data: {} }, 401);
    expect(await askDoors()).toEqual({ ways: "none", provider: null });
    answer = () => new Response("no JSON", { status: 502 });
    expect(await askDoors()).toEqual({ ways: "none", provider: null });
  });

  test("an identity provider has a name, and an address to go to", async () => {
    answer = () => json({ data: { accounts: "only", sso: "Uni" } }, 401);
    expect(await askDoors()).toEqual({ ways: "only", provider: "Uni" });
    answer = () => json({ url: "https://login.example.org/?a" });
    expect(await beginSso("/s/abc?x=1", true)).toEqual({ url: "https://login.example.org/?a" });
    expect(asked.at(-1)).toEqual({ path: "/sso/begin", body: { next: "/s/abc?x=1", stay: true } });
    answer = () => json({ message: "Uni is down." }, 503);
    expect(await beginSso("/", false)).toEqual({ message: "Uni is down." });
  });

  test("a name and a password are exchanged for a key", async () => {
    answer = () => json({ key: "secret" });
    expect(await enter("ada", "nine green lamps", true)).toEqual({ ok: true });
    expect(asked[0]).toEqual({ path: "/login", body: { account: "ada", password: "nine green lamps", stay: true } });
    expect(loginKey()).toBe("secret");
  });

  test("what is wrong is said in the words of the server, and no key is kept", async () => {
    answer = () => json({ message: "They do not belong together." }, 401);
    expect(await enter("ada", "x", false)).toEqual({ ok: false, message: "They do not belong together." });
    expect(loginKey()).toBeNull();
  });

  test("an invitation is looked at, and used", async () => {
    answer = () => json({ account: "ada", name: "Ada" });
    expect(await askInvited("i")).toEqual({ account: "ada", name: "Ada" });
    answer = () => json({ message: "It was used." }, 401);
    expect(await askInvited("i")).toBe("It was used.");
    answer = () => json({ key: "secret" });
    expect(await accept("i", "Ada L", "nine green lamps", false)).toEqual({ ok: true });
    expect(asked.at(-1)?.body).toEqual({ invite: "i", name: "Ada L", password: "nine green lamps", stay: false });
  });
});
