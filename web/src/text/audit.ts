/** The sentences about the audit log: they come with the dialog that says them. */
import { many } from "./format.ts";

export const auditWords = {
  title: "Audit log",
  body: "Who did what, from where, and with which result. What was typed or printed is not in it.",
  person: "Who",
  personHint: "Anybody, or a name",
  method: "What",
  methods: {
    "": "Everything",
    sign_in: "Sign-ins",
    sign_in_failed: "Failed sign-ins",
    edit: "Edits",
    "execution.*": "Runs",
    "kernel.*": "Kernels",
    "notebook.*": "Notebooks",
    "session.*": "Sessions",
    "file.*": "Files",
    download: "Downloads",
    upload: "Uploads",
    "share.*": "Links",
    "token.*": "Tokens",
    "user.*": "Accounts",
    "terminal.*": "Terminals",
  },
  failed: "Only what has failed",
  none: "There are no such lines.",
  more: "Show more",
  by: (by: string): string =>
    by.startsWith("token ") ? by : ({ page: "the page", command: "the command", program: "a program", jupyter: "Jupyter" }[by] ?? by),
  nobody: "Nobody who is known",
  server: "The server",
  verify: "Verify",
  whole: (lines: number): string => `${many(lines, "line", "lines")}, whole.`,
  broken: (fault: string): string => `The log is not whole. ${fault}`,
} as const;
