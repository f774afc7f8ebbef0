/** English: printing. */
import { many, n } from "./format.ts";

export const printed = {
  title: "Preparing the pages",
  drawing: "All cells and their outputs are drawn. Then the browser asks how to print.",
  figures: (done: number, all: number) =>
    `${n(done)} of ${many(all, "figure is", "figures are")} drawn. Then the browser asks how to print.`,
} as const;
