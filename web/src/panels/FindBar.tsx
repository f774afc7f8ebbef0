/** Finds in the sources of all cells and in their outputs, and replaces in the sources. Loaded when it is first wanted. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { matchesIn, patternOf, replaced } from "../model/find.ts";
import type { Open } from "../session/open_session.ts";
import { caret, mode, selected } from "../session/selection.ts";
import { t } from "../text/en.ts";
import { findWords } from "../text/finding.ts";
import { Icon } from "../ui/icons.tsx";
import { finding, findStep } from "../ui/page_state.ts";
import { findsInOutputs } from "../ui/settings.ts";
import { type Found, findAll, paint, show } from "./find_matches.ts";

/** So long after a change its outputs stand in the page; cells that are not there yet take longer. */
const PAINTED_MS = 50;
const DRAWN_MS = 500;

function Toggle(props: { on: boolean; label: string; keys?: string; sign: string; set(on: boolean): void }) {
  const title = props.keys === undefined ? props.label : `${props.label} (${props.keys})`;
  return (
    <button
      type="button"
      class="btn ghost icon"
      aria-pressed={props.on}
      aria-label={props.label}
      title={title}
      onClick={() => props.set(!props.on)}
    >
      <span class="sign" data-sign={props.sign} />
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
  const [turn, setTurn] = useState(0);
  const again = (): void => setTurn(n => n + 1);
  const field = useRef<HTMLInputElement>(null);
  const replace = finding.value?.replace ?? false;
  const pattern = patternOf({ text, matchCase, word, regular });
  const inOutputs = findsInOutputs.value;
  const matches = useMemo(
    () => findAll(open, pattern, inOutputs, again),
    [pattern?.source, pattern?.flags, inOutputs, turn, store.head.value, store.textVersion.value, store.unsent.value],
  );
  const canReplace = matches.some(match => match.shown === null);
  const current = matches[Math.min(at, matches.length - 1)];
  /** The match that was gone to last. */
  const reached = useRef<Found | null>(null);
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
    reached.current?.shown?.release();
    reached.current = found;
    actions.sections.reveal(found.cell);
    selected.value = found.cell;
    mode.value = "command";
    show(found);
    again(); // what was folded away stands in the page now
    requestAnimationFrame(() => field.current?.focus());
  };
  const step = useRef(findStep.value);
  useEffect(() => {
    if (step.current === findStep.value) return;
    step.current = findStep.value;
    go(at + findStep.value.by);
  }, [findStep.value]);
  useEffect(() => () => reached.current?.shown?.release(), [pattern?.flags, pattern?.source, inOutputs]);
  useEffect(() => {
    if (!inOutputs || pattern === null) return;
    // Outputs are painted behind this, and cells far down when the page is idle.
    const isAll = store.order.every(cell => document.getElementById(`cell-${cell}`) !== null);
    const timer = setTimeout(again, isAll ? PAINTED_MS : DRAWN_MS);
    return () => clearTimeout(timer);
  }, [inOutputs, pattern === null, store.head.value]);
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
    if (current.shown !== null) {
      go(matches.findIndex((match, index) => index > at && match.shown === null));
      return;
    }
    const { cell, from } = current;
    const { text: source, end } = replaced(store.sourceOf(cell), pattern, by, regular, from);
    actions.setSources([[cell, source]], t.steps.replacement);
    // On to the match behind what was put in, which may hold the pattern itself.
    const before = matches.findIndex(match => match.cell === cell);
    const inside = matchesIn(cell, source, pattern).filter(match => match.from < end || (match.to === match.from && match.from === end));
    setAt(before + inside.length);
    setTimeout(again, 100);
  };
  const replaceAll = (): void => {
    if (pattern === null || matches.length === 0) return;
    const sources = matches.filter(match => match.shown === null);
    const cells = [...new Set(sources.map(match => match.cell))];
    actions.setSources(
      cells.map(cell => [cell, replaced(store.sourceOf(cell), pattern, by, regular).text]),
      t.steps.replacement,
    );
    actions.undo.offer(findWords.replaced(sources.length, cells.length));
    setTimeout(again, 100);
  };
  const toggles: Readonly<Record<string, () => void>> = {
    KeyC: () => setCase(!matchCase),
    KeyW: () => setWord(!word),
    KeyR: () => setRegular(!regular),
    KeyO: () => {
      findsInOutputs.value = !inOutputs;
    },
  };
  const keys = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const withCtrl = event.ctrlKey || event.metaKey;
    const toggle = event.altKey && !event.ctrlKey ? toggles[event.code] : undefined;
    if (event.key === "Escape") close();
    else if (toggle !== undefined) toggle();
    else if (withCtrl && event.key.toLowerCase() === "g") go(at + (event.shiftKey ? -1 : 1));
    else if (withCtrl && event.key === "f") field.current?.select();
    else if (withCtrl && event.key === "h") finding.value = { replace: true, text: "" };
    else if (event.key === "Enter" && event.target === field.current) go((matches.length === 0 ? 0 : at) + (event.shiftKey ? -1 : 1));
    else if (event.key === "Enter" && event.target instanceof HTMLInputElement) (withCtrl && event.altKey ? replaceAll : replaceOne)();
    else return;
    event.preventDefault();
  };
  return (
    <search class="find-bar" aria-label={t.find.title} onKeyDown={keys}>
      <input
        class="input"
        ref={field}
        aria-label={findWords.find}
        placeholder={findWords.find}
        value={text}
        onInput={event => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <span class="find-count" role="status">
        {text !== "" && pattern === null
          ? findWords.bad
          : text === ""
            ? ""
            : findWords.count(Math.min(at, matches.length - 1) + 1, matches.length)}
      </span>
      <button type="button" class="btn ghost icon" aria-label={findWords.previous} title={findWords.previous} onClick={() => go(at - 1)}>
        <Icon name="up" />
      </button>
      <button type="button" class="btn ghost icon" aria-label={findWords.next} title={findWords.next} onClick={() => go(at + 1)}>
        <Icon name="down" />
      </button>
      <Toggle on={matchCase} label={findWords.caseSensitive} keys="Alt-C" sign="Aa" set={setCase} />
      <Toggle on={word} label={findWords.word} keys="Alt-W" sign="ab" set={setWord} />
      <Toggle on={regular} label={findWords.regular} keys="Alt-R" sign=".*" set={setRegular} />
      <button type="button" class="btn ghost" aria-pressed={inOutputs} title={`${findWords.outputsNote} (Alt-O)`} onClick={toggles.KeyO}>
        {findWords.outputs}
      </button>
      <span class="grow" />
      <button type="button" class="btn ghost icon" aria-label={t.close} onClick={close}>
        <Icon name="cross" />
      </button>
      {replace && (
        <div class="find-second">
          <input
            class="input"
            aria-label={findWords.replace}
            placeholder={findWords.replace}
            value={by}
            onInput={event => setBy(event.currentTarget.value)}
          />
          <button type="button" class="btn" disabled={!canReplace} onClick={replaceOne}>
            {findWords.one}
          </button>
          <button type="button" class="btn" disabled={!canReplace} onClick={replaceAll}>
            {findWords.all}
          </button>
        </div>
      )}
    </search>
  );
}
