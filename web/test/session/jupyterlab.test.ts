// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";
import { server } from "../../src/session/connection.ts";
import { hasLab, openInLab } from "../../src/session/jupyterlab.ts";

afterEach(() => {
  server.value = null;
  vi.unstubAllGlobals();
});

describe("JupyterLab", () => {
  test("is there when the server says so", () => {
    expect(hasLab()).toBe(false);
    server.value = { jupyterlab: true } as NonNullable<typeof server.value>;
    expect(hasLab()).toBe(true);
  });

  test("opens a file in a tab of its own", () => {
    const open = vi.fn();
    vi.stubGlobal("open", open);
    openInLab("a b/ü#.ipynb");
    openInLab("");
    expect(open.mock.calls.map(([address]) => address)).toEqual(["/lab/tree/a%20b/%C3%BC%23.ipynb", "/lab"]);
  });
});
