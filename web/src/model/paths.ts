/** Paths of files below the root, their parts separated by `/`. Pure. */

/** The folder that a path lies in, with its slash; empty for the root. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
/** The last part of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
