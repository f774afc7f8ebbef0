/** The column of cells, in boxes that the browser paints only when they are near; the boxes far down are made when the page is idle. */
import { useComputed } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { headline, languageOf } from "../model/select.ts";
import { STRAY } from "../model/types.ts";
import { placesCame } from "../outputs/fragments.ts";
import { Outputs, StdinField } from "../outputs/Outputs.tsx";
import type { Chunk } from "../session/cell_chunks.ts";
import { whenIdle } from "../session/flush_scheduler.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { printing } from "../ui/page_state.ts";
import { Cell } from "./Cell.tsx";
import { StaticSource } from "./CellSource.tsx";
import { CellStatus } from "./CellStatus.tsx";

const BOXES_AT_ONCE = 2;
const MOST_LOOSE = 50;

function CellChunk({ open, chunk }: { open: Open; chunk: Chunk }) {
  // A box that is all folded away takes no room: far from the screen the browser would guess one for it.
  const away = useComputed(() => chunk.cells.every(id => open.actions.sections.away.value.has(id))).value;
  return (
    <div class={away ? "box away" : "box"} role="presentation">
      {chunk.cells.map(id => (
        <Cell key={id} open={open} id={id} />
      ))}
    </div>
  );
}

/** How many boxes are made: a few at once, the others while nothing else is to do. */
function useFilled(chunks: number): number {
  const [made, fill] = useState(BOXES_AT_ONCE);
  const filled = printing.value ? chunks : made;
  useEffect(() => {
    if (filled >= chunks) return;
    return whenIdle(() => fill(filled + 1));
  }, [filled, chunks]);
  return filled;
}

function LooseRun({ open, id }: { open: Open; id: string }) {
  const { store, actions } = open;
  store.runVersion(id).value;
  const run = store.model.runs.get(id);
  if (run === undefined) return null;
  if (id === STRAY)
    return (
      <div class="cell loose">
        <div class="gut" />
        <div class="body">
          <p class="quiet">{t.fromKernel}</p>
          <Outputs open={open} run={id} label={t.fromKernel} />
        </div>
        <div class="meta" />
      </div>
    );
  const bar =
    run.status === "running"
      ? "running"
      : run.status === "queued"
        ? "queued"
        : run.status === "error" || run.status === "lost"
          ? "failed"
          : "";
  return (
    <section class={`cell code loose ${bar}`} aria-label={headline(run.code)}>
      <div class="gut">
        <span class="count">{run.count ?? ""}</span>
      </div>
      <div class="body">
        <StaticSource text={run.code} language={languageOf(store.model)} label={headline(run.code)} />
        <Outputs open={open} run={id} label={headline(run.code)} />
        {may("write") && (
          <button type="button" class="btn ghost to-cell" onClick={() => actions.insert(store.order.at(-1) ?? null, "code", run.code)}>
            <Icon name="copy" />
            {t.toNewCell}
          </button>
        )}
      </div>
      <CellStatus open={open} run={run} stale={false} />
    </section>
  );
}

function Loose({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const [chosen, setMost] = useState(MOST_LOOSE);
  const most = printing.value ? Number.POSITIVE_INFINITY : chosen;
  const lonely = [...store.model.prompts.values()].filter(prompt => prompt.run === null || !store.model.runs.has(prompt.run));
  const runs = store.model.loose;
  if (runs.length === 0 && lonely.length === 0) return null;
  return (
    <section class="loose-runs" aria-labelledby="loose-heading">
      <h2 id="loose-heading">{t.fromCommandLine}</h2>
      {runs.length > most && (
        <button type="button" class="btn" onClick={() => setMost(most + 10 * MOST_LOOSE)}>
          {t.showOutputs(runs.length - most)}
        </button>
      )}
      {runs.slice(-most).map(id => (
        <LooseRun key={id} open={open} id={id} />
      ))}
      {lonely.map(prompt => (
        <StdinField key={prompt.request} open={open} prompt={prompt} />
      ))}
    </section>
  );
}

export function Cells({ open }: { open: Open }) {
  const chunks = open.store.chunks.value;
  const filled = useFilled(chunks.length);
  useEffect(placesCame, [filled, chunks]);
  return (
    <div class="nb">
      {/* biome-ignore lint/a11y/useSemanticElements: cells stand in boxes, which a list element does not allow */}
      <div role="list" aria-label={t.cells}>
        {chunks.slice(0, filled).map(chunk => (
          <CellChunk key={chunk.key} open={open} chunk={chunk} />
        ))}
      </div>
      {chunks.length === 0 && (
        <div class="no-cells">
          <p class="quiet">{t.emptyNotebook}</p>
          {may("write") && (
            <>
              <button type="button" class="btn" onClick={() => open.actions.insertBelow("code", true)}>
                <Icon name="plus" />
                {t.addCode}
              </button>
              <button type="button" class="btn" onClick={() => open.actions.insertBelow("markdown", true)}>
                <Icon name="plus" />
                {t.addText}
              </button>
            </>
          )}
        </div>
      )}
      <Loose open={open} />
    </div>
  );
}
