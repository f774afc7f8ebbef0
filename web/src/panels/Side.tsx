/** The side: the outline of the text cells, the files, the variables; and always what runs and waits on the server. */
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { outline, type SectionState, sectionStates } from "../model/select.ts";
import type { Open } from "../session/open_session.ts";
import { may, needs } from "../session/permissions.ts";
import { selected } from "../session/selection.ts";
import { t } from "../text/en.ts";
import { lazily } from "../ui/lazy.ts";
import { drawer } from "../ui/page_state.ts";
import { type SideTab, sideTab } from "../ui/settings.ts";
import { kernelWords } from "./kernel_words.ts";
import { jump, QueueList, queued } from "./Queue.tsx";
import { MemoryAfter } from "./Running.tsx";
import { useUsage } from "./usage.ts";

const TABS: readonly SideTab[] = ["outline", "files", "variables"];

/** The tabs that there are: files are not part of what a guest is shown, and to ask for variables is to run code. */
const tabs = (): readonly SideTab[] => TABS.filter(tab => may(needs(tab)));

function Mark({ state }: { state: SectionState }) {
  if (state === "") return null;
  return (
    <span class="mark-at-end">
      <span class={state === "running" ? "dot busy" : "dot dead"} />
      <span class="vh">{state === "running" ? t.headingRuns : t.headingFailed}</span>
    </span>
  );
}

function Outline({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const version = store.textVersion.value;
  const headings = useMemo(() => outline(store.model), [store, version, store.model]);
  const states = sectionStates(store.model, headings);
  const at = store.indexOf(selected.value);
  const before = headings.filter(heading => store.indexOf(heading.cell) <= at);
  const current = before[before.length - 1];
  return (
    <>
      {headings.length === 0 && <p class="quiet">{t.outlineEmpty}</p>}
      <ul class="toc">
        {headings.map((heading, index) => (
          <li key={index}>
            <button
              type="button"
              class={`l${heading.level}`}
              aria-current={heading === current ? "true" : undefined}
              onClick={() => jump(open, heading.cell)}
            >
              <span class="heading-text">{heading.text || t.untitledHeading}</span>
              <Mark state={states[index] ?? ""} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

const FilesTab = lazily(async () => (await import("./FilesTab.tsx")).FilesTab);
const VariablesTab = lazily(async () => (await import("./VariablesTab.tsx")).VariablesTab);
const VIEWS = { outline: Outline, files: FilesTab, variables: VariablesTab };

function Tabs({ now }: { now: SideTab }) {
  const all = tabs();
  const go = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    sideTab.value = all[(all.indexOf(now) + by + all.length) % all.length] ?? now;
    document.getElementById(`tab-${sideTab.value}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t.sideTabs.label} onKeyDown={go}>
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
            sideTab.value = tab;
          }}
        >
          {t.sideTabs[tab]}
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

export function Side({ open }: { open: Open }) {
  open.store.head.value;
  const tab = tabs().includes(sideTab.value) ? sideTab.value : "outline";
  const View = VIEWS[tab];
  const queue = queued(open);
  return (
    <aside class={drawer.value ? "side open" : "side"} aria-label={t.side}>
      <Tabs now={tab} />
      <div role="tabpanel" id="side-panel" aria-labelledby={`tab-${tab}`} class="side-panel">
        <View key={tab} open={open} />
      </div>
      <h2>{t.runningHere}</h2>
      <KernelLine open={open} />
      {queue.length === 0 && <p class="quiet">{t.nothingRuns}</p>}
      <QueueList open={open} />
    </aside>
  );
}
