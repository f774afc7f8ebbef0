/** The sentences about what became of single cells. */
import { many, n } from "./format.ts";

export const y = {
  what: { added: "added", changed: "changed", moved: "moved", removed: "removed", ran: "ran" },
  cell: (number: number) => `cell ${n(number)}`,
  gone: "a cell that is gone",
  empty: "empty",
  more: (count: number) => `and ${many(count, "more cell", "more cells")}`,
  touched: (what: string, name: string, time: string) => `${what}: ${name}, ${time}`,
  did: (name: string) => `What changed in ${name}`,
  ran: "It ran. Its text stayed as it was.",
  nothing: "In the end nothing in it changed.",
  restoreCell: "Restore this cell",
  restoreCellThen: "Restore this cell as it was then",
  restoreCellBefore: "Restore this cell as it was before",
  restored: "The cell is as it was. The state before is in the history.",
} as const;
