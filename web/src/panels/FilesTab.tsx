/** The files beside the notebook: a click opens them. */

import { useEffect, useMemo } from "preact/hooks";
import { folderOf } from "../model/paths.ts";
import { connection } from "../session/connection.ts";
import { addressOf, openFile } from "../session/file_links.ts";
import type { Open } from "../session/open_session.ts";
import { homeAddress } from "../session/route.ts";
import { fileWords } from "../text/files.ts";
import { FILE_ICONS, Icon } from "../ui/icons.tsx";
import { Folder } from "./folder.ts";
import { HomeLink } from "./HomeLink.tsx";

const MOST = 300;

export function FilesTab({ open }: { open: Open }) {
  const { store } = open;
  store.head.value;
  const here = store.model.file?.path ?? "";
  const path = folderOf(here).replace(/\/$/, "");
  const folder = useMemo(() => new Folder(connection, path), [path]);
  useEffect(() => {
    folder.open();
    return () => folder.close();
  }, [folder]);
  const entries = folder.entries.value;
  const problem = folder.problem.value;
  return (
    <div class="files-tab">
      <p class="where">
        <HomeLink folder={path}>{path === "" ? fileWords.root : path}</HomeLink>
      </p>
      {problem !== null && <p class="quiet">{problem}</p>}
      {entries?.length === 0 && <p class="quiet">{fileWords.empty}</p>}
      <ul aria-label={fileWords.list(path === "" ? fileWords.root : path)}>
        {entries?.slice(0, MOST).map(file => (
          <li key={file.path}>
            <a
              href={addressOf(file)}
              aria-current={file.path === here ? "page" : undefined}
              onClick={event => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                if (file.path !== here) openFile(file);
              }}
            >
              <Icon name={FILE_ICONS[file.kind]} />
              <span>{file.name}</span>
            </a>
          </li>
        ))}
      </ul>
      {(entries?.length ?? 0) > MOST && (
        <p class="quiet">
          <a href={homeAddress(path)}>{fileWords.more((entries?.length ?? 0) - MOST)}</a>
        </p>
      )}
    </div>
  );
}
