/** What stands around a cell for the mouse and the finger: its handle with the menu, the fold of a heading, and a way to add a cell below. */
import { useState } from "preact/hooks";
import { isFolded } from "../model/sections.ts";
import type { Cell as CellModel } from "../model/types.ts";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { forActs, useLazy } from "../ui/lazy.ts";
import { dragCells } from "./drag.ts";

const menus = forActs(() => import("./CellMenu.tsx"));

/** The handle of a cell: dragged, it moves the cell; pressed, it opens its menu, which is made only then: there can be ten thousand cells. */
export function Handle({ open, cell, index }: { open: Open; cell: CellModel; index: number }) {
  const [used, use] = useState(false);
  const menu = useLazy(menus, used);
  const drag = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const chosen = open.actions.chosen();
    dragCells(open, chosen.includes(cell.id) ? chosen : [cell.id], event);
  };
  const label = t.cellMenuOf(index);
  if (menu !== null) return <menu.CellMenu open={open} cell={cell} label={label} drag={drag} />;
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
