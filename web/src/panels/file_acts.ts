/** What is done with several files at once: each by a call of its own, one sentence about all of them, and Undo where there is a way back. */
import { folderOf, nameOf } from "../model/paths.ts";
import type { Connection } from "../rpc/connection.ts";
import { fileAddress, save } from "../rpc/http.ts";
import { RpcFailure } from "../rpc/messages.ts";
import type { File, Trashed } from "../rpc/schema.ts";
import { f } from "../text/managing.ts";
import { w } from "../text/trash.ts";
import { complain, toast } from "../ui/notices.ts";

/** An address may have 8,192 characters; each of a name takes up to twelve. */
const MOST_ADDRESS = 8000;

const within = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** Does something with each; the results, and how many failed and why. Rejects when the line is lost. */
async function each<T, Result>(
  all: readonly T[],
  act: (one: T) => Promise<Result>,
): Promise<{ done: [T, Result][]; failures: RpcFailure[] }> {
  const done: [T, Result][] = [];
  const failures: RpcFailure[] = [];
  for (const one of all)
    try {
      done.push([one, await act(one)]);
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      failures.push(error);
    }
  return { done, failures };
}

function sayFailures(failures: readonly RpcFailure[], all: number): void {
  const [first] = failures;
  if (first !== undefined) toast(all === 1 ? first.message : f.someFailed(failures.length, all, first.message), { bad: true });
}

/** Moves files and folders into a folder; what has a session stays open. */
export async function moveInto(connection: Connection, files: readonly File[], folder: string): Promise<void> {
  const moving = files.filter(({ path, name }) => within(folder, name) !== path);
  const { done, failures } = await each(moving, ({ path, name }) => connection.call("file.rename", { path, to: within(folder, name) }));
  sayFailures(failures, moving.length);
  if (done.length === 0) return;
  const names = done.map(([{ name }]) => name);
  const back = async (): Promise<void> => {
    const undone = await each(done, ([{ path }, now]) => connection.call("file.rename", { path: now.path, to: path }));
    sayFailures(undone.failures, done.length);
    if (undone.done.length > 0) toast(f.movedBack(undone.done.map(([[{ name }]]) => name)));
  };
  toast(f.moved(names, folder), { action: { title: w.undo, run: () => void back().catch(complain) } });
}

/** Copies files and folders into a folder; where they are already, under free names. */
export async function copyInto(connection: Connection, files: readonly File[], folder: string): Promise<void> {
  const { done, failures } = await each(files, ({ path, name }) => {
    const to = within(folder, name);
    return connection.call("file.copy", { path, to: to === path ? null : to });
  });
  sayFailures(failures, files.length);
  if (done.length > 0)
    toast(
      f.copied(
        done.map(([{ name }]) => name),
        folder,
      ),
    );
}

async function putAllBack(connection: Connection, trashed: readonly Trashed[]): Promise<void> {
  const { done, failures } = await each(trashed, ({ path, id }) => connection.call("trash.restore", { path, id }));
  sayFailures(failures, trashed.length);
  if (done.length > 0) toast(f.movedBack(done.map(([{ path }]) => nameOf(path))));
}

/** Puts files and folders into the trash; calls `none` with those that cannot be put there, and why. */
export async function discardAll(
  connection: Connection,
  files: readonly File[],
  none: (files: readonly File[], reason: string) => void,
): Promise<void> {
  const without: File[] = [];
  let reason = "";
  const { done, failures } = await each(files, async file => {
    try {
      return (await connection.call("file.delete", { path: file.path, recursive: file.kind === "folder" })).trashed ?? null;
    } catch (error) {
      if (!(error instanceof RpcFailure) || error.facts.reason !== "no_trash") throw error;
      without.push(file);
      reason = error.message;
      return null;
    }
  });
  sayFailures(failures, files.length);
  if (without.length > 0) none(without, reason);
  const trashed = done.flatMap(([, one]) => (one === null ? [] : [one]));
  if (trashed.length === 0) return;
  const run = (): void => void putAllBack(connection, trashed).catch(complain);
  toast(f.trashed(trashed.map(one => nameOf(one.path))), { action: { title: w.undo, run } });
}

/** Deletes files and folders, and nothing brings them back. */
export async function deleteAllForGood(connection: Connection, files: readonly File[]): Promise<void> {
  const { failures } = await each(files, ({ path, kind }) =>
    connection.call("file.delete", { path, recursive: kind === "folder", permanent: true }),
  );
  sayFailures(failures, files.length);
}

/** The address of an archive: a folder, or some entries of one folder. */
export function archiveAddress(folder: string, names: readonly string[]): string {
  const query = ["zip=1", ...names.map(name => `name=${encodeURIComponent(name)}`)].join("&");
  return `${fileAddress(folder)}?${query}`;
}

/** Lets the browser save one file as it is, and all else as a zip archive. */
export function download(files: readonly File[]): void {
  const [first] = files;
  if (first === undefined) return;
  const [folder] = [folderOf(first.path).replace(/\/$/, "")];
  let [address, name] = [fileAddress(first.path), first.name];
  if (files.length === 1 && first.kind === "folder") [address, name] = [archiveAddress(first.path, []), `${first.name}.zip`];
  else if (files.length > 1)
    [address, name] = [
      archiveAddress(
        folder,
        files.map(one => one.name),
      ),
      `${nameOf(folder) || "files"}.zip`,
    ];
  if (address.length > MOST_ADDRESS) toast(f.tooManyNames, { bad: true });
  else save(address, name).catch(complain);
}
