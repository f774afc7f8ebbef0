/** Where a click on a file leads: to its folder, to its session, to the page that shows it, or onto the disk of whoever looks. */

import { viewsOf } from "../model/file_views.ts";
import { inside } from "../rpc/base_url.ts";
import { fileAddress, save } from "../rpc/http.ts";
import type { File } from "../rpc/schema.ts";
import { complain } from "../ui/notices.ts";
import { openNotebook } from "./open_session.ts";
import { noteOpened } from "./recent_files.ts";
import { fileViewAddress, goTo, homeAddress } from "./route.ts";

/** Whether the page can show a file of that name. */
export const isViewable = (name: string): boolean => viewsOf(name).length > 0;

/** The address that a click on an entry leads to. */
export function addressOf(file: Pick<File, "kind" | "path" | "name">): string {
  if (file.kind === "folder") return homeAddress(file.path);
  return isViewable(file.name) ? fileViewAddress(file.path) : inside(fileAddress(file.path));
}

export function openFile(file: Pick<File, "kind" | "path" | "name">): void {
  if (file.kind === "file") noteOpened(file.path);
  if (file.kind === "folder") goTo(homeAddress(file.path));
  else if (file.kind === "notebook") void openNotebook(file.path);
  else if (isViewable(file.name)) goTo(fileViewAddress(file.path));
  else void save(fileAddress(file.path), file.name).catch(complain);
}

/**
 * Opens the notebook of a link.
 *
 * Args:
 *   path: below the root.
 *   hash: the place in it, with its sign; or empty.
 */
export const openPath = (path: string, hash: string): Promise<void> => openNotebook(path, null, address => goTo(address + hash));
