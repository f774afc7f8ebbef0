/** How cells differ, line by line: what only the older has with a minus, what only the newer has with a plus. */

import type { ComponentChildren } from "preact";
import { type DiffLine, diffLines } from "../model/diff.ts";
import type { CellChange } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { historyWords } from "../text/history.ts";

/** So many equal lines are shown around a change. */
const AROUND = 2;

/** The lines to show: long runs of equal ones become their number. */
function folded(all: readonly DiffLine[]): (DiffLine | number)[] {
  const near = all.map((_, at) => all.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(line => line.kind !== "same"));
  const shown: (DiffLine | number)[] = [];
  let hidden = 0;
  all.forEach((line, at) => {
    if (near[at] !== true) {
      hidden++;
      return;
    }
    if (hidden > 0) shown.push(hidden);
    hidden = 0;
    shown.push(line);
  });
  if (hidden > 0) shown.push(hidden);
  return shown;
}

const SIGN = { same: " ", out: "−", in: "+" } as const;
const LOOK = { same: "same", out: "gone", in: "new" } as const;

function Change({ change, act }: { change: CellChange; act: ComponentChildren }) {
  const lines = folded(diffLines(change.before ?? "", change.after ?? ""));
  const more = [change.outputs_changed ? historyWords.outputs : "", change.metadata_changed ? historyWords.metadata : ""].filter(
    part => part !== "",
  );
  return (
    <li class={`diff ${change.change}`}>
      <p class="diff-head">
        <b>{historyWords.changes[change.change]}</b> <span class="sub">{t.kind[change.cell_type]}</span>
        {more.length > 0 && <span class="sub"> · {more.join(", ")}</span>}
        {act}
      </p>
      {change.before !== change.after && (
        <pre class="diff-lines">
          {lines.map((line, at) =>
            typeof line === "number" ? (
              <span key={at} class="diff-line skip">
                {`⋯ ${historyWords.unchanged(line)}\n`}
              </span>
            ) : (
              <span key={at} class={`diff-line ${LOOK[line.kind]}`}>
                {`${SIGN[line.kind]} ${line.text}\n`}
              </span>
            ),
          )}
        </pre>
      )}
    </li>
  );
}

/** `act` gives what can be done about one of the changes. */
export function Diff({ changes, act }: { changes: readonly CellChange[]; act?: (change: CellChange) => ComponentChildren }) {
  return (
    <ul class="diffs">
      {changes.map(change => (
        <Change key={`${change.change} ${change.cell}`} change={change} act={act?.(change)} />
      ))}
    </ul>
  );
}
