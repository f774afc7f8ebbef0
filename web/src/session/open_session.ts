/** The session that the page shows, and opening files as sessions. */
import { signal } from "@preact/signals";
import { folderOf } from "../model/paths.ts";
import { RpcFailure } from "../rpc/messages.ts";
import { complain } from "../ui/notices.ts";
import type { Actions } from "./actions.ts";
import { connection } from "./connection.ts";
import { noteOpened } from "./recent_files.ts";
import { goTo, route, sessionAddress, textAddress } from "./route.ts";
import type { SessionStore } from "./store.ts";

export interface Open {
  readonly store: SessionStore;
  readonly actions: Actions;
}

export const open = signal<Open | null>(null);
/** The folder of the notebook that is open, with its slash: what it shows names its files from there. */
export const notebookFolder = (): string => folderOf(open.value?.store.model.file?.path ?? "");

/** The file that was refused as a notebook when it was last opened as one, with the reason. */
export const refused = signal<{ readonly path: string; readonly reason: string } | null>(null);

/**
 * Opens a file as a notebook: its session, made if there is none. What is no notebook opens as text.
 *
 * Args:
 *   path: the path of the file below the root.
 *   kernelspec: the kernel of a session that is made; null: the one that the notebook asks for.
 *   go: shows the page of an address.
 */
export async function openNotebook(path: string, kernelspec: string | null = null, go: (address: string) => void = goTo): Promise<void> {
  try {
    const session = await connection.durable("session.create", { path, kernelspec });
    refused.value = null;
    noteOpened(path);
    go(sessionAddress(session.id));
  } catch (error) {
    if (!(error instanceof RpcFailure && error.kind === "invalid_notebook")) {
      complain(error);
      return;
    }
    refused.value = { path, reason: error.message };
    if (route.value.page !== "text" || route.value.path !== path) go(textAddress(path));
  }
}
