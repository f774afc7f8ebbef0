/** English: what became of the document as a whole. */

export const documentWords = {
  keptMine: "Your version is saved. The one that was in the file is beside it, as a copy.",
  keptDeleted: "The file was written again.",
  tookTheirs: "The version in the file is loaded. Yours is in the history.",
  upgraded: "The file is nbformat 4.5 now: its cells have ids",
  exporting: "Making the export…",
  checkpointMade: (name: string) => `This state is kept as “${name}”.`,
} as const;
