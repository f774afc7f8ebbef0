// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RpcFailure } from "../../src/rpc/messages.ts";
import type { Session } from "../../src/rpc/schema.ts";
import { connection } from "../../src/session/connection.ts";
import { openNotebook, refused } from "../../src/session/open_session.ts";
import { goTo } from "../../src/session/route.ts";
import { toasts } from "../../src/ui/notices.ts";

const durable = vi.spyOn(connection, "durable");
const fails = (kind: string): RpcFailure => new RpcFailure(-32000, "It has the marks of a merge.", kind, {});

beforeEach(() => {
  goTo("/");
  toasts.value = [];
  refused.value = null;
});
afterEach(() => void durable.mockReset());

describe("opening a file as a notebook", () => {
  test("goes to its session", async () => {
    durable.mockResolvedValue({ id: "s 1" } as Session);
    await openNotebook("a.ipynb", "ir");
    expect(durable).toHaveBeenCalledWith("session.create", { path: "a.ipynb", kernelspec: "ir" });
    expect(location.pathname).toBe("/s/s%201");
  });

  test("that is none opens its text, with the reason, and stays there when it is still none", async () => {
    durable.mockRejectedValue(fails("invalid_notebook"));
    await openNotebook("a.ipynb");
    expect([location.search, refused.value]).toEqual(["?edit=a.ipynb", { path: "a.ipynb", reason: "It has the marks of a merge." }]);
    const before = history.length;
    await openNotebook("a.ipynb");
    expect(history.length).toBe(before);
    durable.mockResolvedValue({ id: "s" } as Session);
    await openNotebook("a.ipynb");
    expect([location.pathname, refused.value]).toEqual(["/s/s", null]);
  });

  test("that fails otherwise is reported where one is", async () => {
    durable.mockRejectedValue(fails("too_many"));
    await openNotebook("a.ipynb");
    expect([location.pathname, toasts.value.at(-1)?.text]).toEqual(["/", "It has the marks of a merge."]);
  });
});
