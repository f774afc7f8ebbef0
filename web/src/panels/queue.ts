/** What runs and waits on the server, and the way to its cells. */
import { underway } from "../model/select.ts";
import type { Run } from "../model/types.ts";
import type { Open } from "../session/open_session.ts";
import { drawer } from "../ui/page_state.ts";

/** Goes to a cell. */
export function jump({ actions, store }: Open, cell: string | null): void {
  if (cell === null || store.cellOf(cell) === undefined) return;
  actions.sections.reveal(cell);
  actions.select(cell);
  drawer.value = false;
  requestAnimationFrame(() => document.getElementById(`cell-${cell}`)?.scrollIntoView({ block: "start" }));
}

/** The executions that have not ended and that somebody can see. */
export function queued({ store }: Open): Run[] {
  return underway(store.model);
}
