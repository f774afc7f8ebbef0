/** The outline: the headings of the text cells, and what runs under each. */
import { useMemo } from "preact/hooks";
import { outline, type SectionState, sectionStates } from "../model/select.ts";
import type { Open } from "../session/open_session.ts";
import { selected } from "../session/selection.ts";
import { t } from "../text/en.ts";
import { jump } from "./queue.ts";

function Mark({ state }: { state: SectionState }) {
  if (state === "") return null;
  return (
    <span class="mark-at-end">
      <span class={state === "running" ? "dot busy" : "dot dead"} />
      <span class="vh">{state === "running" ? t.headingRuns : t.headingFailed}</span>
    </span>
  );
}

export function Outline({ open }: { open: Open }) {
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
      <ul class="side-rows toc">
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
