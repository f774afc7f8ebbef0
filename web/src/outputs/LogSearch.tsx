/** Finds in the lines of a log. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LineBuffer } from "../model/lines.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";

const MOST = 10_000;

/** The lines that hold a text, in any case of letters; not more than `MOST`. */
export function linesWith(buffer: LineBuffer, text: string): number[] {
  const wanted = text.toLowerCase();
  const found: number[] = [];
  if (wanted === "") return found;
  for (let at = 0; at < buffer.count && found.length < MOST; at++)
    if (buffer.lines[at]?.text.toLowerCase().includes(wanted) === true) found.push(at);
  return found;
}

interface Props {
  readonly buffer: LineBuffer;
  /** A new value when there may be new lines. */
  readonly version: number;
  show(line: number | null, text: string): void;
  close(): void;
}

export function LogSearch({ buffer, version, show, close }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const lines = useMemo(() => linesWith(buffer, text), [buffer, buffer.count, version, text]);
  useLayoutEffect(() => {
    field.current?.focus(); // before the next key
    return () => show(null, "");
  }, []);
  const go = (to: number, list = lines, query = text): void => {
    const next = list.length === 0 ? 0 : (to + list.length) % list.length;
    setAt(next);
    show(list[next] ?? null, query);
  };
  const keys = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.target === field.current) go(at + (event.shiftKey ? -1 : 1));
    else return;
    event.preventDefault();
  };
  return (
    <search class="search-in" onKeyDown={keys}>
      <input
        type="search"
        ref={field}
        placeholder={r.search}
        aria-label={t.searchLog}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={event => {
          const query = event.currentTarget.value;
          setText(query);
          go(0, linesWith(buffer, query), query);
        }}
      />
      <span class="find-count" role="status">
        {text !== "" && r.found(Math.min(at, lines.length - 1) + 1, lines.length, lines.length >= MOST)}
      </span>
      <button type="button" class="btn ghost icon" aria-label={r.previous} onClick={() => go(at - 1)}>
        <Icon name="up" />
      </button>
      <button type="button" class="btn ghost icon" aria-label={r.next} onClick={() => go(at + 1)}>
        <Icon name="down" />
      </button>
    </search>
  );
}
