/** Files that are dragged within the list: onto a folder, or onto a part of the path above it. What takes them says so by `data-folder`. */
import { signal } from "@preact/signals";
import { folderOf } from "../model/paths.ts";

const TYPE = "application/x-webipy-files";

/** The folder under what is dragged; null for none. */
export const dropFolder = signal<string | null>(null);
/** The paths that are dragged: a browser tells what it carries only when it is dropped. */
let dragged: readonly string[] = [];

export function beginDrag(event: DragEvent, paths: readonly string[]): void {
  if (event.dataTransfer === null) return;
  dragged = paths;
  event.dataTransfer.setData(TYPE, JSON.stringify(paths));
  event.dataTransfer.effectAllowed = "copyMove";
}

/** Whether all of the paths may go into a folder: not into themselves, and not to where they are. */
export function mayDrop(paths: readonly string[], folder: string): boolean {
  const inside = paths.some(path => folder === path || folder.startsWith(`${path}/`));
  return paths.length > 0 && !inside && paths.some(path => folderOf(path).replace(/\/$/, "") !== folder);
}

function folderAt(event: DragEvent): string | null {
  if (event.dataTransfer?.types.includes(TYPE) !== true || !(event.target instanceof Element)) return null;
  const folder = event.target.closest("[data-folder]")?.getAttribute("data-folder") ?? null;
  return folder !== null && mayDrop(dragged, folder) ? folder : null;
}

/** The handlers of what holds the folders. */
export const dropHandlers = (drop: (paths: readonly string[], folder: string) => void) => ({
  onDragOver(event: DragEvent): void {
    dropFolder.value = folderAt(event);
    if (dropFolder.value !== null) event.preventDefault();
  },
  onDragEnd(): void {
    dropFolder.value = null;
    dragged = [];
  },
  onDrop(event: DragEvent): void {
    const folder = folderAt(event);
    if (folder === null) return;
    event.preventDefault();
    drop(dragged, folder);
    dropFolder.value = null;
  },
});
