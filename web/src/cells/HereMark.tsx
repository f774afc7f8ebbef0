/** A coloured mark at a cell, with the names of the others who are there. */
import type { Mark } from "../model/people.ts";
import { following } from "../session/presence.ts";
import { p } from "../text/people.ts";

export function HereMark({ here }: { here: readonly Mark[] }) {
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
