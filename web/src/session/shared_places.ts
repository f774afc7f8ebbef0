/**
 * What was shared with somebody who has an account, and where whoever uses this page may give rights by name. The server decides; the page only does
 * not offer what it would refuse.
 *
 *     right.mine ──► sharedPlaces ──► the home page lists them, and its menus offer "Share…" where `own` was given
 */
import { signal } from "@preact/signals";
import type { SharedPlace } from "../rpc/schema.ts";
import { connection, server } from "./connection.ts";

/** What was shared with a member or viewer, the latest first. */
export const sharedPlaces = signal<readonly SharedPlace[]>([]);

/** Whether whoever uses this page has only what is theirs and what was shared with them: a member or a viewer. */
export const isConfined = (): boolean => server.value?.account != null && server.value.root === null;

/** Whether whoever uses this page runs the server, or is an admin of it. */
export const mayManage = (): boolean => server.value?.root != null;

/** Asks for what was shared; of everybody else nothing was. Rejects when the line is lost. */
export async function fetchShared(): Promise<void> {
  if (isConfined()) sharedPlaces.value = (await connection.call("right.mine", {})).shared;
}

const isWithin = (path: string, folder: string): boolean => folder === "" || path === folder || path.startsWith(`${folder}/`);

/** Whether rights by name can be given at a path: under a hub there are no names; members give them in what they own. */
export function mayShare(path: string): boolean {
  const facts = server.value;
  if (facts === null || facts.hub != null) return false;
  if (mayManage()) return true;
  const owned = sharedPlaces.value.filter(place => place.verb === "own").map(place => place.path);
  if (facts.home != null) owned.push(facts.home);
  return isConfined() && owned.some(folder => isWithin(path, folder));
}
