/** The states that the notebook went through: what has changed since one of them, and the way back to it. Loaded when it is first wanted. */

import { useEffect, useState } from "preact/hooks";
import { cellsOf, diffCells } from "../model/diff.ts";
import { headline } from "../model/select.ts";
import { ask, fileAddress } from "../rpc/http.ts";
import type { CellChange, HistoryPoint, NotebookDiff, TouchedCell } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { DocumentActions } from "../session/document_actions.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { conflictWords } from "../text/banners.ts";
import { t } from "../text/en.ts";
import { fileWords } from "../text/files.ts";
import { clock, day } from "../text/format.ts";
import { historyWords, y } from "../text/history.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { Diff } from "./Diff.tsx";

const PAGE = 100;

const close = (): void => {
  dialog.value = null;
};

function useMoments(session: string): { moments: readonly HistoryPoint[] | null; first: number; more: (() => void) | null } {
  const [first, setFirst] = useState(1);
  const [moments, set] = useState<readonly HistoryPoint[] | null>(null);
  const [whole, setWhole] = useState(false);
  const load = (before: number | null): void => {
    connection
      .call("notebook.history", { session, limit: PAGE, before })
      .then(page => {
        set(known => [...(before === null ? [] : (known ?? [])), ...page.moments]);
        setFirst(page.first_seq);
        setWhole(page.moments.length < PAGE);
      })
      .catch(complain);
  };
  useEffect(() => load(null), [session]);
  const last = moments?.at(-1);
  return { moments, first, more: whole || last === undefined ? null : () => load(last.seq) };
}

/** The time of day; the date stands above. */
const timeOf = (at: number): string => clock(at).split(",")[0] ?? "";

function words(moment: HistoryPoint): string {
  const { kinds, cells, by } = historyWords;
  const count = moment.cells > 0 ? `, ${cells(moment.cells)}` : "";
  return `${kinds[moment.kind]}${count}${moment.by === null ? "" : `, ${by(moment.by)}`}`;
}

/** How two states differ; null until the server has said it. */
function useDiff(open: Open, since: number, until: number | null): NotebookDiff | null {
  const [diff, set] = useState<NotebookDiff | null>(null);
  useEffect(() => {
    let current = true;
    set(null);
    connection
      .call("notebook.diff", { session: open.store.id, since, until })
      .then(found => {
        if (current) set(found);
      })
      .catch(complain);
    return () => {
      current = false;
    };
  }, [since, until]);
  return diff;
}

/** Brings one cell back to what it was after an event. */
function RestoreCell({ open, seq, cell, title }: { open: Open; seq: number; cell: string; title: string }) {
  if (!may("write")) return null;
  return (
    <button
      type="button"
      class="btn small"
      onClick={() => {
        close();
        void new DocumentActions(open.actions.store).restore(seq, y.restored, cell);
      }}
    >
      <Icon name="history" />
      {title}
    </button>
  );
}

/** What has changed since a moment. */
function Since({ open, moment }: { open: Open; moment: HistoryPoint }) {
  const diff = useDiff(open, moment.seq, null);
  if (diff === null) return <p class="quiet">{t.opening}</p>;
  const same = diff.cells.length === 0 && !diff.metadata_changed;
  const when = historyWords.when(clock(Date.parse(moment.time)));
  return (
    <>
      <div class="since-head">
        <p>{same ? historyWords.same : historyWords.since(diff.cells.length)}</p>
        {may("write") && (
          <button
            type="button"
            class="btn main"
            disabled={same}
            onClick={() => {
              close();
              void new DocumentActions(open.actions.store).restore(
                moment.seq,
                historyWords.restored(moment.kind !== "checkpoint" ? when : `“${moment.name}”`),
              );
            }}
          >
            <Icon name="history" />
            {historyWords.restore}
          </button>
        )}
      </div>
      {diff.metadata_changed && <p class="quiet">{historyWords.notebookMetadata}</p>}
      <Diff
        changes={diff.cells}
        act={({ cell, change }) => change !== "added" && <RestoreCell open={open} seq={moment.seq} cell={cell} title={y.restoreCell} />}
      />
    </>
  );
}

/** What one moment did to one cell: how it was before is what it was after the moment before that. */
function OfCell({ open, moment, before, touched }: { open: Open; moment: HistoryPoint; before: number; touched: TouchedCell }) {
  const { cell, what } = touched;
  const diff = useDiff(open, before, moment.seq);
  const changes = diff?.cells.filter(one => one.cell === cell);
  const isGone = what === "removed";
  const seq = isGone ? before : moment.seq;
  return (
    <>
      <div class="since-head">
        <p>{y.did(nameOf(open, cell))}</p>
        {(!isGone || changes?.some(one => one.before != null) === true) && (
          <RestoreCell open={open} seq={seq} cell={cell} title={isGone ? y.restoreCellBefore : y.restoreCellThen} />
        )}
      </div>
      {changes === undefined && <p class="quiet">{t.opening}</p>}
      {changes?.length === 0 && <p class="quiet">{what === "ran" ? y.ran : y.nothing}</p>}
      {changes !== undefined && <Diff changes={changes} />}
    </>
  );
}

/** A cell by its number and its first line, as they are now. */
function nameOf({ store }: Open, cell: string): string {
  const at = store.order.indexOf(cell);
  return at < 0 ? y.gone : y.cell(at + 1);
}

const lineOf = ({ store }: Open, cell: string): string =>
  store.cellOf(cell) === undefined ? "" : headline(store.sourceOf(cell)) || y.empty;

/** So many cells are named below a moment; the others are counted. */
const NAMED = 4;

/** The cells that a moment touched, each of which shows what became of it. */
function Touched(props: { open: Open; moment: HistoryPoint; chosen: string | null; choose(touched: TouchedCell): void }) {
  const { open, moment } = props;
  const touched = moment.touched ?? [];
  const [all, showAll] = useState(false);
  const shown = all ? touched : touched.slice(0, NAMED);
  if (touched.length === 0) return null;
  return (
    <ul class="touched">
      {shown.map(one => (
        <li key={one.cell}>
          <button
            type="button"
            class={`touch ${one.what}`}
            aria-pressed={one.cell === props.chosen}
            aria-label={y.touched(y.what[one.what], `${nameOf(open, one.cell)} ${lineOf(open, one.cell)}`, timeOf(Date.parse(moment.time)))}
            onClick={() => props.choose(one)}
          >
            <span class="what">{y.what[one.what]}</span> {nameOf(open, one.cell)} <code>{lineOf(open, one.cell)}</code>
          </button>
        </li>
      ))}
      {moment.cells > shown.length && (
        <li>
          {touched.length > shown.length ? (
            <button type="button" class="touch" onClick={() => showAll(true)}>
              {y.more(moment.cells - shown.length)}
            </button>
          ) : (
            <span class="touch">{y.more(moment.cells - shown.length)}</span>
          )}
        </li>
      )}
    </ul>
  );
}

export function History({ open }: { open: Open }) {
  const { moments, first, more } = useMoments(open.store.id);
  const [chosen, choose] = useState<{ moment: HistoryPoint; touched: TouchedCell | null } | null>(null);
  let date = "";
  const before = (moment: HistoryPoint): number => moments?.[moments.indexOf(moment) + 1]?.seq ?? first;
  const show = (moment: HistoryPoint, touched: TouchedCell | null): void => {
    choose({ moment, touched });
    if (touched !== null && moment === moments?.at(-1)) more?.(); // what it changed is told from the moment before it
  };
  return (
    <Dialog title={historyWords.title} onClose={close} wide>
      <div class="history">
        <div class="moments">
          {moments === null && <p class="quiet">{t.opening}</p>}
          {moments?.length === 0 && <p class="quiet">{historyWords.none}</p>}
          <ul aria-label={historyWords.moments}>
            {moments?.map(moment => {
              const at = Date.parse(moment.time);
              const heading = day(at) === date ? null : day(at);
              date = day(at);
              const isChosen = moment === chosen?.moment;
              return (
                <li key={moment.seq}>
                  {heading !== null && <h3>{heading}</h3>}
                  <button
                    type="button"
                    class={`moment ${moment.kind}`}
                    aria-pressed={isChosen && chosen.touched === null}
                    onClick={() => show(moment, null)}
                  >
                    <b>{moment.kind === "checkpoint" ? moment.name : timeOf(at)}</b>
                    <span class="sub">{moment.kind === "checkpoint" ? `${timeOf(at)}, ${words(moment)}` : words(moment)}</span>
                  </button>
                  <Touched
                    open={open}
                    moment={moment}
                    chosen={isChosen ? (chosen.touched?.cell ?? null) : null}
                    choose={touched => show(moment, touched)}
                  />
                </li>
              );
            })}
          </ul>
          {more !== null && (
            <button type="button" class="btn" onClick={more}>
              {historyWords.older}
            </button>
          )}
        </div>
        <section class="since" aria-live="polite">
          {chosen === null && <p class="quiet">{historyWords.pick}</p>}
          {chosen !== null && chosen.touched === null && <Since open={open} moment={chosen.moment} />}
          {chosen !== null && chosen.touched !== null && (
            <OfCell
              key={`${chosen.moment.seq} ${chosen.touched.cell}`}
              open={open}
              moment={chosen.moment}
              before={before(chosen.moment)}
              touched={chosen.touched}
            />
          )}
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
      title={conflictWords.compareTitle}
      onClose={close}
      wide
      foot={
        <>
          <span class="grow" />
          <button
            type="button"
            class="btn"
            title={conflictWords.takeTheirsTitle}
            onClick={decide(() => new DocumentActions(actions.store).takeTheirs())}
          >
            {conflictWords.takeTheirs}
          </button>
          <button
            type="button"
            class="btn main"
            title={conflictWords.keepMineTitle}
            onClick={decide(() => new DocumentActions(actions.store).keepMine())}
          >
            {conflictWords.keepMine}
          </button>
        </>
      }
    >
      <p class="quiet">{conflictWords.compareBody}</p>
      {changes === null && <p class="quiet">{t.opening}</p>}
      {changes === "unreadable" && <p>{conflictWords.unreadable}</p>}
      {Array.isArray(changes) && (changes.length === 0 ? <p>{conflictWords.same}</p> : <Diff changes={changes} />)}
    </Dialog>
  );
}

async function textOf(path: string): Promise<string> {
  const response = await ask(fileAddress(path), { cache: "no-store" });
  if (!response.ok) throw new Error(fileWords.notRead(path, response.status));
  return await response.text();
}
