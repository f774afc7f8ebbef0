/** A stream of many lines: a window on its line buffer, with what can be done with it. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { bufferOf, resolvedText } from "../model/stream_lines.ts";
import { loadOmitted } from "../session/omitted_text.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { wrapLogs } from "../ui/settings.ts";
import { LogSearch } from "./LogSearch.tsx";
import { LogWindow } from "./log.ts";
import { provideLog } from "./log_texts.ts";
import { useOutputAddress } from "./place.ts";
import { ShortText } from "./ShortText.tsx";
import type { StreamProps } from "./stream_props.ts";

/** A log with at most so many lines can be shown whole. */
const MOST_WHOLE_LINES = 10_000;

async function copyAll({ store, run, output }: StreamProps): Promise<void> {
  await loadOmitted(store, run, output);
  try {
    await navigator.clipboard.writeText(resolvedText(output));
    toast(t.copied);
  } catch {
    toast(t.copyRefused, { bad: true });
  }
}

async function save({ store, run, output }: StreamProps): Promise<void> {
  await loadOmitted(store, run, output);
  const address = URL.createObjectURL(new Blob([resolvedText(output)], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${output.name}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function LongText(props: StreamProps) {
  const address = useOutputAddress();
  const { output, label, version } = props;
  const root = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  /** What the server has of the log, on its way. */
  const rest = useRef<Promise<void> | null>(null);
  /** What is to be marked when the rows are made. */
  const marked = useRef<[number | null, string]>([null, ""]);
  const text = useRef<HTMLPreElement>(null);
  const log = useRef<LogWindow | null>(null);
  const [, refresh] = useState(0);
  const buffer = bufferOf(output);
  const wrap = wrapLogs.value;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    // Rows are made when the log comes near: a thousand logs that nobody looks at would each cost a layout.
    const watch = new IntersectionObserver(
      entries => {
        if (!entries.some(one => one.isIntersecting)) return;
        watch.disconnect();
        log.current = new LogWindow(element, bufferOf(output), () => refresh(n => n + 1), wrapLogs.value);
        log.current.following = props.fromStart !== true;
        log.current.update();
        if (marked.current[0] !== null) log.current.mark(...marked.current);
      },
      { root: element.closest("#main"), rootMargin: "800px 0px" },
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      log.current?.destroy();
      log.current = null;
    };
  }, [output, output.omitted]);
  useLayoutEffect(() => log.current?.update(), [output, output.length, version]);
  useEffect(() => log.current?.setWrap(wrap), [wrap]);
  const following = log.current?.following ?? true;
  const [searching, setSearching] = useState(false);
  const [whole, setWhole] = useState(false);
  const canBeWhole = buffer.count <= MOST_WHOLE_LINES;
  const isWhole = whole && canBeWhole;
  useLayoutEffect(() => {
    const element = root.current;
    if (element === null || isWhole) return;
    const { lines, count } = bufferOf(output);
    provideLog(element, {
      lines: () => lines.slice(0, count).map(line => line.text),
      mark: (line, found) => {
        marked.current = [line, found];
        log.current?.mark(line, found);
      },
      rest: () => {
        if (output.omitted === null) return null;
        rest.current ??= loadOmitted(props.store, props.run, output);
        return rest.current;
      },
    });
    return () => provideLog(element, null);
  }, [output, output.length, output.omitted, version, isWhole]);
  const search = (): void => {
    setSearching(!searching);
    if (!searching) loadOmitted(props.store, props.run, output).catch(complain);
  };
  return (
    <div class={`log ${output.name}`} ref={root}>
      {isWhole && <ShortText {...props} element={text} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <div class="view" hidden={isWhole} ref={scroller} tabIndex={0} role="log" aria-live="off" aria-label={label} />
      <div class="log-foot">
        <span class="counts">{t.logFoot(buffer.count, buffer.written, following)}</span>
        {!following && (
          <button
            type="button"
            class="btn ghost"
            onClick={() => {
              log.current?.toEnd();
              refresh(n => n + 1);
            }}
          >
            <Icon name="down" />
            {t.toEnd}
          </button>
        )}
        {output.omitted !== null && (
          <button type="button" class="btn ghost" onClick={() => void loadOmitted(props.store, props.run, output).catch(complain)}>
            {t.loadAll}
          </button>
        )}
        <span class="grow" />
        {searching && (
          <LogSearch
            buffer={buffer}
            version={version}
            show={(line, text) => log.current?.mark(line, text)}
            close={() => {
              setSearching(false);
              scroller.current?.focus({ preventScroll: true });
            }}
          />
        )}
        {canBeWhole && (
          <button type="button" class="btn ghost" aria-pressed={whole} onClick={() => setWhole(!whole)}>
            {t.wholeLog}
          </button>
        )}
        {address !== null && (
          <a class="btn ghost" href={address} target="_blank" rel="noopener" title={t.inTabTitle}>
            <Icon name="right" />
            {t.inTab}
          </a>
        )}
        <button type="button" class="btn ghost" disabled={isWhole} aria-pressed={searching} onClick={search}>
          <Icon name="search" />
          {r.search}
        </button>
        <button
          type="button"
          class="btn ghost"
          aria-pressed={wrap}
          onClick={() => {
            wrapLogs.value = !wrap;
          }}
        >
          <Icon name="wrap" />
          {t.wrap}
        </button>
        <button type="button" class="btn ghost" onClick={() => void copyAll(props).catch(complain)}>
          <Icon name="copy" />
          {t.copy}
        </button>
        <button type="button" class="btn ghost" onClick={() => void save(props).catch(complain)}>
          <Icon name="download" />
          {t.download}
        </button>
      </div>
    </div>
  );
}
