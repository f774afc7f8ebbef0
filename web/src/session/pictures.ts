/**
 * Pictures that are pasted or dropped into text cells: kept in the cell, as Jupyter's attachments. No event changes the attachments of a cell, so
 * the cell is made anew with them, in its place; undoing brings back the old one.
 */
import type { JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { complain, toast } from "../ui/notices.ts";
import type { Actions } from "./actions.ts";
import { caret } from "./selection.ts";

/** A picture has to fit into one message to the server, a third larger than it is. */
const MOST_BYTES = 10_000_000;

/** The first picture among files. */
export const pictureIn = (files: Iterable<File> | undefined): File | null =>
  [...(files ?? [])].find(file => file.type.startsWith("image/")) ?? null;

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
    reader.onerror = () => reject(new Error(t.attach.unreadable));
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(",") + 1);
}

/** Puts a picture into a text cell, at a place in its text (UTF-16 units; null: the end), or into a new text cell after the selected one. */
export function attach(actions: Actions, file: File, into: string | null, at: number | null = null): void {
  if (file.size > MOST_BYTES) toast(t.attach.tooLarge(file.name, MOST_BYTES), { bad: true });
  else put(actions, file, into, at).catch(complain);
}

async function put(actions: Actions, file: File, into: string | null, at: number | null): Promise<void> {
  const { store } = actions;
  const [data] = await Promise.all([base64(file), store.settled()]);
  const cell = store.cellOf(into);
  const old = cell?.type === "markdown" ? cell : undefined;
  const text = old === undefined ? "" : store.sourceOf(old.id);
  const name = freeName(file.name, old?.attachments ?? {});
  const before = text.slice(0, at ?? text.length);
  const gap = at === null && before !== "" ? "\n\n" : "";
  const link = `${gap}![${name.replace(/\.[^.]*$/, "")}](attachment:${encodeURIComponent(name)})`;
  const attachments: JsonMap = { ...old?.attachments, [name]: { [file.type]: data } };
  const source = before + link + text.slice(before.length);
  if (old !== undefined) actions.remake(old.id, "markdown", source, { metadata: old.metadata, attachments });
  else actions.paste(false, [{ type: "markdown", source, metadata: {}, attachments }]);
  if (old === undefined || at === null) return;
  caret.value = { offset: before.length + link.length };
  actions.edit(caret.value);
}
