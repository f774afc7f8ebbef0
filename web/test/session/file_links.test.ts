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

  test("leads to the page that shows it, or to the file itself", () => {
    expect(["a.png", "A.PDF", "a.zip", "Makefile"].map(isViewable)).toEqual([true, true, false, true]);
    expect(addressOf(file("folder", "a/b"))).toBe("/?in=a/b");
    expect(addressOf(file("file", "a/b.txt"))).toBe("/?open=a/b.txt");
    expect(addressOf(file("file", "a/b.zip"))).toBe("/files/a/b.zip");
  });

  test("opens folders here, notebooks as sessions and other files on their page", async () => {
    openFile(file("folder", "a"));
    expect(location.search).toBe("?in=a");
    durable.mockResolvedValue({ id: "s" } as Session);
    openFile(file("notebook", "n.ipynb"));
    await settle();
    expect(location.pathname).toBe("/s/s");
    openFile(file("file", "a.png"));
    expect(location.search).toBe("?open=a.png");
  });
});
