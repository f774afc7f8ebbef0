/** The side: the outline of the text cells, and what runs and waits on the server. */
import { outline } from "../model/select.ts";
import { drawer, selected } from "../store/ui.ts";
import { t } from "../text/en.ts";
import type { Open } from "./app.ts";
import { jump, QueueList, queued } from "./Queue.tsx";

export function Side({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  store.textVersion.value;
  const headings = outline(store.model);
  const at = store.indexOf(selected.value);
  const before = headings.filter(heading => store.indexOf(heading.cell) <= at);
  const current = before[before.length - 1];
  const queue = queued(open);
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
      <QueueList open={open} />
    </aside>
  );
}
