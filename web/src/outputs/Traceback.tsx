/** A traceback: what went wrong first, then where; frames of libraries are folded away. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { linesOf } from "../model/lines.ts";
import { errorLine } from "../model/outputs.ts";
import { cellOfCount } from "../model/select.ts";
import type { ErrorOutput } from "../model/types.ts";
import type { Open } from "../session/open_session.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { toast } from "../ui/notices.ts";
import { printing } from "../ui/page_state.ts";
import { reachByKeys } from "../ui/scrolled_boxes.ts";
import { paintLine, plainText } from "../ui/terminal_paint.ts";
import { ErrorLine } from "./ErrorLine.tsx";
import { type Frame, frames, isArrow, repeats } from "./traceback_frames.ts";

function Code({ text }: { text: string }) {
  const element = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    const rows = linesOf(text).map(line => {
      const row = document.createElement("span");
      row.className = isArrow(line.text) ? "tb-line hl" : "tb-line";
      paintLine(line, row);
      return row;
    });
    element.current?.replaceChildren(...rows);
    if (element.current !== null) reachByKeys(element.current, r.wideCode);
  }, [text]);
  return <pre ref={element} />;
}

function Place({ open, frame }: { open: Open; frame: Frame }) {
  const cell = frame.cellCount === null ? null : cellOfCount(open.store.model, frame.cellCount);
  if (frame.place === "") return null;
  if (cell === null) return <p class="tb-place">{frame.place}</p>;
  return (
    <p class="tb-place">
      <button
        type="button"
        class="link"
        title={t.goToLine(String(frame.cellCount), frame.line ?? 1)}
        onClick={() => {
          open.actions.sections.reveal(cell);
          open.actions.select(cell);
          open.actions.edit({ line: frame.line ?? 1 });
        }}
      >
        {frame.place}
      </button>
    </p>
  );
}

/** Whether a frame is folded away for its library: one of a library, unless it is the one that failed. */
const foldable = (all: readonly Frame[], at: number): boolean => (all[at]?.library ?? false) && at < all.length - 1;

export function Traceback({ open, output }: { open: Open; output: ErrorOutput }) {
  const [showAll, setShowAll] = useState(false);
  const all = frames(output.traceback, output.name, output.value);
  const repeated = repeats(all);
  // On paper everything is there once: a recursion a thousand calls deep would be a hundred sheets.
  const isFolded = (at: number): boolean => repeated[at] === true || (foldable(all, at) && !printing.value);
  const folded = all.filter((_, at) => foldable(all, at)).length;
  const count = repeated.filter((one, at) => one && !foldable(all, at)).length;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(plainText(output.traceback.join("\n")) || errorLine(output));
      toast(t.copied);
    } catch {
      toast(t.copyRefused, { bad: true });
    }
  };
  return (
    <details class="tb" open>
      <ErrorLine output={output} />
      {all.map((frame, at) =>
        isFolded(at) && !showAll ? null : (
          <div key={at} class="tb-frame">
            <Place open={open} frame={frame} />
            {frame.text !== "" && <Code text={frame.text} />}
          </div>
        ),
      )}
      {printing.value && !showAll && repeated.includes(true) && (
        <p class="tb-place">{t.hiddenFrames(0, repeated.filter(one => one).length, false)}</p>
      )}
      <div class="tb-foot">
        {folded + count > 0 && (
          <button type="button" class="btn ghost" aria-expanded={showAll} onClick={() => setShowAll(!showAll)}>
            <Icon name="down" />
            {t.hiddenFrames(folded, count, showAll)}
          </button>
        )}
        <span class="grow" />
        <button type="button" class="btn ghost" onClick={() => void copy()}>
          <Icon name="copy" />
          {t.copy}
        </button>
      </div>
    </details>
  );
}
