/** The column of cells, in boxes that the browser paints only when they are near; the boxes far down are made when the page is idle. */
import { useComputed } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { promptsOfNone } from "../model/select.ts";
import type { Chunk } from "../session/cell_chunks.ts";
import { whenIdle } from "../session/flush_scheduler.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { Icon } from "../ui/icons.tsx";
import { forActs, LazyModule, lazily } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";
import { printing } from "../ui/page_state.ts";
import { Cell } from "./Cell.tsx";

/** Goes to the place that the address names. */
const fragments = new LazyModule(() => import("../outputs/fragments.ts"));

const BOXES_AT_ONCE = 2;

function CellChunk({ open, chunk }: { open: Open; chunk: Chunk }) {
  // A box that is all folded away takes no room: far from the screen the browser would guess one for it.
  const away = useComputed(() => chunk.cells.every(id => open.actions.sections.away.value.has(id))).value;
  return (
    <div class={away ? "box away" : "box"} role="presentation">
      {chunk.cells.map(id => (
        <Cell key={id} open={open} id={id} />
      ))}
    </div>
  );
}

/** How many boxes are made: a few at once, the others while nothing else is to do. */
function useFilled(chunks: number): number {
  const [made, fill] = useState(BOXES_AT_ONCE);
  const filled = printing.value ? chunks : made;
  useEffect(() => {
    if (filled >= chunks) return;
    return whenIdle(() => fill(filled + 1));
  }, [filled, chunks]);
  return filled;
}

const Loose = lazily(forActs(async () => (await import("./Loose.tsx")).Loose));

/** What ran or asks something, and belongs to no cell. */
function LooseIfAny({ open }: { open: Open }) {
  open.store.head.value;
  const { model } = open.store;
  return model.loose.length > 0 || promptsOfNone(model).length > 0 ? <Loose open={open} /> : null;
}

export function Cells({ open }: { open: Open }) {
  const chunks = open.store.chunks.value;
  const filled = useFilled(chunks.length);
  useEffect(() => {
    if (fragments.loaded !== null) fragments.loaded.placesCame();
    else return whenIdle(() => void fragments.fetch().then(({ placesCame }) => placesCame(), complain));
  }, [filled, chunks]);
  return (
    <div class="nb">
      {/* biome-ignore lint/a11y/useSemanticElements: cells stand in boxes, which a list element does not allow */}
      <div role="list" aria-label={t.cells}>
        {chunks.slice(0, filled).map(chunk => (
          <CellChunk key={chunk.key} open={open} chunk={chunk} />
        ))}
      </div>
      {chunks.length === 0 && (
        <div class="no-cells">
          <p class="quiet">{t.emptyNotebook}</p>
          {may("write") && (
            <>
              <button type="button" class="btn" onClick={() => open.actions.insertBelow("code", true)}>
                <Icon name="plus" />
                {t.addCode}
              </button>
              <button type="button" class="btn" onClick={() => open.actions.insertBelow("markdown", true)}>
                <Icon name="plus" />
                {t.addText}
              </button>
            </>
          )}
        </div>
      )}
      <LooseIfAny open={open} />
    </div>
  );
}
