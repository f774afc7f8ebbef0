/** One cell: gutter, source, outputs, and what is to say about its run. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ahead, errorName, promptsOf, wasInterrupted } from "../model/select.ts";
import type { Cell as CellModel, Model, Run } from "../model/types.ts";
import { caret, mode, now, selected } from "../store/ui.ts";
import { duration, t } from "../text/en.ts";
import { type Open, server } from "./app.ts";
import { Icon } from "./icons.tsx";
import { Outputs } from "./Outputs.tsx";
import { MarkdownView } from "./RichView.tsx";

/** The state of a run in one word, for names and bars. */
export function stateWord(model: Model, run: Run | undefined): string {
  if (run === undefined || run.status === "ok" || run.status === "cancelled") return "";
  if (run.status === "running") return promptsOf(model, run.id).length > 0 ? t.waiting : t.running;
  if (run.status === "queued") return t.queued;
  if (run.status === "aborted") return t.notRun;
  if (run.status === "lost") return t.lost;
  return wasInterrupted(run) ? t.interrupted : t.failed;
}

function barClass(run: Run | undefined): string {
  if (run?.status === "running") return "running";
  if (run?.status === "queued") return "queued";
  if (run?.status === "lost" || (run?.status === "error" && !wasInterrupted(run))) return "failed";
  return "";
}

/** The time of a run that goes on; the only part that paints itself again by the clock. */
function Ticking({ run }: { run: Run }) {
  return <>{duration(Math.max(0, now.value - (run.startedAt ?? now.value)) / 1000)}</>;
}

function Status({ model, run }: { model: Model; run: Run }) {
  const time = run.durationS === null ? "" : duration(run.durationS);
  switch (run.status) {
    case "queued": {
      const first = model.runs.get(model.queue[0] ?? "");
      const position = ahead(model, run) + (first?.status === "running" ? 0 : 1);
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

export function Meta({ open, run }: { open: Open; run: Run }) {
  const { store } = open;
  store.runVersion(run.id).value;
  if (run.status === "queued" || run.status === "running") store.head.value;
  const stranger = run.by !== null && run.by !== (server.value?.principal ?? run.by);
  return (
    <div class="meta">
      <Status model={store.model} run={run} />
      {run.status === "queued" && (
        <button type="button" class="link" title={t.cancelRunTitle} onClick={() => open.actions.cancel(run.id)}>
          {t.cancelRun}
        </button>
      )}
      {stranger && <span>{t.by(run.by ?? "")}</span>}
      {run.reason !== "" && run.status !== "ok" && errorName(run) === run.reason && <span class="vh">{run.reason}</span>}
    </div>
  );
}

/** The painter of Python, as soon as its code has come: from then on nothing is shown without colours first. */
let paint: ((source: string, into: HTMLElement) => void) | null = null;
const painter = async (): Promise<NonNullable<typeof paint>> => {
  paint ??= (await import("../render/highlight.ts")).paintPython;
  return paint;
};

/** Source that is not being edited. Colours come when the parser is there; the text is there at once. */
export function StaticSource(props: {
  text: string;
  language: string | null;
  label: string;
  onEdit?: (at: { x: number; y: number }) => void;
}) {
  const element = useRef<HTMLPreElement>(null);
  const { text } = props;
  useLayoutEffect(() => {
    const into = element.current;
    if (into === null) return;
    const python = props.language === null || props.language === "python";
    if (python && paint !== null) paint(text, into);
    else into.textContent = text;
    if (!python || paint !== null) return;
    let current = true;
    void painter().then(now => {
      if (current) now(text, into);
    });
    return () => {
      current = false;
    };
  }, [text, props.language]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
    <pre
      class="src"
      role="group"
      ref={element}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: source can be scrolled and copied by keyboard
      tabIndex={0}
      aria-label={props.label}
      onMouseUp={event => {
        if (event.button === 0 && getSelection()?.isCollapsed !== false) props.onEdit?.({ x: event.clientX, y: event.clientY });
      }}
    />
  );
}

type Editor = typeof import("../edit/editor.ts");
let editor: Editor | null = null;

/** Fetches the editor. Once it is there, a cell that is to be edited has the caret before the next key. */
export async function fetchEditor(): Promise<Editor> {
  editor ??= await import("../edit/editor.ts");
  return editor;
}

/** The editor of the selected cell. Until its code has come, the source stands as it is. */
function LiveSource({ open, cell, label }: { open: Open; cell: string; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(editor !== null);
  useLayoutEffect(() => {
    let current = true;
    let unmount = (): void => {};
    const mount = ({ mountEditor }: Editor): void => {
      if (!current || host.current === null) return;
      unmount = mountEditor(open, cell, host.current, label, caret.value);
      setReady(true);
    };
    if (editor !== null) mount(editor);
    else void fetchEditor().then(mount);
    return () => {
      current = false;
      unmount();
    };
  }, [cell]);
  return (
    <div class="live" ref={host}>
      {!ready && <StaticSource text={open.store.sourceOf(cell)} language={open.store.model.kernel?.language ?? null} label={label} />}
    </div>
  );
}

function Source({ open, cell, index, editing }: { open: Open; cell: CellModel; index: number; editing: boolean }) {
  const label = t.source(index);
  const text = open.store.sourceOf(cell.id);
  const edit = (at: { x: number; y: number }): void => {
    selected.value = cell.id;
    open.actions.edit(at);
  };
  if (editing) return <LiveSource open={open} cell={cell.id} label={label} />;
  if (cell.type !== "markdown")
    return (
      <StaticSource
        text={text}
        language={cell.type === "code" ? (open.store.model.kernel?.language ?? null) : ""}
        label={label}
        onEdit={edit}
      />
    );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter on the cell does the same by keyboard
    <div class="rendered" onDblClick={event => edit({ x: event.clientX, y: event.clientY })}>
      {text.trim() === "" ? <p class="quiet">{t.emptyText}</p> : <MarkdownView source={text} />}
    </div>
  );
}

/** The cell that is being pressed: it is on the screen, and must not move away from under the pointer. */
let pressed: string | null = null;

/** Gives the cell the focus when it is selected and not edited. */
function useCellFocus(element: { current: HTMLElement | null }, isSelected: boolean, editing: boolean): void {
  useEffect(() => {
    const cell = element.current;
    if (!isSelected || cell === null) return;
    if (!editing && !cell.contains(document.activeElement)) cell.focus({ preventScroll: true });
    else if (!editing && document.activeElement?.closest(".cm-editor") !== null) cell.focus({ preventScroll: true });
    if (cell.id !== `cell-${pressed}`) cell.scrollIntoView({ block: "nearest" });
    pressed = null;
  }, [isSelected, editing]);
}

export function Cell({ open, id }: { open: Open; id: string }) {
  const { store, actions } = open;
  const element = useRef<HTMLDivElement>(null);
  store.cellVersion(id).value;
  const isSelected = selected.value === id;
  const editing = isSelected && mode.value === "edit";
  useCellFocus(element, isSelected, editing);
  const cell = store.cellOf(id);
  if (cell === undefined) return null;
  const index = store.indexOf(id) + 1;
  const run = cell.run === null ? undefined : store.model.runs.get(cell.run);
  const running = run?.status === "running";
  const word = cell.type === "code" ? stateWord(store.model, run) : "";
  return (
    // biome-ignore lint/a11y/useSemanticElements: the boxes between the list and its items are no list
    <div
      ref={element}
      id={`cell-${id}`}
      class={`cell ${cell.type} ${cell.type === "code" ? barClass(run) : ""} ${isSelected ? "sel" : ""} ${editing ? "edit" : ""}`}
      role="listitem"
      aria-label={t.cellLabel(index, t.kind[cell.type], word)}
      aria-current={isSelected ? "true" : undefined}
      tabIndex={isSelected ? 0 : -1}
      onFocus={event => {
        if (selected.value !== id && event.target !== element.current && pressed === null) actions.select(id);
      }}
      onMouseDown={() => {
        if (selected.value === id) return;
        pressed = id;
        actions.select(id);
      }}
    >
      <div class="gut">
        {cell.type === "code" && (
          <button
            type="button"
            class={running ? "go running" : "go"}
            tabIndex={-1}
            aria-label={running ? t.stopCell(index) : t.runCell(index)}
            onClick={() => {
              if (running) actions.interrupt();
              else actions.run(id);
              actions.select(id);
              element.current?.focus({ preventScroll: true });
            }}
          />
        )}
        {cell.type === "code" && <span class="count">{run?.count ?? ""}</span>}
      </div>
      <div class="body">
        <Source open={open} cell={cell} index={index} editing={editing} />
        {cell.type === "code" && run !== undefined && <Outputs open={open} run={run.id} label={t.output(index)} />}
      </div>
      {cell.type === "code" && run !== undefined ? <Meta open={open} run={run} /> : <div class="meta" />}
    </div>
  );
}
