/** What a menu or a button with a panel opens: the rows and their keys, and where it stands. */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";
import { type MenuRow, rowsInPlace, type ShownRow } from "./menu_rows.ts";

interface Opened {
  readonly label: string;
  /** Where it stands: its left or its right edge is that of the button. */
  readonly from: "left" | "right";
  show(on: boolean): void;
  close(): void;
}

function Row({ row, close }: { row: ShownRow; close: () => void }) {
  if ("note" in row) return <div class="menu-note">{row.note}</div>;
  if ("heading" in row) return <div class={row.heading === "" ? "menu-line" : "menu-heading"}>{row.heading}</div>;
  const act = (): void => {
    close();
    row.run();
  };
  const content = (
    <>
      {row.checked !== undefined && <span class="menu-check">{row.checked && <Icon name="check" />}</span>}
      <span class="grow">{row.title}</span>
      {row.keys !== undefined && (
        <span class="kbd" aria-hidden="true">
          {row.keys}
        </span>
      )}
    </>
  );
  if (row.checked !== undefined)
    return (
      <button type="button" role="menuitemcheckbox" aria-checked={row.checked} disabled={row.disabled ?? false} onClick={act}>
        {content}
      </button>
    );
  return (
    <button type="button" role="menuitem" disabled={row.disabled ?? false} onClick={act}>
      {content}
    </button>
  );
}

const GAP = 6;
const EDGE = 8;

/** Puts what opened under its button, or over it where there is no room; scrolling away from it closes it. */
export function usePlace(show: (on: boolean) => void, panel: RefObject<HTMLDivElement | null>, from: "left" | "right"): void {
  useLayoutEffect(() => {
    const element = panel.current;
    if (element === null) return;
    element.showPopover?.();
    const button = element.parentElement?.querySelector("button")?.getBoundingClientRect();
    if (button !== undefined) {
      const { width, height } = element.getBoundingClientRect();
      const left = from === "left" ? button.left : button.right - width;
      const below = button.bottom + GAP + height <= innerHeight - EDGE || button.top < height + GAP + EDGE;
      element.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
      element.style.top = `${Math.max(EDGE, below ? Math.min(button.bottom + GAP, innerHeight - height - EDGE) : button.top - GAP - height)}px`;
    }
    const scrolled = (event: Event): void => {
      if (!(event.target instanceof Node) || !element.contains(event.target)) show(false);
    };
    addEventListener("scroll", scrolled, true);
    return () => removeEventListener("scroll", scrolled, true);
  }, []);
}

const ITEMS = "[role^=menuitem]:not(:disabled)";

/**
 * A key that is pressed on the button of an open menu, or in the menu.
 *
 * Args:
 *   key: which one.
 *   root: what holds the button and the menu.
 *   opened: how the menu is closed.
 *
 * Returns:
 *   Whether the browser is not to do with it what it would.
 */
export function pressInMenu(key: string, root: HTMLElement | null, { show, close }: Pick<Opened, "show" | "close">): boolean {
  const items = [...(root?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];
  const at = document.activeElement instanceof HTMLElement ? items.indexOf(document.activeElement) : -1;
  if (key === "Escape") close();
  else if (key === "Tab") show(false);
  else if (key === "ArrowDown") items[(at + 1) % items.length]?.focus();
  else if (key === "ArrowUp") items[(at - 1 + items.length) % items.length]?.focus();
  else if (key === "Home") items[0]?.focus();
  else if (key === "End") items.at(-1)?.focus();
  else return false;
  return key !== "Tab";
}

/** Does what was pressed before the menu was there. */
function catchUp(early: string[], root: HTMLElement | null, opened: Pick<Opened, "show" | "close">): void {
  for (const key of early.splice(0)) {
    if (pressInMenu(key, root, opened)) continue;
    if ((key === "Enter" || key === " ") && document.activeElement instanceof HTMLElement) document.activeElement.click();
  }
}

export function MenuPanel({ label, from, show, close, items, early }: Opened & { items: readonly MenuRow[]; early: string[] }) {
  const panel = useRef<HTMLDivElement>(null);
  const placed = useRef<ReadonlyMap<string, ShownRow>>(new Map());
  placed.current = rowsInPlace(placed.current, items);
  usePlace(show, panel, from);
  useLayoutEffect(() => {
    panel.current?.querySelector<HTMLElement>(ITEMS)?.focus({ preventScroll: true });
    catchUp(early, panel.current?.parentElement ?? null, { show, close });
  }, []);
  return (
    <div class="menu" popover="manual" role="menu" aria-label={label} ref={panel}>
      {[...placed.current].map(([name, row]) => (
        <Row key={name} row={row} close={close} />
      ))}
    </div>
  );
}
