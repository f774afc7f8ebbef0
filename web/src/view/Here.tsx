/** The others at a cell: a coloured mark with their names. */
import { useComputed } from "@preact/signals";
import { following, marks } from "../store/here.ts";
import { p } from "../text/people.ts";

export function Here({ cell }: { cell: string }) {
  const here = useComputed(() => marks.value.get(cell)).value;
  const followed = useComputed(
    () => following.value !== null && marks.value.get(cell)?.some(one => one.person === following.value) === true,
  ).value;
  if (here === undefined) return null;
  const [first] = here;
  const names = [...new Set(here.map(one => one.name))];
  return (
    <div class={`here p${first?.colour ?? 0}${followed ? " followed" : ""}`}>
      <span class={here.every(one => one.isIdle) ? "here-name idle" : "here-name"} title={p.isHere(names.join(", "))}>
        {names[0]}
        {names.length > 1 && ` +${names.length - 1}`}
      </span>
    </div>
  );
}
