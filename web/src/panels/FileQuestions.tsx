/** What is asked about entries of a folder: a new name, another folder, or whether they may go for good. */

import { folderOf } from "../model/paths.ts";
import type { File } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { t } from "../text/en.ts";
import { fileWords } from "../text/files.ts";
import { f } from "../text/managing.ts";
import { w } from "../text/trash.ts";
import { Ask, AskText } from "../ui/Dialog.tsx";
import { complain } from "../ui/notices.ts";
import { FolderDialog } from "./FolderDialog.tsx";
import { copyInto, deleteAllForGood, moveInto } from "./file_acts.ts";
import { mayDrop } from "./file_drag.ts";

/** `reason` is why they cannot go to the trash. */
export interface Asking {
  readonly what: "rename" | "move" | "copy" | "delete";
  readonly files: readonly File[];
  readonly reason?: string;
}

function bodyOf(files: readonly File[]): string {
  const [first] = files;
  if (first === undefined || files.length > 1) return f.forGoodBody;
  return first.kind === "folder" ? w.forGoodFolder : first.session === null ? w.forGoodFile : w.forGoodOpen;
}

export function Question({ asking, folder, close }: { asking: Asking; folder: string; close(): void }) {
  const { what, files, reason } = asking;
  const [file] = files;
  if (file === undefined) return null;
  const names = files.map(one => one.name);
  const paths = files.map(one => one.path);
  if (what === "rename")
    return (
      <AskText
        title={fileWords.renameOf(file.name)}
        label={fileWords.newName}
        initial={file.name}
        stem={file.kind !== "folder"}
        act={t.rename}
        onClose={close}
        onAct={name => {
          const to = folderOf(file.path) + name;
          if (to !== file.path) connection.call("file.rename", { path: file.path, to }).catch(complain);
        }}
      />
    );
  if (what === "move" || what === "copy")
    return (
      <FolderDialog
        title={what === "move" ? f.moveTitle(names) : f.copyTitle(names)}
        start={folder}
        act={what === "move" ? f.moveHere : f.copyHere}
        without={paths}
        may={to => what === "copy" || mayDrop(paths, to)}
        onClose={close}
        onAct={to => void (what === "move" ? moveInto : copyInto)(connection, files, to).catch(complain)}
      />
    );
  const body = bodyOf(files);
  return (
    <Ask
      title={reason === undefined ? f.forGoodAsk(names) : f.noTrash(names)}
      body={reason === undefined ? body : `${reason} ${body}`}
      act={w.forGoodAct}
      danger
      onClose={close}
      onAct={() => void deleteAllForGood(connection, files).catch(complain)}
    />
  );
}
