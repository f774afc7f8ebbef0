/** The sentences about other people that every page may need; those that come with others are in sharing.ts. */
import type { Verb } from "../rpc/schema.ts";

export const p = {
  share: "Share",
  shareItem: "Share…",
  leave: "Leave, as a guest",
  isHere: (names: string) => `${names} ${names.includes(", ") ? "are" : "is"} here`,
  why: {
    none: "",
    read: "",
    write: "You can view this notebook, but not change it.",
    execute: "You cannot run code in this notebook.",
    own: "Only the owner of the server can do that.",
  } satisfies Record<Verb, string>,
  mayNow: { write: "You can edit now.", execute: "You can run code now." },
  waitsForOther: "The code waits for an answer. Only people who can run code can give it.",
  askAgain: "If you were sent a link, open it again or ask for another one.",
} as const;
