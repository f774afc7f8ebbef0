/** Stream text: whole while it is short, a window on the line buffer when it is long. Bypasses the framework: the rows are painted by hand. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { bufferOf, resolvedText } from "../model/stream_lines.ts";
import type { StreamOutput } from "../model/types.ts";
import { loadOmitted } from "../session/omitted_text.ts";
import type { SessionStore } from "../session/store.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { wrapLogs } from "../ui/settings.ts";
import { paintLine } from "../ui/terminal_paint.ts";
import { LogSearch } from "./LogSearch.tsx";
import { LogWindow } from "./log.ts";
import { Tools } from "./OutputTools.tsx";

/** A stream with more lines, or a line longer than this, gets a window. */
const SHORT_LINES = 40;
const SHORT_UNITS = 20_000;

interface Props {
  readonly store: SessionStore;
  readonly run: string;
  readonly output: StreamOutput;
  readonly label: string;
  /** The run's version: a new one when there may be new text. */
  readonly version: number;
}

function ShortText({ output, label, version }: Props) {
  const element = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    const { lines, count } = bufferOf(output);
    const fragment = document.createDocumentFragment();
    lines.slice(0, count).forEach((line, at) => {
      if (at > 0) fragment.append("\n");
      paintLine(line, fragment);
    });
    element.current?.replaceChildren(fragment);
  }, [output, output.length, version]);
  return <pre class={`text stream ${output.name}`} ref={element} role="log" aria-live="off" aria-label={label} />;
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

function LongText(props: Props) {
  const { output, label, version } = props;
  const scroller = useRef<HTMLDivElement>(null);
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
        log.current.update();
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
  const search = (): void => {
    setSearching(!searching);
    if (!searching) loadOmitted(props.store, props.run, output).catch(complain);
  };
  return (
    <div class={`log ${output.name}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <div class="view" ref={scroller} tabIndex={0} role="log" aria-live="off" aria-label={label} />
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
        <button type="button" class="btn ghost" aria-pressed={searching} onClick={search}>
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
  const { lines, count } = bufferOf(props.output);
  const [grown, setGrown] = useState(false);
  const long = count > SHORT_LINES || lines.some(line => line.text.length > SHORT_UNITS);
  useEffect(() => {
    if (long) setGrown(true);
  }, [long]);
  if (long || grown) return <LongText {...props} />;
  return (
    <Tools label={props.label} kind={r.text} content={() => resolvedText(props.output)}>
      <ShortText {...props} />
    </Tools>
  );
}
