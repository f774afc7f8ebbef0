// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { CellCalls } from "../../src/session/cell_calls.ts";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";
import { settle } from "../world.ts";

async function notebook() {
  const opened = await openSession(
    numbered([
      { type: "session_created", session: "s", title: "t" },
      { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "1" },
    ]),
  );
  return { ...opened, cells: new CellCalls(opened.store) };
}

describe("calls that change cells", () => {
  test("wait until the server has the cell", async () => {
    const { cells, store, calls, world } = await notebook();
    const made = store.insert("a", "code", "2");
    void cells.setType(made, "markdown");
    void cells.move(made, null);
    void cells.delete([made]);
    await settle();
    expect(["cell.set_type", "cell.move", "cell.delete"].map(calls)).toEqual([[], [], []]);
    world.last.answer("cell.insert", {});
    await settle();
    expect(["cell.set_type", "cell.move", "cell.delete"].map(method => calls(method).length)).toEqual([1, 1, 1]);
  });

  test("delete a cell that is deleted already without a failure, and no other", async () => {
    const { cells, world } = await notebook();
    const gone = cells.delete(["a"]);
    await settle();
    world.last.refuse("cell.delete", "not_found");
    await gone;
    const refused = cells.delete(["a"]).catch((error: Error) => error.message);
    await settle();
    world.last.refuse("cell.delete", "not_permitted");
    expect(await refused).toBe("refused: not_permitted");
  });

  test("restore the last cell first, one after the other", async () => {
    const { cells, calls, world } = await notebook();
    const done = cells.restore(["x", "y"]);
    expect(calls("cell.restore")).toEqual([{ session: "s", cell: "y" }]);
    world.last.answer("cell.restore", {});
    await settle();
    expect(calls("cell.restore").at(-1)).toEqual({ session: "s", cell: "x" });
    world.last.answer("cell.restore", {});
    await done;
  });

  test("set a source after all edits that are under way", async () => {
    const { cells, store, calls, world, more } = await notebook();
    const made = store.insert("a", "code", "2");
    void cells.setSource("a", "new");
    await settle();
    expect(calls("cell.set_source")).toEqual([]);
    world.last.answer("cell.insert", {});
    await settle();
    more({ type: "cell_inserted", cell: made, after: "a", cell_type: "code", source: "2" });
    await settle();
    expect(calls("cell.set_source")).toEqual([{ session: "s", cell: "a", source: "new" }]);
  });
});
