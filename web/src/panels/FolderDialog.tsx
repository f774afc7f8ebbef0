/** Chooses a folder below the root: the folders in one, and the way up; a new one can be made on the way. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { connection } from "../session/connection.ts";
import { fileWords } from "../text/files.ts";
import { f } from "../text/managing.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { Folder } from "./folder.ts";
import { NewFolder } from "./NewFolder.tsx";

function Way({ folder, go }: { folder: string; go(folder: string): void }) {
  const parts = folder === "" ? [] : folder.split("/");
  return (
    <nav class="crumbs" aria-label={fileWords.crumbs}>
      {["", ...parts].map((part, at) => (
        <span key={at}>
          {at > 0 && <span class="sep">/</span>}
          <button
            type="button"
            class="crumb-button"
            aria-current={at === parts.length ? "page" : undefined}
            onClick={() => go(parts.slice(0, at).join("/"))}
          >
            {at === 0 ? fileWords.root : part}
          </button>
        </span>
      ))}
    </nav>
  );
}

export function FolderDialog(props: {
  title: string;
  /** The folder that it begins with. */
  start: string;
  /** What the button says for a folder. */
  act(folder: string): string;
  /** Folders that cannot be chosen, nor what is in them. */
  without: readonly string[];
  /** Whether a folder may be chosen. */
  may(folder: string): boolean;
  onAct(folder: string): void;
  onClose(): void;
}) {
  const [path, go] = useState(props.start);
  const [naming, name] = useState(false);
  const folder = useMemo(() => new Folder(connection, path), [path]);
  useEffect(() => {
    folder.open();
    return () => folder.close();
  }, [folder]);
  const entries = folder.entries.value;
  const folders = (entries ?? []).filter(entry => entry.kind === "folder" && !props.without.includes(entry.path));
  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      foot={
        <>
          <button type="button" class="btn" onClick={() => name(true)}>
            {fileWords.newFolderAsk}
          </button>
          <span class="grow" />
          <button
            type="button"
            class="btn main"
            disabled={!props.may(path)}
            onClick={() => {
              props.onClose();
              props.onAct(path);
            }}
          >
            {props.act(path)}
          </button>
        </>
      }
    >
      <Way folder={path} go={go} />
      {folder.problem.value !== null && (
        <p class="form-error" role="alert">
          {folder.problem.value}
        </p>
      )}
      <ul class="folder-list" aria-label={f.folders}>
        {folders.map(entry => (
          <li key={entry.path}>
            <button type="button" class="entry" onClick={() => go(entry.path)}>
              <Icon name="folder" />
              <span>{entry.name}</span>
            </button>
          </li>
        ))}
      </ul>
      {entries !== null && folders.length === 0 && <p class="quiet">{f.noFolders}</p>}
      {naming && <NewFolder folder={path} onClose={() => name(false)} onMade={go} />}
    </Dialog>
  );
}
