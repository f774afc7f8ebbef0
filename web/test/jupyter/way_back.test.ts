import { afterEach, describe, expect, test, vi } from "vitest";
import { addressOf, addWayBack, COMMAND, type Shell } from "../../src/jupyter/way_back.ts";

type Options = Parameters<Shell["commands"]["addCommand"]>[1];

function stage(path: string | undefined) {
  const commands = new Map<string, Options>();
  const items: object[] = [];
  const shown = path === undefined ? null : { context: { path } };
  addWayBack({
    commands: { addCommand: (id, options) => commands.set(id, options) },
    contextMenu: { addItem: item => items.push(item) },
    shell: { currentWidget: shown },
  });
  return { command: commands.get(COMMAND) as Options, items };
}

afterEach(() => vi.unstubAllGlobals());

describe("the way from JupyterLab to webipy", () => {
  test("is in the menu of a notebook, and opens the same document", () => {
    const open = vi.fn();
    const configured = { textContent: `{"baseUrl":"/a%40b/"}` };
    vi.stubGlobal("window", { open });
    vi.stubGlobal("document", { getElementById: (id: string) => (id === "jupyter-config-data" ? configured : null) });
    const { command, items } = stage("sub/a b.ipynb");
    expect(items).toEqual([{ command: COMMAND, selector: ".jp-Notebook", rank: 0 }]);
    expect(command.isEnabled()).toBe(true);
    command.execute();
    expect(open).toHaveBeenCalledWith("/a%40b/n/sub/a%20b.ipynb", "_blank", "noopener");
    vi.stubGlobal("document", { getElementById: () => null });
    command.execute();
    expect(open).toHaveBeenLastCalledWith("/n/sub/a%20b.ipynb", "_blank", "noopener");
  });

  test("is closed where no notebook is shown", () => {
    expect(stage(undefined).command.isEnabled()).toBe(false);
    expect(stage("").command.isEnabled()).toBe(false);
  });

  test("is not there in a page whose application is another one", () => {
    expect(() => addWayBack({} as Shell)).not.toThrow();
  });

  test("knows the drives of JupyterLab", () => {
    expect(addressOf("RTC:sub/a.ipynb", "/")).toBe("/n/sub/a.ipynb");
    expect(addressOf("a:b.ipynb", "/")).toBe("/n/b.ipynb");
    expect(addressOf("sub/a:b.ipynb", "/")).toBe("/n/sub/a%3Ab.ipynb");
  });
});
