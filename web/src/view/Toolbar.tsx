/** The bar over the cells, and on small screens the dock under them. */
import { dialog, drawer, selected } from "../store/ui.ts";
import { t } from "../text/en.ts";
import type { Open } from "./app.ts";
import { Icon } from "./icons.tsx";

const ask = (which: "restart" | "shortcuts") => () => {
  dialog.value = which;
};

export function Toolbar({ open }: { open: Open }) {
  const { actions, store } = open;
  store.head.value;
  const busy = store.model.queue.length > 0;
  return (
    <div class="bar" role="toolbar" aria-label={t.toolbar}>
      <span class="group">
        <button type="button" class="btn" disabled={selected.value === null} onClick={() => actions.runSelected("next")}>
          <Icon name="play" />
          {t.run}
          <span class="kbd" aria-hidden="true">
            ⇧⏎
          </span>
        </button>
        <button type="button" class="btn icon" aria-label={t.runAll} title={t.runAll} onClick={() => actions.runAll()}>
          <Icon name="playAll" />
        </button>
        <button
          type="button"
          class="btn icon"
          aria-label={t.interrupt}
          title={t.interrupt}
          disabled={!busy}
          onClick={() => actions.interrupt()}
        >
          <Icon name="stop" />
        </button>
        <button
          type="button"
          class="btn icon"
          aria-label={t.restartKernel}
          title={t.restartKernel}
          disabled={store.model.kernel === null}
          onClick={ask("restart")}
        >
          <Icon name="restart" />
        </button>
      </span>
      <button type="button" class="btn ghost" aria-label={t.addCodeLabel} onClick={() => actions.insertBelow("code", true)}>
        <Icon name="plus" />
        {t.addCode}
      </button>
      <button type="button" class="btn ghost" aria-label={t.addTextLabel} onClick={() => actions.insertBelow("markdown", true)}>
        <Icon name="plus" />
        {t.addText}
      </button>
      <span class="grow" />
      <button type="button" class="btn ghost icon" aria-label={t.shortcuts} title={t.shortcuts} onClick={ask("shortcuts")}>
        <Icon name="keyboard" />
      </button>
    </div>
  );
}

export function Dock({ open }: { open: Open }) {
  const { actions, store } = open;
  store.head.value;
  return (
    <div class="dock" role="toolbar" aria-label={t.toolbar}>
      <button
        type="button"
        class="btn ghost icon"
        aria-label={t.side}
        onClick={() => {
          drawer.value = !drawer.value;
        }}
      >
        <Icon name="menu" />
      </button>
      <button type="button" class="btn ghost icon" aria-label={t.addCodeLabel} onClick={() => actions.insertBelow("code", true)}>
        <Icon name="plus" />
      </button>
      <button type="button" class="btn main" onClick={() => actions.runSelected("next")}>
        <Icon name="play" />
        {t.run}
      </button>
      <button
        type="button"
        class="btn ghost icon"
        aria-label={t.interrupt}
        disabled={store.model.queue.length === 0}
        onClick={() => actions.interrupt()}
      >
        <Icon name="stop" />
      </button>
      <button type="button" class="btn ghost icon" aria-label={t.addTextLabel} onClick={() => actions.insertBelow("markdown", true)}>
        <Icon name="text" />
      </button>
    </div>
  );
}
