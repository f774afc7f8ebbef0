/** A button with a menu: arrows move, Esc closes and gives the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface MenuItem {
  readonly title: string;
  readonly disabled?: boolean;
  run(): void;
}

export function Menu(props: { label: string; className: string; items: readonly MenuItem[]; children: ComponentChildren }) {
  const [shown, show] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!shown) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]:not(:disabled)")?.focus();
    const outside = (event: Event): void => {
      if (!(event.target instanceof Node) || root.current?.contains(event.target) !== true) show(false);
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [shown]);
  const close = (): void => {
    show(false);
    root.current?.querySelector("button")?.focus();
  };
  const keys = (event: KeyboardEvent): void => {
    if (!shown) return;
    event.stopPropagation();
    const items = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? [])];
    const at = document.activeElement instanceof HTMLElement ? items.indexOf(document.activeElement) : -1;
    if (event.key === "Escape") close();
    else if (event.key === "Tab") show(false);
    else if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length]?.focus();
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
        aria-haspopup="menu"
        aria-expanded={shown}
        onClick={() => show(!shown)}
      >
        {props.children}
      </button>
      {shown && (
        <div class="menu" role="menu" aria-label={props.label}>
          {props.items.map(item => (
            <button
              type="button"
              role="menuitem"
              key={item.title}
              disabled={item.disabled ?? false}
              onClick={() => {
                close();
                item.run();
              }}
            >
              {item.title}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
