/** What ran without a cell, such as from the command line, and what asks something without a run. */
import { useState } from "preact/hooks";
import { headline, languageOf, promptsOfNone } from "../model/select.ts";
import { STRAY } from "../model/types.ts";
import { Outputs } from "../outputs/Outputs.tsx";
import { StdinField } from "../outputs/StdinField.tsx";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { printing } from "../ui/page_state.ts";
import { StaticSource } from "./CellSource.tsx";
import { CellStatus } from "./CellStatus.tsx";

const MOST_LOOSE = 50;

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

export function Loose({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const [chosen, setMost] = useState(MOST_LOOSE);
  const most = printing.value ? Number.POSITIVE_INFINITY : chosen;
  const lonely = promptsOfNone(store.model);
  const runs = store.model.loose;
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
