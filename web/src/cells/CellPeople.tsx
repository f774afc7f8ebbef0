/** The others at a cell. */
import { useComputed } from "@preact/signals";
import { marks } from "../session/presence.ts";
import { forActs, lazily } from "../ui/lazy.ts";

const HereMark = lazily(forActs(async () => (await import("./HereMark.tsx")).HereMark));

export function Here({ cell }: { cell: string }) {
  const here = useComputed(() => marks.value.get(cell)).value;
  return here === undefined ? null : <HereMark here={here} />;
}
