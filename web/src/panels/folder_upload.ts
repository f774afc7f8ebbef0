/**
 * A folder from a person's disk, as it goes to the server: the folders first, then the files, some at a time.
 *
 * Hidden files have no place below the root: they are counted and left out.
 */

import { folderOf, nameOf } from "../model/paths.ts";
import { RpcFailure } from "../rpc/messages.ts";
import { connection } from "../session/connection.ts";

/** Files at once: a browser opens no more connections to one server. */
const AT_ONCE = 4;

export interface FolderContent {
  readonly name: string;
  /** The folders in it, from its own name on; each after the one that it is in. */
  readonly folders: readonly string[];
  readonly files: readonly { readonly path: string; readonly file: File }[];
  /** Files that were left out. */
  readonly hidden: number;
}

const isHidden = (name: string): boolean => name.startsWith(".");

function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    const more = (): void =>
      reader.readEntries(part => {
        all.push(...part);
        if (part.length === 0) resolve(all);
        else more();
      }, reject);
    more();
  });
}

/** What a folder holds that was dropped. Rejects when the browser cannot read it. */
export async function readDropped(folder: FileSystemDirectoryEntry): Promise<FolderContent> {
  const folders: string[] = [folder.name];
  const files: { path: string; file: File }[] = [];
  let hidden = 0;
  const walk = async (at: FileSystemDirectoryEntry, path: string): Promise<void> => {
    for (const entry of await entriesOf(at)) {
      const below = `${path}/${entry.name}`;
      if (isHidden(entry.name)) hidden++;
      else if (entry.isDirectory) {
        folders.push(below);
        await walk(entry as FileSystemDirectoryEntry, below);
      } else files.push({ path: below, file: await new Promise<File>((found, not) => (entry as FileSystemFileEntry).file(found, not)) });
    }
  };
  await walk(folder, folder.name);
  return { name: folder.name, folders, files, hidden };
}

/** What a folder holds that was chosen in the browser's own dialog, which tells of files alone. */
export function readChosen(chosen: Iterable<File>): FolderContent | null {
  const all = [...chosen];
  const name = all[0]?.webkitRelativePath.split("/")[0] ?? "";
  if (name === "") return null;
  const seen = all.filter(file => !file.webkitRelativePath.split("/").some(isHidden));
  const folders = new Set([name]);
  for (const file of seen) {
    const parts = folderOf(file.webkitRelativePath).split("/").slice(0, -1);
    for (let at = 1; at <= parts.length; at++) folders.add(parts.slice(0, at).join("/"));
  }
  const files = seen.map(file => ({ path: file.webkitRelativePath, file }));
  return { name, folders: [...folders], files, hidden: all.length - seen.length };
}

/** Whether it was made; false when something is there already. Rejects as the call does. */
async function make(path: string): Promise<boolean> {
  try {
    await connection.call("file.create", { path, kind: "folder" });
    return true;
  } catch (error) {
    if (error instanceof RpcFailure && error.kind === "already_exists") return false;
    throw error;
  }
}

export interface Outcome {
  /** The name is taken: nothing was sent. */
  readonly taken: boolean;
  readonly failed: number;
  /** Of the first file that was not sent. */
  readonly reason: string;
}

/**
 * Sends a folder.
 *
 * Args:
 *   content: what it holds.
 *   into: the folder below the root that it goes into.
 *   merge: whether it may go into a folder that is there.
 *   send: sends one file; resolves with a sentence when it is refused.
 *   signal: ends it.
 */
export async function sendFolder(
  content: FolderContent,
  into: string,
  merge: boolean,
  send: (path: string, file: File) => Promise<string | null>,
  signal: AbortSignal,
): Promise<Outcome> {
  const at = (path: string): string => (into === "" ? path : `${into}/${path}`);
  for (const [n, path] of content.folders.entries()) {
    signal.throwIfAborted();
    if (!(await make(at(path))) && n === 0 && !merge) return { taken: true, failed: 0, reason: "" };
  }
  const waiting = [...content.files];
  let [failed, reason] = [0, ""];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      signal.throwIfAborted();
      const refused = await send(at(next.path), next.file);
      if (refused === null) continue;
      failed++;
      reason ||= `${nameOf(next.path)}: ${refused}`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { taken: false, failed, reason };
}
