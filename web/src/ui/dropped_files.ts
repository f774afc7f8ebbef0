/** Files and folders that are dragged over the page and dropped on it: one hook, wherever they go. */
import { useEffect, useState } from "preact/hooks";

export interface Dropped {
  readonly files: readonly File[];
  readonly folders: readonly FileSystemDirectoryEntry[];
}

/** The first picture among files. */
export const pictureIn = (files: Iterable<File> | undefined): File | null =>
  [...(files ?? [])].find(file => file.type.startsWith("image/")) ?? null;

/** What was dropped. A browser tells files from folders only while it says that they are dropped. */
function droppedIn(data: DataTransfer): Dropped {
  const files: File[] = [];
  const folders: FileSystemDirectoryEntry[] = [];
  for (const item of data.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry?.isDirectory === true) folders.push(entry as FileSystemDirectoryEntry);
    else if (file !== null) files.push(file);
  }
  return { files, folders };
}

/**
 * What is under files that are dragged, and null while there are none.
 *
 * `over` answers it for a place of the pointer, `drop` takes the files; both are those of the first paint with the same `about`.
 */
export function useDropped<Over>(
  over: (event: DragEvent) => Over,
  drop: (dropped: Dropped, event: DragEvent) => void,
  about: unknown,
): Over | null {
  const [under, set] = useState<Over | null>(null);
  useEffect(() => {
    const dragged = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      const now = over(event);
      set(() => now);
    };
    const left = (event: DragEvent): void => {
      if (event.relatedTarget === null) set(null);
    };
    const dropped = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      set(null);
      const all = droppedIn(event.dataTransfer);
      if (all.files.length > 0 || all.folders.length > 0) drop(all, event);
    };
    addEventListener("dragover", dragged);
    addEventListener("dragleave", left);
    addEventListener("drop", dropped);
    return () => {
      removeEventListener("dragover", dragged);
      removeEventListener("dragleave", left);
      removeEventListener("drop", dropped);
    };
  }, [about]);
  return under;
}
