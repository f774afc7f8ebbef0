/** The states that the notebook went through: what has changed since one of them, and the way back to it. Loaded when it is first wanted. */
import { useEffect, useState } from "preact/hooks";
import { cellsOf, diffCells } from "../model/diff.ts";
import { ask, fileAddress } from "../rpc/http.ts";
import type { CellChange, HistoryPoint, NotebookDiff } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { clock, day } from "../text/format.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { Diff } from "./Diff.tsx";

const PAGE = 100;

const close = (): void => {
  dialog.value = null;
};

function useMoments(session: string): { moments: readonly HistoryPoint[] | null; more: (() => void) | null } {
  const [moments, set] = useState<readonly HistoryPoint[] | null>(null);
  const [whole, setWhole] = useState(false);
  const load = (before: number | null): void => {
    connection
      .call("notebook.history", { session, limit: PAGE, before })
      .then(page => {
        set(known => [...(before === null ? [] : (known ?? [])), ...page.moments]);
        setWhole(page.moments.length < PAGE);
      })
      .catch(complain);
  };
  useEffect(() => load(null), [session]);
  const last = moments?.at(-1);
  return { moments, more: whole || last === undefined ? null : () => load(last.seq) };
}

/** The time of day; the date stands above. */
const timeOf = (at: number): string => clock(at).split(",")[0] ?? "";

function words(moment: HistoryPoint): string {
  const { kinds, cells, by } = t.history;
  const count = moment.cells > 0 ? `, ${cells(moment.cells)}` : "";
  return `${kinds[moment.kind]}${count}${moment.by === null ? "" : `, ${by(moment.by)}`}`;
}

/** What has changed since a moment. */
function Since({ open, moment }: { open: Open; moment: HistoryPoint }) {
  const [diff, set] = useState<NotebookDiff | null>(null);
  useEffect(() => {
    let current = true;
    set(null);
    connection
      .call("notebook.diff", { session: open.store.id, since: moment.seq, until: null })
      .then(found => {
        if (current) set(found);
      })
      .catch(complain);
    return () => {
      current = false;
    };
  }, [moment.seq]);
  if (diff === null) return <p class="quiet">{t.opening}</p>;
  const same = diff.cells.length === 0 && !diff.metadata_changed;
  const when = t.history.when(clock(Date.parse(moment.time)));
  return (
    <>
      <div class="since-head">
        <p>{same ? t.history.same : t.history.since(diff.cells.length)}</p>
        {may("write") && (
          <button
            type="button"
            class="btn main"
            disabled={same}
            onClick={() => {
              close();
              void open.actions.file.restore(moment.seq, moment.kind !== "checkpoint" ? when : `“${moment.name}”`);
            }}
          >
            <Icon name="history" />
            {t.history.restore}
          </button>
        )}
      </div>
      {diff.metadata_changed && <p class="quiet">{t.history.notebookMetadata}</p>}
      <Diff changes={diff.cells} />
    </>
  );
}

export function History({ open }: { open: Open }) {
  const { moments, more } = useMoments(open.store.id);
  const [chosen, choose] = useState<HistoryPoint | null>(null);
  let date = "";
  return (
    <Dialog title={t.history.title} onClose={close} wide>
      <div class="history">
        <div class="moments">
          {moments === null && <p class="quiet">{t.opening}</p>}
          {moments?.length === 0 && <p class="quiet">{t.history.none}</p>}
          <ul aria-label={t.history.moments}>
            {moments?.map(moment => {
              const at = Date.parse(moment.time);
              const heading = day(at) === date ? null : day(at);
              date = day(at);
              return (
                <li key={moment.seq}>
                  {heading !== null && <h3>{heading}</h3>}
                  <button type="button" class={`moment ${moment.kind}`} aria-pressed={moment === chosen} onClick={() => choose(moment)}>
                    <b>{moment.kind === "checkpoint" ? moment.name : timeOf(at)}</b>
                    <span class="sub">{moment.kind === "checkpoint" ? `${timeOf(at)}, ${words(moment)}` : words(moment)}</span>
                  </button>
                </li>
              );
            })}
          </ul>
          {more !== null && (
            <button type="button" class="btn" onClick={more}>
              {t.history.older}
            </button>
          )}
        </div>
        <section class="since" aria-live="polite">
          {chosen === null ? <p class="quiet">{t.history.pick}</p> : <Since open={open} moment={chosen} />}
        </section>
      </div>
    </Dialog>
  );
}

/** What differs between the notebook here and the file that another program changed. */
export function Compare({ open }: { open: Open }) {
  const { store, actions } = open;
  const [changes, set] = useState<readonly CellChange[] | null | "unreadable">(null);
  const path = store.model.file?.path ?? "";
  useEffect(() => {
    const read = async (): Promise<void> => {
      const theirs = cellsOf(await textOf(path));
      if (theirs === null) {
        set("unreadable");
        return;
      }
      const ours = store.order.map(id => ({ id, type: store.cellOf(id)?.type ?? "code", source: store.sourceOf(id) }));
      set(diffCells(ours, theirs));
    };
    read().catch(complain);
  }, [path]);
  const decide = (act: () => Promise<void>) => (): void => {
    close();
    void act();
  };
  return (
    <Dialog
      title={t.conflict.compareTitle}
      onClose={close}
      wide
      foot={
        <>
          <span class="grow" />
          <button type="button" class="btn" title={t.conflict.takeTheirsTitle} onClick={decide(() => actions.file.takeTheirs())}>
            {t.conflict.takeTheirs}
          </button>
          <button type="button" class="btn main" title={t.conflict.keepMineTitle} onClick={decide(() => actions.file.keepMine())}>
            {t.conflict.keepMine}
          </button>
        </>
      }
    >
      <p class="quiet">{t.conflict.compareBody}</p>
      {changes === null && <p class="quiet">{t.opening}</p>}
      {changes === "unreadable" && <p>{t.conflict.unreadable}</p>}
      {Array.isArray(changes) && (changes.length === 0 ? <p>{t.conflict.same}</p> : <Diff changes={changes} />)}
    </Dialog>
  );
}

async function textOf(path: string): Promise<string> {
  const response = await ask(fileAddress(path), { cache: "no-store" });
  if (!response.ok) throw new Error(t.files.notRead(path, response.status));
  return await response.text();
}
