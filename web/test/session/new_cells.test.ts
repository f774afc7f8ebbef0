import { describe, expect, test } from "vitest";
import { emptyModel } from "../../src/model/reduce.ts";
import { Connection } from "../../src/rpc/connection.ts";
import { NewCells } from "../../src/session/new_cells.ts";
import { FakeWorld, settle } from "../world.ts";

function cells() {
  const world = new FakeWorld();
  const connection = new Connection(world);
  connection.start();
  world.last.open();
  const model = emptyModel();
  const all = new NewCells(connection, "s");
  const make = (id: string, after: string | null): Promise<void> => all.make(() => model, id, after, "code", id, {});
  return { world, model, all, make };
}

describe("new cells", () => {
  test("stand where they were made, in the order in which they were", () => {
    const { all, make, model } = cells();
    model.order.push("x", "y");
    void make("first", null);
    void make("second", "x");
    void make("third", "second");
    void make("last", "gone");
    expect(all.orderIn(model)).toEqual(["first", "x", "second", "third", "y", "last"]);
    expect([all.count, all.get("second")?.source]).toEqual([4, "second"]);
  });

  test("are forgotten when the model has them", () => {
    const { all, make, model } = cells();
    const made = make("a", null);
    const cell = all.get("a");
    if (cell !== undefined) model.cells.set("a", cell);
    model.order.push("a");
    expect([all.orderIn(model), all.count]).toEqual([["a"], 0]);
    void made;
  });

  test("are waited for, one or all", async () => {
    const { all, make, world } = cells();
    void make("a", null);
    let done = 0;
    void all.made("a").then(() => done++);
    void all.allMade().then(() => done++);
    await all.made("unknown");
    expect(done).toBe(0);
    world.last.answer("cell.insert", {});
    await settle();
    expect(done).toBe(2);
  });

  test("go to the end when the cell before them is gone, unless the session is closed", async () => {
    const { make, world, model } = cells();
    model.order.push("x");
    const made = make("a", "gone");
    world.last.refuse("cell.insert", "not_found");
    await settle();
    expect(world.last.sent.at(-1)?.params).toMatchObject({ id: "a", after: "x" });
    world.last.answer("cell.insert", {});
    await made;
    model.closed = true;
    const refused = make("b", "gone").catch((error: Error) => error.message);
    world.last.refuse("cell.insert", "not_found");
    expect(await refused).toBe("refused: not_found");
  });
});
