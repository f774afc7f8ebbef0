/** The others at a cell: a coloured mark with their names. */
import { useComputed } from "@preact/signals";
import type { Mark } from "../model/people.ts";
import { following, marks } from "../session/presence.ts";
import { p } from "../text/people.ts";

function Marked({ here }: { here: readonly Mark[] }) {
  const followed = here.some(one => one.person === following.value) ? " followed" : "";
  const names = [...new Set(here.map(one => one.name))];
  return (
    <div class={`here p${here[0]?.colour ?? 0}${followed}`}>
      <span class={here.every(one => one.isIdle) ? "here-name idle" : "here-name"} title={p.isHere(names.join(", "))}>
        {names[0]}
        {names.length > 1 && ` +${names.length - 1}`}
      </span>
    </div>
  );
}

export function Here({ cell }: { cell: string }) {
  const here = useComputed(() => marks.value.get(cell)).value;
  return here === undefined ? null : <Marked here={here} />;
}
