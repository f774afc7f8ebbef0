/** A button with a small panel of anything, which stands as a menu does. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { type Shell, useShown } from "./Menu.tsx";
import { usePlace } from "./MenuPanel.tsx";

function Panel(props: { label: string; from: "left" | "right"; show(on: boolean): void; children: ComponentChildren }) {
  const panel = useRef<HTMLDivElement>(null);
  usePlace(props.show, panel, props.from);
  return (
    <div class="menu popover" popover="manual" role="dialog" aria-label={props.label} ref={panel}>
      {props.children}
    </div>
  );
}

/** A button with a panel of anything. */
export function Popover(props: Shell & { panel: () => ComponentChildren }) {
  const [shown, show, root, close] = useShown();
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
        <Panel label={props.label} from={props.from ?? "right"} show={show}>
          {props.panel()}
        </Panel>
      )}
    </span>
  );
}
