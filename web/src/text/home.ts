/** English: the home page. */
import { many } from "./format.ts";

export const homeWords = {
  fileOpens: "The file opens, or is saved among your downloads.",
  fileNotOpened: "This address does not open the file. Open it from the list of files.",
  jupyterOpens: "JupyterLab opens.",
  jupyterNotOpened: "JupyterLab cannot be opened: this browser keeps nothing for this address. Allow it to store data here, and try again.",
  signedInAs: (name: string) => `Account and sign-out: ${name}`,
  hubHome: "Stop this server, or start others, at the hub",
  signOutHere: "Sign out of this browser",
  stillRunning: "Still running",
  noSessions: "No notebook runs. A notebook that you open here keeps running when you close this page.",
  newNotebook: "New notebook",
  newShort: "New",
  newMore: "New, other kinds",
  notebookIn: (name: string) => `${name} notebook`,
  sessionIn: (name: string) => `${name} session without a file`,
  newFile: "Text file…",
  newFolder: "Folder…",
  newTerminal: "Terminal",
  brokenSpecs: (count: number) => `${many(count, "kernelspec", "kernelspecs")} cannot be read`,
  closeSessionAsk: (title: string) => `Close “${title}”?`,
  closeSessionBody: "The kernel is shut down and variables are lost. What ran and what it printed stay, under Closed sessions.",
  closeUnsavedAsk: (title: string) => `“${title}” cannot be saved now`,
  closeUnsavedBody:
    "The file was changed by another program, or cannot be written. If you close it anyway, the file stays as it is, and your changes stay in its history.",
  closeUnsaved: "Close without saving",
  closeNotebookBody: "The kernel is shut down and variables are lost. The notebook and its history stay.",
} as const;
