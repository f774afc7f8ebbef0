/** Files that are dropped on a notebook: a picture over a text cell goes into it, all else is uploaded into the notebook's folder. */

import { useState } from "preact/hooks";
import { folderOf } from "../model/paths.ts";
import type { Open } from "../session/open_session.ts";
import { may, sayWhyNot } from "../session/permissions.ts";
import { t } from "../text/en.ts";
import { pictureIn, useDropped } from "../ui/dropped_files.ts";
import { forActs, LazyModule, useLazy } from "../ui/lazy.ts";
import { complain } from "../ui/notices.ts";

const uploading = new LazyModule(() => import("./Uploads.tsx"));
const pictures = forActs(() => import("../session/pictures.ts"));

/** The text cell that is under the pointer. */
function textCellAt(event: DragEvent): string | null {
  const cell = event.target instanceof Element ? event.target.closest(".cell.markdown") : null;
  return cell === null ? null : cell.id.slice("cell-".length);
}

export function Dropping({ open }: { open: Open }) {
  const [expected, expect] = useState(false);
  const views = useLazy(uploading, expected);
  const over = useDropped(
    event => (textCellAt(event) === null ? "page" : "text"),
    (dropped, event) => {
      const [cell, picture] = [textCellAt(event), pictureIn(dropped.files)];
      if (cell !== null && picture !== null && may("write"))
        pictures.fetch().then(({ attach }) => attach(open.actions, picture, cell), complain);
      else if (!may("own")) sayWhyNot("own");
      else {
        const folder = folderOf(open.store.model.file?.path ?? "").replace(/\/$/, "");
        expect(true);
        uploading.fetch().then(module => module.uploadDropped(dropped, folder), complain);
      }
    },
    open,
  );
  return (
    <>
      {over !== null && <div class="drop-note">{over === "text" ? t.dropText : t.dropPage}</div>}
      {views !== null && <views.Uploads />}
    </>
  );
}
