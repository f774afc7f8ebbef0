/** What stands around a cell for the mouse and the finger: its handle with the menu, the fold of a heading, and a way to add a cell below. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { isFolded } from "../model/sections.ts";
import { isScrolled, outputsHidden, sourceHidden } from "../model/select.ts";
import type { Cell as CellModel } from "../model/types.ts";
import { copyCellLink } from "../session/cell_link.ts";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { Menu, type MenuRow } from "../ui/Menu.tsx";
import { dragCells } from "./drag.ts";

/** The handle of a cell: dragged, it moves the cell; pressed, it opens its menu, which is made only then: there can be ten thousand cells. */
export function Handle({ open, cell, index }: { open: Open; cell: CellModel; index: number }) {
  const place = useRef<HTMLSpanElement>(null);
  const [used, use] = useState(false);
  useLayoutEffect(() => {
    if (used) place.current?.querySelector("button")?.click();
  }, [used]);
  const drag = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const chosen = open.actions.chosen();
    dragCells(open, chosen.includes(cell.id) ? chosen : [cell.id], event);
  };
  const label = t.cellMenu.of(index);
  if (!used)
    return (
      <button
        type="button"
        class="grip"
        tabIndex={-1}
        aria-label={label}
        title={t.moveCell}
        aria-haspopup="menu"
        aria-expanded={false}
        onPointerDown={drag}
        onClick={() => use(true)}
      />
    );
  return (
    <span ref={place}>
      <Menu className="grip" label={label} title={t.moveCell} from="left" onPointerDown={drag} items={menuOf(open, cell)}>
        {null}
      </Menu>
    </span>
  );
}

/** What can be done with a cell by the mouse or a finger; on a selection of several when the cell is among them. */
function menuOf({ store, actions }: Open, cell: CellModel): MenuRow[] {
  const words = t.cellMenu;
  const on = (act: () => void) => (): void => {
    if (!actions.chosen().includes(cell.id)) actions.select(cell.id);
    act();
  };
  const isCode = cell.type === "code";
  const type = (to: CellModel["type"], title: string): MenuRow =>
    cell.type !== to && { title, keys: { code: "Y", markdown: "M", raw: "R" }[to], run: on(() => actions.setType(to)) };
  const at = store.indexOf(cell.id);
  return [
    { title: words.cut, keys: "X", run: on(() => actions.copyByKey(true)) },
    { title: words.copy, keys: "C", run: on(() => actions.copyByKey()) },
    { title: words.paste, keys: "V", run: on(() => actions.paste(false)) },
    { title: words.link, run: () => void copyCellLink(store, cell.id) },
    { title: words.remove, keys: "D D", run: on(() => actions.remove()) },
    { heading: "" },
    { title: words.up, keys: "Alt ↑", disabled: at === 0, run: on(() => actions.shift(-1)) },
    { title: words.down, keys: "Alt ↓", disabled: at === store.order.length - 1, run: on(() => actions.shift(1)) },
    { title: words.merge, keys: "⇧ M", disabled: at === store.order.length - 1, run: on(() => actions.splitMerge.merge(1)) },
    { heading: "" },
    type("code", words.code),
    type("markdown", words.text),
    type("raw", words.raw),
    isCode && { heading: "" },
    isCode && { title: words.source, checked: sourceHidden(cell), run: on(() => actions.visibility.toggle("source")) },
    isCode && { title: words.outputs, checked: outputsHidden(cell), run: on(() => actions.visibility.toggle("outputs")) },
    isCode && { title: words.scrolled, checked: isScrolled(cell), run: on(() => actions.visibility.toggle("scrolled")) },
    isCode && { title: words.clear, run: on(() => actions.clearChosen()) },
  ];
}

/** Makes a cell below this one, by the mouse. */
export function Plus({ open, id, index }: { open: Open; id: string; index: number }) {
  const make = (type: CellModel["type"]) => (): void => open.actions.insert(id, type);
  return (
    <div class="plus">
      <button type="button" tabIndex={-1} aria-label={t.plusCode(index)} onClick={make("code")}>
        <Icon name="plus" />
        {t.addCode}
      </button>
      <button type="button" tabIndex={-1} aria-label={t.plusText(index)} onClick={make("markdown")}>
        <Icon name="plus" />
        {t.addText}
      </button>
    </div>
  );
}

/** Says how many cells a folded heading hides. */
export function Folded({ open, id }: { open: Open; id: string }) {
  open.store.textVersion.value;
  const count = open.actions.sections.hides(id);
  if (count === 0) return null;
  return (
    <p class="hidden-part folded-away">
      {t.foldedCells(count)}
      <button type="button" class="link" onClick={() => open.actions.sections.setFolded(id, false)}>
        {t.show}
      </button>
    </p>
  );
}

/** Folds the section under a heading, or opens it. */
export function FoldButton({ open, cell, index }: { open: Open; cell: CellModel; index: number }) {
  const folded = isFolded(cell);
  const label = folded ? t.unfoldSection(index) : t.foldSection(index);
  return (
    <button
      type="button"
      class={folded ? "fold folded" : "fold"}
      tabIndex={-1}
      aria-label={label}
      aria-expanded={!folded}
      title={label}
      onClick={() => open.actions.sections.setFolded(cell.id, !folded)}
    >
      <Icon name="down" />
    </button>
  );
}
