/** Formulas in the labels and outputs of widgets; what sets them is loaded when the first one is there. */
import type { Surroundings } from "../guest.ts";

/** Sets the formulas in an element, if it has any. */
export function setFormulas(element: HTMLElement, { library }: Surroundings): void {
  if (!/\$|\\\(|\\\[/.test(element.textContent ?? "")) return;
  void library("math").then(({ typeset }) => typeset?.(element));
}
