/** English: the questions that a session asks, and the pager. */

export const dialogWords = {
  saveAs: "Save as a notebook",
  saveAsLabel: "Path below the root",
  saveAct: "Save",
  checkpointAsk: "Name this state",
  checkpointBody: "You can go back to it from the history.",
  checkpointLabel: "Name",
  checkpointAct: "Keep",
  reloadAsk: "Read the file again?",
  reloadBody: "The notebook becomes what the file holds. What is here stays in the history.",
  reloadAct: "Read the file",
  restartAsk: "Restart the kernel?",
  restartBody: "Variables are lost, outputs stay.",
  restartRunAllAsk: "Restart the kernel and run all cells?",
  restartRunAllBody: "Variables are lost, and every cell runs again from the top.",
  shutDownAsk: "Shut the kernel down?",
  shutDownBody: "Variables are lost, outputs stay. You can start it again.",
  shutDown: "Shut down",
  pager: "Documentation",
  closePager: "Close the documentation",
} as const;
