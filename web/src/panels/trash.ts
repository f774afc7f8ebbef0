/** Bringing back what is in the trash. */

import { nameOf } from "../model/paths.ts";
import type { Connection } from "../rpc/connection.ts";
import type { Trashed } from "../rpc/schema.ts";
import { w } from "../text/trash.ts";
import { toast } from "../ui/notices.ts";

/** Brings something back to where it was. */
export async function putBack(connection: Connection, { path, id }: Trashed): Promise<void> {
  await connection.call("trash.restore", { path, id });
  toast(w.cameBack(nameOf(path)));
}
