/** Deleting files so that they come back: into the server's trash, with Undo in the note about it. */

import { nameOf } from "../model/paths.ts";
import type { Connection } from "../rpc/connection.ts";
import { RpcFailure } from "../rpc/messages.ts";
import type { File, Trashed } from "../rpc/schema.ts";
import { w } from "../text/trash.ts";
import { complain, toast } from "../ui/notices.ts";

/** Brings something back to where it was. */
export async function putBack(connection: Connection, { path, id }: Trashed): Promise<void> {
  await connection.call("trash.restore", { path, id });
  toast(w.cameBack(nameOf(path)));
}

/** Puts something into the trash; calls `none` with the reason where that cannot be done, and nothing was. */
export async function discard(connection: Connection, file: File, none: (reason: string) => void): Promise<void> {
  try {
    const { trashed } = await connection.call("file.delete", { path: file.path, recursive: file.kind === "folder" });
    if (trashed === null || trashed === undefined) return;
    const run = (): void => {
      putBack(connection, trashed).catch(complain);
    };
    toast(w.trashed(file.name), { action: { title: w.undo, run } });
  } catch (error) {
    if (error instanceof RpcFailure && error.facts.reason === "no_trash") none(error.message);
    else complain(error);
  }
}

/** Deletes something, and nothing brings it back. */
export function deleteForGood(connection: Connection, file: File): void {
  connection.call("file.delete", { path: file.path, recursive: file.kind === "folder", permanent: true }).catch(complain);
}
