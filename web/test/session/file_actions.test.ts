// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { FileActions } from "../../src/session/file_actions.ts";
import { toasts } from "../../src/ui/notices.ts";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";
import { settle } from "../world.ts";

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
  return { ...opened, file: new FileActions(opened.store), answer, refuse };
}

const said = (): string | undefined => toasts.value.at(-1)?.text;

beforeEach(() => {
  toasts.value = [];
});

describe("saving", () => {
  test("says where the file is, or why there is none", async () => {
    const { file, calls, answer, refuse } = await notebook(FILE);
    void file.save();
    await answer("notebook.save", { is_saved: true, path: "a/n.ipynb" });
    expect([calls("notebook.save"), said()]).toEqual([[{ session: "s" }], "Saved as a/n.ipynb"]);
    void file.save();
    await refuse("notebook.save");
    expect(toasts.value.at(-1)).toMatchObject({ text: "refused: refused", bad: true });
    const without = await notebook();
    await without.file.save();
    expect(without.calls("notebook.save")).toEqual([]);
    expect(said()).toContain("has no file");
  });
});

describe("a name", () => {
  test("is that of the file, in its folder and with its suffix", async () => {
    const { file, calls } = await notebook(FILE);
    for (const name of ["m", "m.ipynb", " n ", ""]) file.rename(name);
    expect(calls("file.rename")).toEqual(["m", "m"].map(() => ({ path: "a/n.ipynb", to: "a/m.ipynb" })));
  });
  test("is that of the session where there is no file", async () => {
    const { file, calls } = await notebook();
    file.rename("t");
    file.rename("other");
    expect(calls("session.rename")).toEqual([{ session: "s", title: "other" }]);
  });
});
