import { describe, expect, test, vi } from "vitest";
import type { Cell } from "../../src/model/types.ts";
import type { CellType, JsonMap } from "../../src/rpc/schema.ts";
import type { CellEditing } from "../../src/session/cell_editing.ts";
import { CellVisibility } from "../../src/session/cell_visibility.ts";

function notebook(...cells: [string, CellType, JsonMap][]) {
  const all = new Map(cells.map(([id, type, metadata]) => [id, { id, type, metadata } as Cell]));
  const setMetadata = vi.fn();
  const store = { cellOf: (id: string) => all.get(id), order: [...all.keys()] };
  const visibility = new CellVisibility({ store, chosen: () => [...all.keys()], setMetadata } as unknown as CellEditing);
  return { visibility, changes: (): unknown[] => setMetadata.mock.calls };
}

const HIDDEN = { jupyter: { outputs_hidden: true } };

describe("what is hidden of cells", () => {
  test("becomes the same for all that are selected, code cells only", () => {
    const { visibility, changes } = notebook(["a", "code", {}], ["b", "code", HIDDEN], ["c", "markdown", {}]);
    visibility.toggle("outputs");
    expect(changes()).toEqual([["a", HIDDEN]]);
  });
  test("is shown again when all of it was hidden", () => {
    const { visibility, changes } = notebook(["a", "code", HIDDEN], ["b", "code", { ...HIDDEN, tags: [] }]);
    visibility.toggle("outputs");
    expect(changes()).toEqual([
      ["a", {}],
      ["b", { tags: [] }],
    ]);
  });
  test("of all cells is set once", () => {
    const { visibility, changes } = notebook(["a", "code", { scrolled: true }], ["b", "code", {}]);
    visibility.setAll("scrolled", true);
    visibility.set("source", "missing", true);
    expect(changes()).toEqual([["b", { scrolled: true }]]);
  });
});
