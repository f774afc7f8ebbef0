/** Which output is painted: the views below it ask for its place, and for the address of its own page. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { open } from "../session/open_session.ts";
import { type OutputPlace, outputAddress } from "../session/route.ts";
import type { Place } from "./earlier_outputs.ts";

export interface Painted extends Place {
  /** Where its cell shows it; null for one that no cell shows. */
  readonly inCell: OutputPlace | null;
}

/** The output that is painted; null outside of outputs, and on the page of one output. */
export const PaintedOutput = createContext<Painted | null>(null);

/** The address of the page of the output that is painted; null when it has none. */
export function useOutputAddress(): string | null {
  const place = useContext(PaintedOutput)?.inCell ?? null;
  const session = open.value?.store.id;
  return place === null || session === undefined ? null : outputAddress(session, place);
}
