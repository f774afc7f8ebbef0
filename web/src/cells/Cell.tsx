/** One cell: gutter, source, outputs, and the status of its run. */
import { useComputed } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { headingLevel, isFolded } from "../model/sections.ts";
import { isScrolled, isStale, outputsHidden } from "../model/select.ts";
import type { Cell as CellModel, Run } from "../model/types.ts";
import { Outputs } from "../outputs/Outputs.tsx";
import { focusCell, isInSelectedCell, keyPlace, leavesEditor, settleFocus, takesSelection } from "../session/key_place.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { anchor, mode, selected } from "../session/selection.ts";
import { typeAhead } from "../session/type_ahead.ts";
import { t } from "../text/en.ts";
import { Here } from "./CellPeople.tsx";
import { CellSource } from "./CellSource.tsx";
import { barClass, CellStatus, stateWord } from "./CellStatus.tsx";
import { FoldButton, Folded, Handle, Plus } from "./CellTools.tsx";

/** The cell that is being pressed: it is on the screen, and must not move away from under the pointer. */
let pressed: string | null = null;

/** Notes that a cell is pressed, until the button of the mouse is let go. */
function press(cell: string): void {
  pressed = cell;
  const release = (): void => {
    pressed = null;
  };
  addEventListener("mouseup", release, { once: true, capture: true });
}

/** Gives the cell the focus when it is selected and not edited: before the next key. */
function useCellFocus(element: { current: HTMLElement | null }, isSelected: boolean, editing: boolean): void {
  useLayoutEffect(() => {
    const cell = element.current;
    if (!isSelected || cell === null || keyPlace() === "own") return;
    const isPressed = cell.id === `cell-${pressed}`;
    pressed = null;
    if (!editing && !isPressed && (!isInSelectedCell() || keyPlace() === "editor")) focusCell();
    else if (!editing && isPressed && !isInSelectedCell()) cell.focus({ preventScroll: true }); // the pointer may have begun to select text
    if (!isPressed && !editing) reveal(cell);
  }, [isSelected, editing]);
}

/** Brings a cell in sight. One that is taller than the screen stays where it is as long as it fills most of it. */
function reveal(cell: HTMLElement): void {
  const screen = document.getElementById("main")?.getBoundingClientRect();
  const box = cell.getBoundingClientRect();
  const shown = screen === undefined ? 0 : Math.min(box.bottom, screen.bottom) - Math.max(box.top, screen.top);
  if (screen === undefined || box.height < screen.height || shown < screen.height / 2) cell.scrollIntoView({ block: "nearest" });
}

/** Whether a cell stands between the two ends of the selection. */
function isAmong({ store }: Open, id: string): "" | " among" {
  if (anchor.value === null) return "";
  const [one, other, at] = [store.indexOf(anchor.value), store.indexOf(selected.value), store.indexOf(id)];
  return at >= Math.min(one, other) && at <= Math.max(one, other) ? " among" : "";
}

function Gutter(props: {
  open: Open;
  cell: CellModel;
  index: number;
  run: Run | undefined;
  canRun: boolean;
  canEdit: boolean;
  onRun(): void;
}) {
  const { open, cell, index, run } = props;
  const running = run?.status === "running";
  return (
    <div class="gut">
      {cell.type === "code" && props.canRun && (
        <button
          type="button"
          class={running ? "go running" : "go"}
          tabIndex={-1}
          aria-label={running ? t.stopCell(index) : t.runCell(index)}
          onClick={() => props.onRun()}
        />
      )}
      {cell.type === "code" && <span class="count">{run?.count ?? ""}</span>}
      {props.canEdit && headingLevel(cell) > 0 && <FoldButton open={open} cell={cell} index={index} />}
      {props.canEdit && <Handle open={open} cell={cell} index={index} />}
    </div>
  );
}

function CellOutputs({ open, cell, run, index }: { open: Open; cell: CellModel; run: Run; index: number }) {
  open.store.cellVersion(cell.id).value;
  const [peeked, peek] = useState(false);
  if (!outputsHidden(cell) || peeked) return <Outputs open={open} run={run.id} label={t.output(index)} scrolled={isScrolled(cell)} />;
  open.store.runVersion(run.id).value;
  if (run.outputs.length === 0) return null;
  return (
    <p class="hidden-part">
      {t.outputHidden}
      <button
        type="button"
        class="link"
        onClick={() => (may("write") ? open.actions.visibility.set("outputs", cell.id, false) : peek(true))}
      >
        {t.show}
      </button>
    </p>
  );
}

export function Cell({ open, id }: { open: Open; id: string }) {
  const { store, actions } = open;
  const element = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  store.cellVersion(id).value;
  // One value, so that of thousands of cells only those are painted again for which it changes.
  const standing = useComputed(
    () =>
      (selected.value === id ? (mode.value === "edit" ? "sel edit" : "sel") : "") +
      isAmong(open, id) +
      (actions.sections.away.value.has(id) ? " away" : ""),
  ).value;
  const isSelected = standing.startsWith("sel");
  const editing = standing.startsWith("sel edit");
  useCellFocus(element, isSelected, editing);
  const cell = store.cellOf(id);
  if (cell === undefined) return null;
  const index = store.indexOf(id) + 1;
  const run = cell.run === null ? undefined : store.model.runs.get(cell.run);
  const word = cell.type === "code" ? stateWord(store.model, run) : "";
  const bar = cell.type === "code" ? barClass(run) : "";
  const stale = isStale(store.model, cell, store.sourceOf(id));
  const onRun = (): void => {
    if (run?.status === "running") actions.runs.interrupt();
    else actions.runs.run(id);
    actions.select(id);
    element.current?.focus({ preventScroll: true });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the boxes between the list and its items are no list
    // biome-ignore lint/a11y/useKeyWithClickEvents: the click does nothing but to give the cell the keys
    <div
      ref={element}
      id={`cell-${id}`}
      class={`cell ${cell.type} ${bar} ${standing}`}
      role="listitem"
      aria-label={t.cellLabel(index, t.kind[cell.type], word)}
      aria-current={isSelected ? "true" : undefined}
      tabIndex={isSelected ? 0 : -1}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={() => setNear(false)}
      onFocusIn={event => {
        if (pressed === null && takesSelection(id, event.target)) actions.select(id);
        else if (editing && !typeAhead.isWaiting && leavesEditor(event.target)) actions.select(id);
      }}
      onClick={() => {
        if (element.current !== null) settleFocus(element.current);
      }}
      onMouseDown={event => {
        if (event.target instanceof Element && event.target.closest(".grip, .menu, .plus, .fold") !== null) return;
        if (event.shiftKey && selected.value !== id && mode.value === "command") {
          event.preventDefault();
          actions.extendTo(id);
        } else if (selected.value !== id || anchor.value !== null) {
          press(id);
          actions.select(id);
        }
      }}
    >
      <Gutter open={open} cell={cell} index={index} run={run} canRun={may("execute")} canEdit={may("write")} onRun={onRun} />
      <div class="body">
        <Here cell={id} />
        <CellSource open={open} cell={cell} index={index} editing={editing} />
        {may("write") && cell.type === "markdown" && isFolded(cell) && headingLevel(cell) > 0 && <Folded open={open} id={id} />}
        {cell.type === "code" && run !== undefined && <CellOutputs open={open} cell={cell} run={run} index={index} />}
      </div>
      {cell.type === "code" && run !== undefined && !(run.kept && !stale) ? (
        <CellStatus open={open} run={run} stale={stale} />
      ) : (
        <div class="meta" />
      )}
      {may("write") && (near || isSelected) && <Plus open={open} id={id} index={index} />}
    </div>
  );
}
