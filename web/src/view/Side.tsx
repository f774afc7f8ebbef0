/** The side: the outline of the text cells, and what runs and waits on the server. */
import { ahead, headline, outline, promptsOf } from "../model/select.ts";
import type { Run } from "../model/types.ts";
import { drawer, now, selected } from "../store/ui.ts";
import { duration, t } from "../text/en.ts";
import type { Open } from "./app.ts";

function Queued({ open, run }: { open: Open; run: Run }) {
  const { store } = open;
  const running = run.status === "running";
  const position = ahead(store.model, run) + (store.model.runs.get(store.model.queue[0] ?? "")?.status === "running" ? 0 : 1);
  const words = !running
    ? position <= 1
      ? t.next
      : t.inLine(position)
    : promptsOf(store.model, run.id).length > 0
      ? t.waiting
      : duration(Math.max(0, now.value - (run.startedAt ?? now.value)) / 1000);
  return (
    <li class={running ? "now" : ""}>
      <button type="button" disabled={run.cell === null} onClick={() => jump(open, run.cell)}>
        <span class={running ? "dot busy" : "dot off"} />
        <code>{headline(run.code)}</code>
        <span class="t">{words}</span>
      </button>
    </li>
  );
}

function jump({ actions, store }: Open, cell: string | null): void {
  if (cell === null || !store.model.cells.has(cell)) return;
  actions.select(cell);
  drawer.value = false;
  requestAnimationFrame(() => document.getElementById(`cell-${cell}`)?.scrollIntoView({ block: "start" }));
}

export function Side({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  store.textVersion.value;
  const headings = outline(store.model);
  const at = store.indexOf(selected.value);
  const before = headings.filter(heading => store.indexOf(heading.cell) <= at);
  const current = before[before.length - 1];
  const queue = store.model.queue.map(id => store.model.runs.get(id)).filter(run => run !== undefined && !run.silent) as Run[];
  return (
    <aside class={drawer.value ? "side open" : "side"} aria-label={t.side}>
      <h2>{t.outline}</h2>
      {headings.length === 0 && <p class="quiet">{t.outlineEmpty}</p>}
      <ul class="toc">
        {headings.map((heading, index) => (
          <li key={index}>
            <button
              type="button"
              class={`l${heading.level}`}
              aria-current={heading === current ? "true" : undefined}
              onClick={() => jump(open, heading.cell)}
            >
              {heading.text || t.untitledHeading}
            </button>
          </li>
        ))}
      </ul>
      <h2>{t.runningHere}</h2>
      {queue.length === 0 && <p class="quiet">{t.nothingRuns}</p>}
      <ul class="queue">
        {queue.slice(0, 50).map(run => (
          <Queued key={run.id} open={open} run={run} />
        ))}
      </ul>
    </aside>
  );
}
