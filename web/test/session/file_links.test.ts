// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { File, Session } from "../../src/rpc/schema.ts";
import { connection } from "../../src/session/connection.ts";
import { addressOf, isViewable, openFile } from "../../src/session/file_links.ts";
import { goTo } from "../../src/session/route.ts";
import { settle } from "../world.ts";

const durable = vi.spyOn(connection, "durable");

beforeEach(() => goTo("/"));

describe("a click on a file", () => {
  const file = (kind: File["kind"], path: string): File => ({ kind, path, name: path.split("/").at(-1) ?? "" }) as File;

  test("leads to what the browser can show, or to the file itself", () => {
    expect(["a.png", "A.PDF", "a.zip", "py"].map(isViewable)).toEqual([true, true, false, false]);
    expect(addressOf(file("folder", "a/b"))).toBe("/?in=a/b");
    expect(addressOf(file("file", "a/b.txt"))).toBe("/files/a/b.txt?inline=1");
    expect(addressOf(file("file", "a/b.zip"))).toBe("/files/a/b.zip");
  });

  test("opens folders here, notebooks as sessions and pictures in a tab", async () => {
    openFile(file("folder", "a"));
    expect(location.search).toBe("?in=a");
    durable.mockResolvedValue({ id: "s" } as Session);
    openFile(file("notebook", "n.ipynb"));
    await settle();
    expect(location.pathname).toBe("/s/s");
    const tab = vi.spyOn(window, "open").mockReturnValue(null);
    openFile(file("file", "a.png"));
    expect(tab).toHaveBeenCalledWith("/files/a.png?inline=1", "_blank", "noopener");
  });
});
