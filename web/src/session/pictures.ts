/** Pictures that are pasted or dropped into text cells: kept in the cell, as Jupyter's attachments. */

import type { JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { pictureWords } from "../text/pictures.ts";
import { complain, toast } from "../ui/notices.ts";
import type { Actions } from "./actions.ts";

/** A picture has to fit into one message to the server, a third larger than it is. */
const MOST_BYTES = 10_000_000;

/** A name that is not taken: `image.png`, `image-2.png`. */
export function freeName(name: string, taken: JsonMap): string {
  const [, stem = "image", suffix = ""] = /^(.*?)(\.[^.]*)?$/.exec(name === "" ? "image.png" : name) ?? [];
  for (let count = 1; ; count++) {
    const free = count === 1 ? `${stem}${suffix}` : `${stem}-${count}${suffix}`;
    if (!(free in taken)) return free;
  }
}

async function base64(file: Blob): Promise<string> {
  const address = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error(pictureWords.unreadable));
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(",") + 1);
}

/** Puts a picture into a text cell, at a place in its text (UTF-16 units; null: the end), or into a new text cell after the selected one. */
export function attach(actions: Actions, file: File, into: string | null, at: number | null = null): void {
  if (file.size > MOST_BYTES) toast(pictureWords.tooLarge(file.name, MOST_BYTES), { bad: true });
  else put(actions, file, into, at).catch(complain);
}

/**
 * Puts a file into a text cell, and a text that shows it where the caret is, or at the end while the cell is not edited.
 *
 * Args:
 *   actions: those of the session.
 *   cell: the id of the cell.
 *   attachments: all its attachments, with the new one.
 *   link: the text that shows it.
 */
function show(actions: Actions, cell: string, attachments: JsonMap, link: string): void {
  const { store, calls } = actions;
  const before = store.cellOf(cell)?.attachments ?? {};
  const add = async (): Promise<void> => {
    await calls.setAttachments(cell, attachments);
    if (store.drafts.get(cell)?.insert(link) === true) return;
    const text = store.sourceOf(cell);
    await calls.setSource(cell, text === "" ? link : `${text}\n\n${link}`);
  };
  const done = add();
  actions.do(done);
  let whole = "";
  const undo = async (): Promise<void> => {
    await done;
    whole = store.sourceOf(cell);
    const start = whole.indexOf(`\n\n${link}`);
    await calls.setSource(cell, start < 0 ? whole.replace(link, () => "") : whole.slice(0, start) + whole.slice(start + link.length + 2));
    await calls.setAttachments(cell, before);
  };
  const redo = async (): Promise<void> => {
    await calls.setAttachments(cell, attachments);
    await calls.setSource(cell, whole);
  };
  actions.undo.did({ what: t.steps.picture, undo, redo });
}

async function put(actions: Actions, file: File, into: string | null, at: number | null): Promise<void> {
  const { store } = actions;
  const [data] = await Promise.all([base64(file), store.settled()]);
  const cell = store.cellOf(into);
  const old = cell?.type === "markdown" ? cell : undefined;
  const name = freeName(file.name, old?.attachments ?? {});
  const link = `![${name.replace(/\.[^.]*$/, "")}](attachment:${encodeURIComponent(name)})`;
  const attachments: JsonMap = { ...old?.attachments, [name]: { [file.type]: data } };
  if (old === undefined) actions.paste(false, [{ type: "markdown", source: link, metadata: {}, attachments }]);
  else {
    if (at !== null) store.drafts.get(old.id)?.putCaret(at);
    show(actions, old.id, attachments, link);
  }
}
