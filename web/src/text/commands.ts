/** What the sheet of keys says of keys that the editor and the browser have of their own. Commands have their titles in their rows (panels/commands.ts). */
export const own = {
  leave: "Leave the editor",
  complete: "Complete, or indent",
  help: "Dedent, or signature and documentation; again for all of it",
  caret: "One more caret",
  comment: "Comment or uncomment",
  indent: "Indent, dedent",
  deleteLine: "Delete the line",
  occurrence: "Select the next occurrence too",
  recall: "Code that ran before, and back",
  moveLine: "Move the line",
  undo: "Undo, redo",
  scroll: "Scroll",
} as const;
