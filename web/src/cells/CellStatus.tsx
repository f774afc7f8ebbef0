/** The status of the run of a cell: its state, its duration, who ran it and when. */
import { ahead, errorName, promptsOf, wasInterrupted } from "../model/select.ts";
import type { Model, Run } from "../model/types.ts";
import { server } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { clock, duration } from "../text/format.ts";
import { Icon } from "../ui/icons.tsx";
import { forActs, lazily } from "../ui/lazy.ts";
import { now } from "../ui/page_state.ts";

const Bell = lazily(forActs(async () => (await import("./Bell.tsx")).Bell));

/** The state of a run in one word, for names and bars. */
export function stateWord(model: Model, run: Run | undefined): string {
  if (run === undefined || run.status === "ok" || run.status === "cancelled") return "";
  if (run.status === "running") return promptsOf(model, run.id).length > 0 ? t.waiting : t.running;
  if (run.status === "queued") return t.queued;
  if (run.status === "aborted") return t.notRun;
  if (run.status === "lost") return t.lost;
  return wasInterrupted(run) ? t.interrupted : t.failed;
}

export function barClass(run: Run | undefined): string {
  if (run?.status === "running") return "running";
  if (run?.status === "queued") return "queued";
  if (run?.status === "lost" || (run?.status === "error" && !wasInterrupted(run))) return "failed";
  return "";
}

/** The place of a queued run among those that wait: 1 is next. */
export function positionOf(model: Model, run: Run): number {
  const first = model.runs.get(model.queue[0] ?? "");
  return ahead(model, run) + (first?.status === "running" ? 0 : 1);
}

/** The time of a run that goes on; the only part that paints itself again by the clock. */
export function Ticking({ run }: { run: Run }) {
  return <>{duration(Math.max(0, now.value - (run.startedAt ?? now.value)) / 1000)}</>;
}

function Status({ model, run }: { model: Model; run: Run }) {
  const time = run.durationS === null ? "" : duration(run.durationS);
  switch (run.status) {
    case "queued": {
      const position = positionOf(model, run);
      return (
        <span class="st run">
          <Icon name="clock" />
          {position <= 1 ? t.next : t.inLine(position)}
        </span>
      );
    }
    case "running":
      return (
        <span class="st run">
          <Icon name="clock" />
          {promptsOf(model, run.id).length > 0 ? t.waiting : <Ticking run={run} />}
        </span>
      );
    case "ok":
      return (
        <span class="st">
          <Icon name="check" />
          {time}
        </span>
      );
    case "error":
      if (wasInterrupted(run)) return <span class="st">{t.interrupted}</span>;
      return (
        <>
          <span class="st bad">
            <Icon name="cross" />
            {t.failed}
          </span>
          <span>{time}</span>
        </>
      );
    default: {
      const words = { aborted: t.notRun, cancelled: t.cancelled, lost: t.lost }[run.status];
      return (
        <span class={run.status === "lost" ? "st bad" : "st"} title={run.reason}>
          {words}
        </span>
      );
    }
  }
}

/** Who ran it, when, and how long it took, in a sentence. */
function story(run: Run): string {
  const at = run.startedAt ?? run.queuedAt;
  if (!Number.isFinite(at)) return "";
  return t.ranBy(run.by, clock(at), run.durationS === null ? "" : duration(run.durationS));
}

export function CellStatus({ open, run, stale }: { open: Open; run: Run; stale: boolean }) {
  const { store } = open;
  store.runVersion(run.id).value;
  const isUnderWay = run.status === "queued" || run.status === "running";
  if (isUnderWay) store.head.value;
  const stranger = run.by !== null && run.by !== (server.value?.principal ?? run.by);
  const edited = stale && !isUnderWay;
  return (
    <div class="meta" title={run.kept ? undefined : story(run)}>
      {!run.kept && <Status model={store.model} run={run} />}
      {isUnderWay && (
        <span class="acts">
          {run.status === "queued" && may("execute") && (
            <button type="button" class="link" title={t.cancelRunTitle} onClick={() => open.actions.runs.cancel(run.id)}>
              {t.cancelRun}
            </button>
          )}
          <Bell session={store.id} execution={run.id} />
        </span>
      )}
      {edited && (
        <span class="stale" title={t.staleTitle}>
          {t.stale}
        </span>
      )}
      {stranger && <span>{t.by(run.by ?? "")}</span>}
      {run.reason !== "" && run.status !== "ok" && errorName(run) === run.reason && <span class="vh">{run.reason}</span>}
    </div>
  );
}
