/** What runs and waits on the server, in its order: each one can be gone to, taken back, and moved. */

import { positionOf, Ticking } from "../cells/CellStatus.tsx";
import { headline, promptsOf } from "../model/select.ts";
import type { Run } from "../model/types.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { queueWords } from "../text/queue.ts";
import { Icon } from "../ui/icons.tsx";

import { jump, queued } from "./queue.ts";

const MOST = 50;

function Entry({ open, run, waiting, at, canChange }: { open: Open; run: Run; waiting: number; at: number; canChange: boolean }) {
  const { model } = open.store;
  const { runs } = open.actions;
  const running = run.status === "running";
  const position = positionOf(model, run);
  const code = headline(run.code);
  return (
    <li class={running ? "now" : ""}>
      <button type="button" class="what" disabled={run.cell === null} onClick={() => jump(open, run.cell)}>
        <span class={running ? "dot busy" : "dot off"} />
        <code>{code}</code>
        <span class="t">
          {!running ? position <= 1 ? t.next : t.inLine(position) : promptsOf(model, run.id).length > 0 ? t.waiting : <Ticking run={run} />}
        </span>
      </button>
      {!running && canChange && (
        <span class="acts">
          <button
            type="button"
            title={queueWords.earlyInQueue}
            aria-label={`${queueWords.earlyInQueue}: ${code}`}
            disabled={at === 0}
            onClick={() => runs.shift(run.id, -1)}
          >
            <Icon name="up" />
          </button>
          <button
            type="button"
            title={queueWords.lateInQueue}
            aria-label={`${queueWords.lateInQueue}: ${code}`}
            disabled={at === waiting - 1}
            onClick={() => runs.shift(run.id, 1)}
          >
            <Icon name="down" />
          </button>
          <button
            type="button"
            title={queueWords.takeBack}
            aria-label={`${queueWords.takeBack}: ${code}`}
            onClick={() => runs.cancel(run.id)}
          >
            <Icon name="cross" />
          </button>
        </span>
      )}
    </li>
  );
}

export function QueueList({ open }: { open: Open }) {
  open.store.head.value;
  const all = queued(open);
  const waiting = all.filter(run => run.status === "queued");
  if (all.length === 0) return null;
  return (
    <>
      <ul class="side-rows queue">
        {all.slice(0, MOST).map(run => (
          <Entry key={run.id} open={open} run={run} waiting={waiting.length} at={waiting.indexOf(run)} canChange={may("execute")} />
        ))}
      </ul>
      {waiting.length > 1 && may("execute") && (
        <button type="button" class="btn ghost take-all" onClick={() => open.actions.runs.cancelAll()}>
          {queueWords.takeAllBack}
        </button>
      )}
    </>
  );
}
