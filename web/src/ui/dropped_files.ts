/** Files that are dragged over the page and dropped on it: one hook, wherever they go. */
import { useEffect, useState } from "preact/hooks";

/**
 * What is under files that are dragged, and null while there are none.
 *
 * `over` answers it for a place of the pointer, `drop` takes the files; both are those of the first paint with the same `about`.
 */
export function useDropped<Over>(
  over: (event: DragEvent) => Over,
  drop: (files: FileList, event: DragEvent) => void,
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
      const files = event.dataTransfer?.files;
      if (event.dataTransfer?.types.includes("Files") !== true || files === undefined) return;
      event.preventDefault();
      set(null);
      if (files.length > 0) drop(files, event);
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
