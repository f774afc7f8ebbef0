/** The sentences about moving, copying and selecting files, and about whole folders. */
import { many, n } from "./format.ts";

/** One name in quotes, or how many entries. */
const what = (names: readonly string[]): string => (names.length === 1 ? `“${names[0] ?? ""}”` : many(names.length, "entry", "entries"));
const areIs = (names: readonly string[]): string => (names.length === 1 ? "is" : "are");
const where = (folder: string): string => (folder === "" ? "Files" : `“${folder}”`);

export const f = {
  running: "Running",
  fold: (shown: boolean) => (shown ? "Hide what is running" : "Show what is running"),
  select: (name: string) => `Select ${name}`,
  selectAll: "Select all",
  selected: (count: number) => `${n(count)} selected`,
  sort: "Sort by",
  forSelected: "Selected files",
  endSelection: "Select nothing",
  move: "Move…",
  copyTo: "Copy to…",
  shareFolder: "Share this folder",
  moveTitle: (names: readonly string[]) => `Move ${what(names)}`,
  copyTitle: (names: readonly string[]) => `Copy ${what(names)}`,
  moveHere: (folder: string) => `Move to ${where(folder)}`,
  copyHere: (folder: string) => `Copy to ${where(folder)}`,
  folders: "Folders",
  noFolders: "No folders here.",
  moved: (names: readonly string[], folder: string) => `${what(names)} ${areIs(names)} in ${where(folder)} now.`,
  movedBack: (names: readonly string[]) => `${what(names)} ${areIs(names)} back.`,
  copied: (names: readonly string[], folder: string) => `${what(names)} ${areIs(names)} copied to ${where(folder)}.`,
  someFailed: (failed: number, all: number, reason: string) =>
    `${n(failed)} of ${many(all, "entry", "entries")} could not be done. ${reason}`,
  trashed: (names: readonly string[]) => `${what(names)} ${areIs(names)} in the trash.`,
  forGoodAsk: (names: readonly string[]) => `Delete ${what(names)} for good?`,
  forGoodBody: "They do not go to the trash. This cannot be undone.",
  noTrash: (names: readonly string[]) => `${what(names)} cannot be put into the trash`,
  tooManyNames: "These are too many names for one download. Move them into a folder, and download that.",
  uploadFolder: "Upload a folder…",
  folderProgress: (name: string, done: number, all: number) => `${name}: ${n(done)} of ${many(all, "file", "files")}`,
  folderTakenBody: "What you upload is put into it. Files that are there under the same names are replaced; all others stay.",
  putInto: "Upload into it",
  folderUploaded: (name: string, files: number, hidden: number) =>
    `${name} is uploaded: ${many(files, "file", "files")}.${hidden === 0 ? "" : ` ${many(hidden, "hidden file was", "hidden files were")} left out.`}`,
  folderFailed: (name: string, failed: number, all: number, reason: string) =>
    `${n(failed)} of ${many(all, "file", "files")} of ${name} ${failed === 1 ? "was" : "were"} not uploaded: ${reason}`,
};
