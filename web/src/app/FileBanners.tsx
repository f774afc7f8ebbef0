/** When the file and what is here do not go together: the banner with the choices, and the trouble of saving. */
import { useState } from "preact/hooks";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { Banner } from "../ui/Banner.tsx";
import { dialog } from "../ui/page_state.ts";

export function FileBanners({ open }: { open: Open }) {
  open.store.head.value;
  const { file } = open.store.model;
  const { actions } = open;
  const [read, setRead] = useState<readonly string[]>([]);
  if (file === null) return null;
  const { conflict, failed } = file;
  const notes = [...file.repairs, ...(file.repairs.length > 0 ? [t.repairedStays] : []), ...(file.inPlace ? [t.inPlace] : [])];
  if (conflict !== null)
    return (
      <Banner
        kind="warn"
        icon="warn"
        bold={conflict.etag === null ? t.conflict.deleted : t.conflict.changed}
        end={
          may("own") && (
            <>
              {conflict.etag !== null && (
                <>
                  <button
                    type="button"
                    class="btn"
                    onClick={() => {
                      dialog.value = "compare";
                    }}
                  >
                    {t.conflict.compare}
                  </button>
                  <button type="button" class="btn" title={t.conflict.takeTheirsTitle} onClick={() => void actions.file.takeTheirs()}>
                    {t.conflict.takeTheirs}
                  </button>
                </>
              )}
              <button
                type="button"
                class={conflict.etag === null ? "btn main" : "btn"}
                title={t.conflict.keepMineTitle}
                onClick={() => void actions.file.keepMine()}
              >
                {conflict.etag === null ? t.conflict.writeAgain : t.conflict.keepMine}
              </button>
            </>
          )
        }
      >
        {conflict.cells.length > 0 ? t.conflict.cells(conflict.cells.length) : t.conflict.gone}
      </Banner>
    );
  if (failed === null && notes.length > 0 && notes.join() !== read.join())
    return (
      <Banner
        kind="info"
        icon="warn"
        bold={file.repairs.length > 0 ? t.repaired : t.inPlaceBold}
        end={
          <button type="button" class="btn" onClick={() => setRead(notes)}>
            {t.repairedRead}
          </button>
        }
      >
        {notes.join(" ")}
      </Banner>
    );
  if (failed === null) return null;
  return (
    <Banner
      kind="bad"
      icon="warn"
      bold={t.saveFailed}
      end={
        may("write") && (
          <button type="button" class="btn" onClick={() => void actions.file.save()}>
            {t.tryAgain}
          </button>
        )
      }
    >
      {t.saveFailedBody(failed)}
    </Banner>
  );
}
