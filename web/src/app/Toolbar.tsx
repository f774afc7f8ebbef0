/** The bar over the cells, and on small screens the dock under them. */
import { isAttached, underway, waitingCount } from "../model/select.ts";
import { keyHint } from "../panels/commands.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { selected } from "../session/selection.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { forActs, lazily } from "../ui/lazy.ts";
import { Menu } from "../ui/Menu.tsx";
import { dialog, drawer, find } from "../ui/page_state.ts";
import { ownKeys } from "../ui/settings.ts";

const ask = (which: "restart" | "shortcuts" | "palette") => () => {
  dialog.value = which;
};

/** A press on a button of the bar leaves the focus where it is: the caret, or the cell that keys are for. */
function keepFocus(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest("button") !== null) event.preventDefault();
}

const QueueButton = lazily(forActs(async () => (await import("../panels/QueueButton.tsx")).QueueButton));
const menus = forActs(() => import("./menus.tsx"));

/** Interrupts what runs. */
function Stop({ open, className }: { open: Open; className: string }) {
  const { actions, store } = open;
  store.head.value;
  return (
    <button
      type="button"
      class={className}
      aria-label={t.interrupt}
      title={t.interrupt}
      disabled={underway(store.model).length === 0}
      onClick={() => actions.runs.interrupt()}
    >
      <Icon name="stop" />
    </button>
  );
}

/** The cells that can be added below the selected one. */
function additions({ actions }: Open): readonly { title: string; words: string; run(): void }[] {
  return [
    { title: t.addCodeLabel, words: t.addCode, run: () => actions.insertBelow("code", true) },
    { title: t.addTextLabel, words: t.addText, run: () => actions.insertBelow("markdown", true) },
  ];
}

export function Toolbar({ open }: { open: Open }) {
  const { actions, store } = open;
  store.head.value;
  const waiting = waitingCount(store.model);
  const several = actions.chosen().length;
  return (
    <div class="bar" role="toolbar" aria-label={t.toolbar} onMouseDown={keepFocus}>
      {may("execute") && (
        <span class="group">
          <button type="button" class="btn" disabled={selected.value === null} onClick={() => actions.runSelected("next")}>
            <Icon name="play" />
            {t.run}
            <span class="kbd" aria-hidden="true">
              {ownKeys.value["run-next"] === undefined ? "⇧⏎" : keyHint("run-next")}
            </span>
          </button>
          <Menu
            className="btn icon narrow"
            label={t.runMenu}
            title={t.runMenu}
            code={menus}
            items={() => menus.loaded?.runRows(open) ?? []}
            from="left"
          >
            <Icon name="down" />
          </Menu>
          <button type="button" class="btn icon" aria-label={t.runAll} title={t.runAll} onClick={() => actions.runs.runMany("all")}>
            <Icon name="playAll" />
          </button>
          <Stop open={open} className="btn icon" />
          <button
            type="button"
            class="btn icon"
            aria-label={t.restartKernel}
            title={t.restartKernel}
            disabled={store.model.kernel === null || isAttached(store.model)}
            onClick={ask("restart")}
          >
            <Icon name="restart" />
          </button>
        </span>
      )}
      {may("write") &&
        additions(open).map(({ title, words, run }) => (
          <button key={title} type="button" class="btn ghost" aria-label={title} onClick={run}>
            <Icon name="plus" />
            {words}
          </button>
        ))}
      <span class="grow" />
      {several > 1 && <span class="quiet several">{t.selectedCells(several)}</span>}
      {waiting > 0 && <QueueButton open={open} waiting={waiting} />}
      <button type="button" class="btn ghost icon" aria-label={t.find.title} title={t.find.title} onClick={() => find(false)}>
        <Icon name="search" />
      </button>
      <button type="button" class="btn ghost icon spare" aria-label={t.shortcuts} title={t.shortcuts} onClick={ask("shortcuts")}>
        <Icon name="keyboard" />
      </button>
      <button type="button" class="btn ghost find-command" title={t.palette.title} onClick={ask("palette")}>
        <Icon name="command" />
        <span class="words">{t.palette.open}</span>
        <span class="kbd" aria-hidden="true">
          {keyHint("palette")}
        </span>
      </button>
    </div>
  );
}

export function Dock({ open }: { open: Open }) {
  const { actions, store } = open;
  store.head.value;
  return (
    <div class="dock" role="toolbar" aria-label={t.toolbar} onMouseDown={keepFocus}>
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
      {may("write") && (
        <Menu className="btn ghost icon" label={t.addCell} from="left" items={additions(open)}>
          <Icon name="plus" />
        </Menu>
      )}
      {may("execute") && (
        <>
          <button type="button" class="btn main" onClick={() => actions.runSelected("next")}>
            <Icon name="play" />
            {t.run}
          </button>
          <Stop open={open} className="btn ghost icon" />
        </>
      )}
      <button type="button" class="btn ghost icon" aria-label={t.palette.open} onClick={ask("palette")}>
        <Icon name="search" />
      </button>
    </div>
  );
}
