/** Files that are dropped on a notebook: a picture over a text cell goes into it, all else is uploaded into the notebook's folder. */

import { folderOf } from "../model/paths.ts";
import type { Open } from "../session/open_session.ts";
import { may, sayWhyNot } from "../session/permissions.ts";
import { attach, pictureIn } from "../session/pictures.ts";
import { t } from "../text/en.ts";
import { useDropped } from "../ui/dropped_files.ts";
import { Uploads } from "./Uploads.tsx";
import { upload, uploads } from "./uploads.ts";

/** The text cell that is under the pointer. */
function textCellAt(event: DragEvent): string | null {
  const cell = event.target instanceof Element ? event.target.closest(".cell.markdown") : null;
  return cell === null ? null : cell.id.slice("cell-".length);
}

export function Dropping({ open }: { open: Open }) {
  const over = useDropped(
    event => (textCellAt(event) === null ? "page" : "text"),
    (files, event) => {
      const [cell, picture] = [textCellAt(event), pictureIn(files)];
      if (cell !== null && picture !== null && may("write")) attach(open.actions, picture, cell);
      else if (!may("own")) sayWhyNot("own");
      else upload(files, folderOf(open.store.model.file?.path ?? "").replace(/\/$/, ""));
    },
    open,
  );
  return (
    <>
      {over !== null && <div class="drop-note">{over === "text" ? t.attach.dropText : t.attach.dropPage}</div>}
      {uploads.value.length > 0 && <Uploads />}
    </>
  );
}
