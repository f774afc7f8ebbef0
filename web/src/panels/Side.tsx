/** The side: the outline of the text cells, the files, the variables; and always what runs and waits on the server. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { forActs, lazily } from "../ui/lazy.ts";
import { drawer } from "../ui/page_state.ts";
import { SIDE_WIDTHS, sideWidth } from "../ui/settings.ts";
import { kernelWords } from "./kernel_words.ts";
import { MemoryAfter } from "./MemoryAfter.tsx";
import { queued } from "./queue.ts";
import { PANEL_IDS, PANELS, type PanelId, shownPanel, toggleSide } from "./side_panels.ts";
import { useUsage } from "./usage.ts";

/** What runs and waits, each with what can be done about it. */
const QueueList = lazily(forActs(async () => (await import("./QueueList.tsx")).QueueList));

/** What an arrow moves the edge by, in pixels. */
const STEP = 16;

/** The panels that there are for whoever looks. */
const panels = (): readonly PanelId[] => PANEL_IDS.filter(id => may(PANELS[id].right));

function Tabs({ now }: { now: PanelId }) {
  const all = panels();
  const go = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    shownPanel.value = all[(all.indexOf(now) + by + all.length) % all.length] ?? now;
    document.getElementById(`tab-${shownPanel.value}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t.sidePanel} onKeyDown={go}>
      {all.map(tab => (
        <button
          key={tab}
          id={`tab-${tab}`}
          type="button"
          role="tab"
          aria-selected={tab === now}
          aria-controls="side-panel"
          tabIndex={tab === now ? 0 : -1}
          onClick={() => {
            shownPanel.value = tab;
          }}
        >
          {PANELS[tab].title}
        </button>
      ))}
    </div>
  );
}

/** Whether something can be seen, wherever it scrolled or folded to. */
function useSeen(): [RefObject<HTMLParagraphElement | null>, boolean] {
  const element = useRef<HTMLParagraphElement>(null);
  const [seen, set] = useState(false);
  useEffect(() => {
    if (element.current === null) return;
    const watch = new IntersectionObserver(entries => set(entries.at(-1)?.isIntersecting === true));
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return [element, seen];
}

/** The kernel of this session, and what it uses. */
function KernelLine({ open }: { open: Open }) {
  open.store.head.value;
  const [element, seen] = useSeen();
  const { name, words, dot } = kernelWords(open);
  const { kernel } = open.store.model;
  const { id } = open.store;
  const used = useUsage(id, seen && kernel !== null && kernel.state !== "dead").get(id);
  return (
    <p class="kernel-line" ref={element}>
      <span class={`dot ${dot}`} />
      <span>
        {name} · {words} <MemoryAfter usage={kernel?.state === "dead" ? undefined : used} />
      </span>
    </p>
  );
}

/** The edge of the panel: dragged, or moved by arrows; a double click gives it the usual width. */
function Edge() {
  const { least, usual, most } = SIDE_WIDTHS;
  const set = (width: number): void => {
    sideWidth.value = Math.round(Math.max(least, Math.min(most, width)));
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "ArrowLeft") set(sideWidth.value - STEP);
    else if (event.key === "ArrowRight") set(sideWidth.value + STEP);
    else if (event.key === "Home") set(least);
    else if (event.key === "End") set(most);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      class="side-edge"
      role="separator"
      tabIndex={0}
      aria-label={t.sideEdge}
      aria-orientation="vertical"
      aria-valuenow={sideWidth.value}
      aria-valuemin={least}
      aria-valuemax={most}
      onKeyDown={keys}
      onDblClick={() => set(usual)}
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={event => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) set(event.clientX);
      }}
    />
  );
}

export function Side({ open }: { open: Open }) {
  open.store.head.value;
  const tab = panels().includes(shownPanel.value) ? shownPanel.value : "outline";
  const View = PANELS[tab].view;
  const queue = queued(open);
  return (
    <>
      <aside class={drawer.value ? "side open" : "side"} aria-label={t.side}>
        <div class="side-head">
          <Tabs now={tab} />
          <button type="button" class="btn ghost icon hide-side" aria-label={t.sideHide} title={t.sideHide} onClick={toggleSide}>
            <Icon name="left" />
          </button>
        </div>
        <div role="tabpanel" id="side-panel" aria-labelledby={`tab-${tab}`} class="side-panel">
          <View key={tab} open={open} />
        </div>
        <h2>{t.runningHere}</h2>
        <KernelLine open={open} />
        {queue.length === 0 && <p class="quiet">{t.nothingRuns}</p>}
        {queue.length > 0 && <QueueList open={open} />}
      </aside>
      <Edge />
    </>
  );
}
