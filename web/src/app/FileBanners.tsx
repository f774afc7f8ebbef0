/** When the file and what is here do not go together: the banner with the choices, and the trouble of saving. */

import { useState } from "preact/hooks";
import { DocumentActions } from "../session/document_actions.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { bannerWords, conflictWords } from "../text/banners.ts";
import { Banner } from "../ui/Banner.tsx";
import { dialog } from "../ui/page_state.ts";

export function FileBanners({ open }: { open: Open }) {
  open.store.head.value;
  const { file } = open.store.model;
  const { actions } = open;
  const [read, setRead] = useState<readonly string[]>([]);
  if (file === null) return null;
  const { conflict, failed } = file;
  const notes = [
    ...file.repairs,
    ...(file.repairs.length > 0 ? [bannerWords.repairedStays] : []),
    ...(file.inPlace ? [bannerWords.inPlace] : []),
  ];
  if (conflict !== null)
    return (
      <Banner
        kind="warn"
        icon="warn"
        bold={conflict.etag === null ? conflictWords.deleted : conflictWords.changed}
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
                    {conflictWords.compare}
                  </button>
                  <button
                    type="button"
                    class="btn"
                    title={conflictWords.takeTheirsTitle}
                    onClick={() => void new DocumentActions(actions.store).takeTheirs()}
                  >
                    {conflictWords.takeTheirs}
                  </button>
                </>
              )}
              <button
                type="button"
                class={conflict.etag === null ? "btn main" : "btn"}
                title={conflictWords.keepMineTitle}
                onClick={() => void new DocumentActions(actions.store).keepMine()}
              >
                {conflict.etag === null ? conflictWords.writeAgain : conflictWords.keepMine}
              </button>
            </>
          )
        }
      >
        {conflict.cells.length > 0 ? conflictWords.cells(conflict.cells.length) : conflictWords.gone}
      </Banner>
    );
  if (failed === null && notes.length > 0 && notes.join() !== read.join())
    return (
      <Banner
        kind="info"
        icon="warn"
        bold={file.repairs.length > 0 ? bannerWords.repaired : bannerWords.inPlaceBold}
        end={
          <button type="button" class="btn" onClick={() => setRead(notes)}>
            {bannerWords.repairedRead}
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
      bold={bannerWords.saveFailed}
      end={
        may("write") && (
          <button type="button" class="btn" onClick={() => void actions.file.save()}>
            {bannerWords.tryAgain}
          </button>
        )
      }
    >
      {bannerWords.saveFailedBody(failed)}
    </Banner>
  );
}
