/** Files that are dropped on a notebook: a picture over a text cell goes into it, all else is uploaded into the notebook's folder. */
import { useEffect, useState } from "preact/hooks";
import { attach, pictureIn } from "../store/attach.ts";
import { folderOf } from "../store/filing.ts";
import { may, sayWhyNot } from "../store/right.ts";
import { upload, uploads } from "../store/uploads.ts";
import { t } from "../text/en.ts";
import type { Open } from "./app.ts";
import { Uploads } from "./Uploads.tsx";

/** The text cell that is under the pointer. */
function textCellAt(event: DragEvent): string | null {
  const cell = event.target instanceof Element ? event.target.closest(".cell.markdown") : null;
  return cell === null ? null : cell.id.slice("cell-".length);
}

export function Dropping({ open }: { open: Open }) {
  const [over, setOver] = useState<"" | "text" | "page">("");
  useEffect(() => {
    const enter = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      setOver(textCellAt(event) === null ? "page" : "text");
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver("");
    };
    const drop = (event: DragEvent): void => {
      const files = event.dataTransfer?.files;
      if (files === undefined || files.length === 0) return;
      event.preventDefault();
      setOver("");
      const [cell, picture] = [textCellAt(event), pictureIn(files)];
      if (cell !== null && picture !== null && may("write")) attach(open.actions, picture, cell);
      else if (!may("own")) sayWhyNot("own");
      else upload(files, folderOf(open.store.model.file?.path ?? "").replace(/\/$/, ""));
    };
    addEventListener("dragover", enter);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [open]);
  return (
    <>
      {over !== "" && <div class="drop-note">{over === "text" ? t.attach.dropText : t.attach.dropPage}</div>}
      {uploads.value.length > 0 && <Uploads />}
    </>
  );
}
