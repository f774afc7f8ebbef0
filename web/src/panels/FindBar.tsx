/** Finds, and replaces, in the sources of all cells. Loaded when it is first wanted. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Match, MOST_MATCHES, matchesIn, patternOf, replaced } from "../model/find.ts";
import type { Open } from "../session/open_session.ts";
import { caret, mode, selected } from "../session/selection.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { toast } from "../ui/notices.ts";
import { finding, findStep } from "../ui/page_state.ts";

function allMatches({ store }: Open, pattern: RegExp | null): Match[] {
  if (pattern === null) return [];
  const found: Match[] = [];
  for (const id of store.order) {
    found.push(...matchesIn(id, store.sourceOf(id), pattern));
    if (found.length >= MOST_MATCHES) break;
  }
  return found;
}

/** Marks the matches that stand in the page: the browser paints them, the cells stay as they are. */
function paint(matches: readonly Match[], current: Match | undefined): void {
  if (!("highlights" in CSS)) return;
  const ranges: Range[] = [];
  const here: Range[] = [];
  for (const match of matches.slice(0, 1000)) {
    const source = document.getElementById(`cell-${match.cell}`)?.querySelector("pre.src");
    const range = source == null ? null : rangeIn(source, match.from, match.to);
    if (range !== null) (match === current ? here : ranges).push(range);
  }
  CSS.highlights.set("found", new Highlight(...ranges));
  CSS.highlights.set("found-here", new Highlight(...here));
}

function rangeIn(element: Element, from: number, to: number): Range | null {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let at = 0;
  let begun = false;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const { length } = node.nodeValue ?? "";
    if (!begun && from < at + length) {
      range.setStart(node, from - at);
      begun = true;
    }
    if (begun && to <= at + length) {
      range.setEnd(node, to - at);
      return range;
    }
    at += length;
  }
  return null;
}

function Toggle(props: { on: boolean; label: string; sign: string; set(on: boolean): void }) {
  return (
    <button
      type="button"
      class="btn ghost icon"
      aria-pressed={props.on}
      aria-label={props.label}
      title={props.label}
      onClick={() => props.set(!props.on)}
    >
      <span aria-hidden="true">{props.sign}</span>
    </button>
  );
}

export function FindBar({ open }: { open: Open }) {
  const { store, actions } = open;
  store.head.value;
  store.unsent.value;
  const [text, setText] = useState("");
  const [by, setBy] = useState("");
  const [matchCase, setCase] = useState(false);
  const [word, setWord] = useState(false);
  const [regular, setRegular] = useState(false);
  const [at, setAt] = useState(0);
  const [, again] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const replace = finding.value?.replace ?? false;
  const pattern = patternOf({ text, matchCase, word, regular });
  const matches = allMatches(open, pattern);
  const current = matches[Math.min(at, matches.length - 1)];
  useLayoutEffect(() => {
    if (finding.value !== null && finding.value.text !== "") setText(finding.value.text);
    field.current?.focus();
    field.current?.select();
  }, [finding.value]);
  useEffect(() => {
    paint(matches, current);
    return () => paint([], undefined);
  });
  const go = (next: number): void => {
    const found = matches[(next + matches.length) % Math.max(1, matches.length)];
    if (found === undefined) return;
    setAt(matches.indexOf(found));
    const element = document.getElementById(`cell-${found.cell}`);
    actions.sections.reveal(found.cell);
    selected.value = found.cell;
    mode.value = "command";
    (element?.querySelector("pre.src") ?? element)?.scrollIntoView({ block: "nearest" });
    requestAnimationFrame(() => field.current?.focus());
  };
  const step = useRef(findStep.value);
  useEffect(() => {
    if (step.current === findStep.value) return;
    step.current = findStep.value;
    go(at + findStep.value.by);
  }, [findStep.value]);
  const close = (): void => {
    finding.value = null;
    if (current === undefined) document.getElementById(`cell-${selected.value}`)?.focus();
    else {
      actions.select(current.cell);
      caret.value = null;
      document.getElementById(`cell-${current.cell}`)?.focus();
    }
  };
  const replaceOne = (): void => {
    if (current === undefined || pattern === null) return;
    actions.setSources([[current.cell, replaced(store.sourceOf(current.cell), pattern, by, regular, current.from)]], t.steps.replacement);
    setTimeout(() => again(n => n + 1), 100);
  };
  const replaceAll = (): void => {
    if (pattern === null || matches.length === 0) return;
    const cells = [...new Set(matches.map(match => match.cell))];
    actions.setSources(
      cells.map(cell => [cell, replaced(store.sourceOf(cell), pattern, by, regular)]),
      t.steps.replacement,
    );
    toast(t.find.replaced(matches.length, cells.length), { action: { title: t.undo, run: () => actions.undo.undo() } });
    setTimeout(() => again(n => n + 1), 100);
  };
  const keys = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const withCtrl = event.ctrlKey || event.metaKey;
    if (event.key === "Escape") close();
    else if (withCtrl && event.key.toLowerCase() === "g") go(at + (event.shiftKey ? -1 : 1));
    else if (withCtrl && event.key === "f") field.current?.select();
    else if (withCtrl && event.key === "h") finding.value = { replace: true, text: "" };
    else if (event.key === "Enter" && event.target === field.current) go((matches.length === 0 ? 0 : at) + (event.shiftKey ? -1 : 1));
    else return;
    event.preventDefault();
  };
  return (
    <search class="find-bar" aria-label={t.find.title} onKeyDown={keys}>
      <input
        class="input"
        ref={field}
        aria-label={t.find.find}
        placeholder={t.find.find}
        value={text}
        onInput={event => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <span class="find-count" role="status">
        {text !== "" && pattern === null
          ? t.find.bad
          : text === ""
            ? ""
            : t.find.count(Math.min(at, matches.length - 1) + 1, matches.length)}
      </span>
      <button type="button" class="btn ghost icon" aria-label={t.find.previous} title={t.find.previous} onClick={() => go(at - 1)}>
        <Icon name="up" />
      </button>
      <button type="button" class="btn ghost icon" aria-label={t.find.next} title={t.find.next} onClick={() => go(at + 1)}>
        <Icon name="down" />
      </button>
      <Toggle on={matchCase} label={t.find.caseSensitive} sign="Aa" set={setCase} />
      <Toggle on={word} label={t.find.word} sign="W" set={setWord} />
      <Toggle on={regular} label={t.find.regular} sign=".*" set={setRegular} />
      <span class="grow" />
      <button type="button" class="btn ghost icon" aria-label={t.close} onClick={close}>
        <Icon name="cross" />
      </button>
      {replace && (
        <div class="find-second">
          <input
            class="input"
            aria-label={t.find.replace}
            placeholder={t.find.replace}
            value={by}
            onInput={event => setBy(event.currentTarget.value)}
          />
          <button type="button" class="btn" disabled={matches.length === 0} onClick={replaceOne}>
            {t.find.one}
          </button>
          <button type="button" class="btn" disabled={matches.length === 0} onClick={replaceAll}>
            {t.find.all}
          </button>
        </div>
      )}
    </search>
  );
}
