/**
 * A button with a menu, or with a small panel: arrows move, Esc closes and gives the focus back.
 *
 * What opens stands in the top layer: the boxes of cells paint nothing outside of themselves, and would cut it off.
 */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

export interface MenuItem {
  readonly title: string;
  readonly disabled?: boolean;
  /** As a person reads them. */
  readonly keys?: string;
  /** For an item that is on or off. */
  readonly checked?: boolean;
  run(): void;
}

/** A heading, or (empty) a line, between items. */
export interface MenuHeading {
  readonly heading: string;
}

/** Words between items, which may be drawn anew while the menu is open. */
export interface MenuNote {
  readonly note: ComponentChildren;
}

export type MenuRow = MenuItem | MenuHeading | MenuNote | null | false;

interface Shell {
  readonly label: string;
  readonly className: string;
  readonly children: ComponentChildren;
  /** Where the panel stands: its left or its right edge is that of the button. */
  readonly from?: "left" | "right";
  onPointerDown?(event: PointerEvent): void;
}

function useShown(): [boolean, (on: boolean) => void, RefObject<HTMLSpanElement | null>, () => void] {
  const [shown, set] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  /** What had the focus when it was opened. */
  const before = useRef<Element | null>(null);
  const show = (on: boolean): void => {
    if (on) before.current = document.activeElement;
    set(on);
  };
  useEffect(() => {
    if (!shown) return;
    const outside = (event: Event): void => {
      if (!(event.target instanceof Node) || root.current?.contains(event.target) !== true) show(false);
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [shown]);
  const close = (): void => {
    show(false);
    const back = before.current?.isConnected === true && before.current !== document.body ? before.current : null;
    (back instanceof HTMLElement ? back : root.current?.querySelector("button"))?.focus({ preventScroll: true });
  };
  return [shown, show, root, close];
}

function Row({ row, close }: { row: MenuItem | MenuHeading | MenuNote; close: () => void }) {
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
function usePlace(shown: boolean, show: (on: boolean) => void, panel: RefObject<HTMLDivElement | null>, from: "left" | "right"): void {
  useLayoutEffect(() => {
    const element = panel.current;
    if (!shown || element === null) return;
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
  }, [shown]);
}

const ITEMS = "[role^=menuitem]:not(:disabled)";

export function Menu(props: Shell & { items: readonly MenuRow[]; title?: string }) {
  const [shown, show, root, close] = useShown();
  const panel = useRef<HTMLDivElement>(null);
  usePlace(shown, show, panel, props.from ?? "right");
  useLayoutEffect(() => {
    if (shown) panel.current?.querySelector<HTMLElement>(ITEMS)?.focus({ preventScroll: true });
  }, [shown]);
  const keys = (event: KeyboardEvent): void => {
    if (!shown) return;
    event.stopPropagation();
    const items = [...(root.current?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];
    const at = document.activeElement instanceof HTMLElement ? items.indexOf(document.activeElement) : -1;
    if (event.key === "Escape") close();
    else if (event.key === "Tab") show(false);
    else if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length]?.focus();
    else if (event.key === "Home") items[0]?.focus();
    else if (event.key === "End") items.at(-1)?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the menu inside, which is interactive
    <span class="menu-root" ref={root} onKeyDown={keys}>
      <button
        type="button"
        class={props.className}
        aria-label={props.label}
        title={props.title}
        aria-haspopup="menu"
        aria-expanded={shown}
        onPointerDown={props.onPointerDown}
        onClick={() => show(!shown)}
      >
        {props.children}
      </button>
      {shown && (
        <div class="menu" popover="manual" role="menu" aria-label={props.label} ref={panel}>
          {props.items.map((row, at) => (row === null || row === false ? null : <Row key={at} row={row} close={close} />))}
        </div>
      )}
    </span>
  );
}

/** A button with a panel of anything. */
export function Popover(props: Shell & { panel: () => ComponentChildren }) {
  const [shown, show, root, close] = useShown();
  const panel = useRef<HTMLDivElement>(null);
  usePlace(shown, show, panel, props.from ?? "right");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc for the panel inside
    <span
      class="menu-root"
      ref={root}
      onKeyDown={event => {
        if (!shown || event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        type="button"
        class={props.className}
        aria-label={props.label}
        aria-haspopup="dialog"
        aria-expanded={shown}
        onClick={() => show(!shown)}
      >
        {props.children}
      </button>
      {shown && (
        <div class="menu popover" popover="manual" role="dialog" aria-label={props.label} ref={panel}>
          {props.panel()}
        </div>
      )}
    </span>
  );
}
