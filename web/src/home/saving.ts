/** Saving a text, and what becomes of the file then. */
import { openNotebook, refused } from "../session/open_session.ts";
import type { TextFile } from "./text_file.ts";

export const isNotebook = (path: string): boolean => /\.ipynb$/i.test(path);

/** Saves, and opens what was no notebook as one again. */
export async function save(file: TextFile): Promise<void> {
  if ((await file.save()) && isNotebook(file.path) && refused.value?.path === file.path) await openNotebook(file.path);
}
