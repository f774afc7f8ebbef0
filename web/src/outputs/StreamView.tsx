/** Stream text: whole while it is short, a window on the line buffer when it is long. Bypasses the framework: the rows are painted by hand. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { bufferOf, resolvedText } from "../model/stream_lines.ts";
import type { StreamOutput } from "../model/types.ts";
import { loadOmitted } from "../session/omitted_text.ts";
import type { SessionStore } from "../session/store.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { printing } from "../ui/page_state.ts";
import { reachByKeys } from "../ui/scrolled_boxes.ts";
import { wrapLogs } from "../ui/settings.ts";
import { holdsSelection, paintLine, repaint } from "../ui/terminal_paint.ts";
import { provideLog } from "./find_outputs.ts";
import { LogSearch } from "./LogSearch.tsx";
import { LogWindow } from "./log.ts";
import { Tools } from "./OutputTools.tsx";
import { useOutputAddress } from "./place.ts";

/** A stream with more lines, or a line longer than this, gets a window. */
const SHORT_LINES = 40;
const SHORT_UNITS = 20_000;
/** A log with at most so many lines can be shown whole. */
const MOST_WHOLE_LINES = 10_000;
/** So many as long as a person has text of it selected. */
const MOST_HELD_LINES = 2000;

interface Props {
  readonly store: SessionStore;
  readonly run: string;
  readonly output: StreamOutput;
  readonly label: string;
  /** The run's version: a new one when there may be new text. */
  readonly version: number;
  /** Whether it begins at its start: what does not grow is read from there. */
  readonly fromStart?: boolean;
}

function ShortText({ output, label, version, element }: Props & { element: RefObject<HTMLPreElement | null> }) {
  useLayoutEffect(() => {
    const { lines, count } = bufferOf(output);
    const fragment = document.createDocumentFragment();
    lines.slice(0, count).forEach((line, at) => {
      if (at > 0) fragment.append("\n");
      paintLine(line, fragment);
    });
    if (element.current === null) return;
    repaint(element.current, fragment);
    reachByKeys(element.current, label);
  }, [output, output.length, version]);
  return (
    <pre
      class={`text stream ${output.name}${wrapLogs.value ? " wrapped" : ""}`}
      ref={element}
      role="log"
      aria-live="off"
      aria-label={label}
    />
  );
}

async function copyAll({ store, run, output }: Props): Promise<void> {
  await loadOmitted(store, run, output);
  try {
    await navigator.clipboard.writeText(resolvedText(output));
    toast(t.copied);
  } catch {
    toast(t.copyRefused, { bad: true });
  }
}

async function save({ store, run, output }: Props): Promise<void> {
  await loadOmitted(store, run, output);
  const address = URL.createObjectURL(new Blob([resolvedText(output)], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${output.name}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function LongText(props: Props) {
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

export function StreamView(props: Props) {
  const short = useRef<HTMLPreElement>(null);
  const { lines, count } = bufferOf(props.output);
  const [grown, setGrown] = useState(false);
  const long = count > SHORT_LINES || lines.some(line => line.text.length > SHORT_UNITS);
  useEffect(() => {
    if (long) setGrown(true);
  }, [long]);
  const isHeld = count < MOST_HELD_LINES && holdsSelection(short.current); // what is selected stays there to be copied
  if ((long || grown) && !isHeld && !printing.value) return <LongText {...props} />;
  return (
    <Tools label={props.label} kind={r.text} content={() => resolvedText(props.output)}>
      <ShortText {...props} element={short} />
    </Tools>
  );
}
