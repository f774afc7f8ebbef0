/** The menu of a cell, on its handle. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { isScrolled, outputsHidden, sourceHidden } from "../model/select.ts";
import type { Cell as CellModel } from "../model/types.ts";
import { copyCellLink } from "../session/cell_link.ts";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { cellMenuWords } from "../text/menus.ts";
import { Menu } from "../ui/Menu.tsx";
import type { MenuRow } from "../ui/menu_rows.ts";

/** The handle with its menu, which opens as soon as it is there. */
export function CellMenu(props: { open: Open; cell: CellModel; label: string; drag(event: PointerEvent): void }) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => place.current?.querySelector("button")?.click(), []);
  return (
    <span ref={place}>
      <Menu
        className="grip"
        label={props.label}
        title={t.moveCell}
        from="left"
        onPointerDown={props.drag}
        items={() => menuOf(props.open, props.cell)}
      >
        {null}
      </Menu>
    </span>
  );
}

/** What can be done with a cell by the mouse or a finger; on a selection of several when the cell is among them. */
function menuOf({ store, actions }: Open, cell: CellModel): MenuRow[] {
  const words = cellMenuWords;
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
