/** What stands beside a notebook and can be handed out with it: what its cells name is chosen. */

import { useEffect, useState } from "preact/hooks";
import { isNamedIn } from "../model/named_files.ts";
import { folderOf, nameOf } from "../model/paths.ts";
import type { File } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { size } from "../text/format.ts";
import { handoutWords as words } from "../text/handouts.ts";
import { complain } from "../ui/notices.ts";

/** So many are listed. */
const MOST = 200;
const COPIES = "handed-out";

/** The files and folders beside a notebook, and which of them are chosen. */
export interface Beside {
  readonly files: readonly File[];
  readonly chosen: ReadonlySet<string>;
  choose(name: string, on: boolean): void;
}

export function useBeside(open: Open, path: string): Beside {
  const [files, list] = useState<readonly File[]>([]);
  const [chosen, set] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    connection
      .call("file.list", { path: folderOf(path).replace(/\/$/, ""), limit: MOST })
      .then(({ entries }) => {
        const beside = entries.filter(
          ({ name, kind }) => name !== nameOf(path) && name !== COPIES && (kind === "file" || kind === "folder"),
        );
        const sources = [...open.store.model.cells.values()].map(cell => cell.source);
        list(beside);
        set(new Set(beside.map(({ name }) => name).filter(name => isNamedIn(name, sources))));
      })
      .catch(complain);
  }, [path]);
  const choose = (name: string, on: boolean): void => {
    const next = new Set(chosen);
    if (on) next.add(name);
    else next.delete(name);
    set(next);
  };
  return { files, chosen, choose };
}

export function HandOutFiles({ beside: { files, chosen, choose } }: { beside: Beside }) {
  if (files.length === 0) return null;
  return (
    <details class="hand-out-files">
      <summary>{words.files([...chosen])}</summary>
      <p class="quiet">{words.filesHint}</p>
      <ul>
        {files.map(({ name, kind, size: bytes }) => (
          <li key={name}>
            <label class="check">
              <input type="checkbox" checked={chosen.has(name)} onChange={event => choose(name, event.currentTarget.checked)} />
              {kind === "folder" ? `${name}/` : name}
              {kind === "file" && <span class="sub">{size(bytes)}</span>}
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}
