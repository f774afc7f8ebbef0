/** Paths of files below the root, their parts separated by `/`. Pure. */

/** The folder that a path lies in, with its slash; empty for the root. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
/** A part of an address as its author wrote it. A percent sign that begins no character is just one. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The last part of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
