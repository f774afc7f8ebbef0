/** Links to cells: the address of the notebook with the id of the cell behind it, as Jupyter has it. */

import { t } from "../text/en.ts";
import { toast } from "../ui/notices.ts";
import { guestOf } from "./permissions.ts";
import { notebookAddress, sessionAddress } from "./route.ts";
import type { SessionStore } from "./store.ts";

const FRAGMENT = "cell-id=";

/** The address of a cell: by the path of its notebook where there is one; guests have the address of their session alone. */
export function cellAddress({ id, model }: SessionStore, cell: string): string {
  const path = model.file?.path ?? "";
  const page = path === "" || guestOf.value !== null ? sessionAddress(id) : notebookAddress(path);
  return `${location.origin}${page}#${FRAGMENT}${encodeURIComponent(cell)}`;
}

/** The id of the cell that a fragment names, decoded and without its sign; null when it names none. */
export const cellIn = (fragment: string): string | null => (fragment.startsWith(FRAGMENT) ? fragment.slice(FRAGMENT.length) : null);

/** Puts the address of a cell into the clipboard, and says so. */
export async function copyCellLink(store: SessionStore, cell: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(cellAddress(store, cell));
    toast(t.linkCopied);
  } catch {
    toast(t.copyRefused, { bad: true });
  }
}
