/**
 * A button with a menu: arrows move, Esc closes and gives the focus back. The button is there at once; what it opens comes with
 * the code for acts (MenuPanel.tsx).
 *
 * What opens stands in the top layer: the boxes of cells paint nothing outside of themselves, and would cut it off.
 */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { forActs, type LazyModule, useLazy } from "./lazy.ts";
import type { MenuRow } from "./menu_rows.ts";

const panels = forActs(() => import("./MenuPanel.tsx"));

export interface Shell {
  readonly label: string;
  readonly className: string;
  readonly children: ComponentChildren;
  /** Where the panel stands: its left or its right edge is that of the button. */
  readonly from?: "left" | "right";
  onPointerDown?(event: PointerEvent): void;
}

/** What is open, how it is opened and closed, and what holds it: clicks outside close it, and the focus goes back. */
export function useShown(): [boolean, (on: boolean) => void, RefObject<HTMLSpanElement | null>, () => void] {
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

export function Menu(
  props: Shell & {
    /** The rows, or what makes them while the menu is open. */
    items: readonly MenuRow[] | (() => readonly MenuRow[]);
    title?: string;
    /** Code that makes the rows. */
    code?: LazyModule<unknown>;
  },
) {
  const [shown, show, root, close] = useShown();
  const views = useLazy(panels, shown);
  const isReady = useLazy(props.code ?? panels, shown) !== null;
  const { items } = props;
  const early = useRef<string[]>([]);
  const press = (event: KeyboardEvent): void => {
    if (!shown) return;
    event.stopPropagation();
    if (views !== null && isReady) {
      if (views.pressInMenu(event.key, root.current, { show, close })) event.preventDefault();
    } else if (event.key === "Escape") close();
    else {
      early.current.push(event.key);
      event.preventDefault();
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the menu inside, which is interactive
    <span class="menu-root" ref={root} onKeyDown={press}>
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
      {shown && views !== null && isReady && (
        <views.MenuPanel
          label={props.label}
          from={props.from ?? "right"}
          show={show}
          close={close}
          items={typeof items === "function" ? items() : items}
          early={early.current}
        />
      )}
    </span>
  );
}
