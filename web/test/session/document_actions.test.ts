// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from "vitest";
import { save as download } from "../../src/rpc/http.ts";
import { DocumentActions } from "../../src/session/document_actions.ts";
import { toasts } from "../../src/ui/notices.ts";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";
import { settle } from "../world.ts";

vi.mock("../../src/rpc/http.ts", async original => ({ ...(await original<object>()), save: vi.fn(async () => {}) }));

const FILE = { type: "notebook_opened" as const, path: "a/n.ipynb", etag: "e1" };

async function notebook(...more: Parameters<typeof numbered>[0]) {
  const created = { type: "session_created" as const, session: "s", title: "t" };
  const opened = await openSession(
    numbered([created, { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "" }, ...more]),
  );
  const answer = async (method: string, result: unknown): Promise<void> => {
    await settle();
    opened.world.last.answer(method, result);
    await settle();
  };
  const refuse = async (method: string): Promise<void> => {
    await settle();
    opened.world.last.refuse(method, "refused");
    await settle();
  };
  return { ...opened, file: new DocumentActions(opened.store), answer, refuse };
}

const said = (): string | undefined => toasts.value.at(-1)?.text;

beforeEach(() => {
  toasts.value = [];
});

test("gives a session without a file one, and a file another format", async () => {
  const { file, calls, answer } = await notebook();
  void file.saveUnder("b.ipynb");
  await answer("notebook.save", { is_saved: true, path: "b.ipynb" });
  void file.upgrade();
  await answer("notebook.save", {});
  expect(calls("notebook.save")).toEqual([
    { session: "s", path: "b.ipynb" },
    { session: "s", upgrade: true },
  ]);
});

describe("a conflict", () => {
  const conflict = (etag: string | null) => ({ type: "notebook_conflicted" as const, path: "a/n.ipynb", reason: "both", etag, cells: [] });

  test("is decided for what is here, over exactly the file that was seen", async () => {
    for (const [etag, overwrite] of [
      ["e9", "e9"],
      [null, "missing"],
    ] as const) {
      const { file, calls, answer } = await notebook(FILE, conflict(etag));
      void file.keepMine();
      await answer("notebook.save", {});
      expect(calls("notebook.save")).toEqual([{ session: "s", overwrite }]);
    }
    const { file, calls } = await notebook(FILE);
    await file.keepMine();
    expect(calls("notebook.save")).toEqual([]);
  });

  test("is decided for the file", async () => {
    const { file, calls, answer } = await notebook(FILE, conflict("e9"));
    void file.takeTheirs();
    await answer("notebook.reload", {});
    expect(calls("notebook.reload")).toEqual([{ session: "s" }]);
  });
});

test("states are named and gone back to, and exports are downloaded", async () => {
  const { file, calls, answer } = await notebook(FILE);
  void file.checkpoint("good");
  await answer("notebook.checkpoint", {});
  expect([calls("notebook.checkpoint"), said()]).toEqual([[{ session: "s", checkpoint: "good" }], "This state is kept as “good”."]);
  void file.restore(7, "at noon");
  await answer("notebook.restore", {});
  expect([calls("notebook.restore"), said()]).toEqual([[{ session: "s", seq: 7, time: null, cell: null }], "at noon"]);
  void file.restore(7, "the cell", "c1");
  await answer("notebook.restore", {});
  expect([calls("notebook.restore").at(-1), said()]).toEqual([{ session: "s", seq: 7, time: null, cell: "c1" }, "the cell"]);
  void file.export("html");
  await answer("notebook.export", { url: "/exports/1", name: "n.html" });
  expect(calls("notebook.export")).toEqual([{ session: "s", format: "html" }]);
  expect(download).toHaveBeenCalledWith("/exports/1", "n.html");
});
