/** A notebook that a test acts on. */
import type { CellType } from "../src/rpc/schema.ts";
import { Actions } from "../src/session/actions.ts";
import { numbered } from "./log.ts";
import { openSession } from "./stores.ts";
import { settle } from "./world.ts";

/** The event that makes a cell. */
export const cell = (id: string, after: string | null, source: string, cell_type: CellType = "code") => ({
  ...{ type: "cell_inserted" as const, cell: id, after, cell_type, source },
});

/** A notebook of three code cells and a text cell; the first one is selected. */
export async function notebook() {
  const log = numbered([
    { type: "session_created", session: "s", title: "t" },
    cell("a", null, "one"),
    cell("b", "a", "two"),
    cell("c", "b", "three"),
    cell("d", "c", "words", "markdown"),
  ]);
  const opened = await openSession(log);
  const actions = new Actions(opened.store);
  actions.select("a");
  const answer = async (method: string, result: unknown = {}): Promise<void> => {
    opened.world.last.answer(method, result);
    await settle();
  };
  return { ...opened, actions, answer };
}
