/** The sentences about copies of a notebook that are handed out. They come with the dialog. */
import type { HandoutCopy } from "../rpc/schema.ts";
import { many } from "./format.ts";

export const handoutWords = {
  title: (name: string) => `Hand out ${name}`,
  body: (folder: string) =>
    `Everybody gets a copy of their own, in ${folder}. They see no other one; you see all. Who has a copy keeps it as it is.`,
  noFile: "Save the notebook first: a copy is made of its file.",
  whom: "To whom",
  everybody: "Everybody with an account",
  here: (count: number) => `${many(count, "person", "people")} with an account who ${count === 1 ? "is" : "are"} here`,
  group: (name: string) => `Group ${name}`,
  right: "Right to their copy",
  rights: { read: "Can view it", write: "Can edit it", execute: "Can edit and run it" },
  files: (names: readonly string[]) => `Files that it reads: ${names.length === 0 ? "none" : names.join(", ")}`,
  filesHint:
    "A copy does not find what stands beside the original. What is chosen is copied once, for all to read, under the same name. Nothing is replaced. At most 256 MiB and 2,000 files.",
  filesHad: (names: readonly string[]) => `Stood there already, and are as they were: ${names.join(", ")}.`,
  act: "Hand out",
  nobody: "Nobody has an account on this server yet. Guests who came by a link can download a copy.",
  progress: (done: number, all: number) => `${done} of ${all}`,
  done: (made: number, had: number, failed: number) =>
    [
      `${many(made, "copy", "copies")} handed out.`,
      had > 0 && `${many(had, "person", "people")} had one.`,
      failed > 0 && `${many(failed, "copy", "copies")} could not be made.`,
    ]
      .filter(Boolean)
      .join(" "),
  failed: (name: string, reason: string) => `${name}: ${reason}`,
  copies: (count: number) => many(count, "copy", "copies"),
  none: "Nobody has a copy yet.",
  open: "Open",
  openOf: (name: string) => `Open the copy of ${name}`,
  states: {
    none: "has none",
    gone: "the file is not there any more",
    untouched: "not opened yet",
    opened: "opened",
    changed: "changed",
  } satisfies Record<HandoutCopy["state"], string>,
  isHere: "has it open now",
} as const;
