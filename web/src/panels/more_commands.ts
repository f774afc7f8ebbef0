/** The commands that have no key until a person gives them one: they come with the code for acts. */

import { EXPORT_FORMATS, type ExportFormat } from "../rpc/schema.ts";
import { copyCellLink } from "../session/cell_link.ts";
import { DocumentActions } from "../session/document_actions.ts";
import { hasLab, openInLab } from "../session/jupyterlab.ts";
import { selected } from "../session/selection.ts";
import { renaming } from "../ui/page_state.ts";
import { fullWidth, nextTheme, typingCompletion, wrapLogs } from "../ui/settings.ts";
import type { CommandRow } from "./command.ts";
import { addCommands, show } from "./commands.ts";
import { SHOW_PANEL } from "./side_panels.ts";

const exports = Object.fromEntries(
  EXPORT_FORMATS.map((format): [string, CommandRow] => [
    `export-${format}`,
    { right: "read", run: a => void new DocumentActions(a.store).export(format) },
  ]),
) as Record<`export-${ExportFormat}`, CommandRow>;

export const MORE = {
  lab: { right: "own", offered: hasLab, run: ({ store }) => openInLab(store.model.file?.path ?? "") },
  link: { right: "read", run: ({ store }) => void copyCellLink(store, selected.value ?? "") },
  "run-stale": { right: "execute", run: a => a.runs.runMany("stale") },
  "restart-run": { right: "execute", run: show("restart_run") },
  "cancel-all": { right: "execute", run: a => a.runs.cancelAll() },
  "shut-down": { right: "execute", run: show("shut_down") },
  kernels: { right: "execute", run: show("kernels") },
  "insert-code": { right: "write", run: a => a.insertBelow("code", true) },
  "insert-text": { right: "write", run: a => a.insertBelow("markdown", true) },
  source: { right: "write", run: a => a.visibility.toggle("source") },
  "hide-all-code": { right: "write", run: a => a.visibility.setAll("source", true) },
  "show-all-code": { right: "write", run: a => a.visibility.setAll("source", false) },
  "clear-cell": { right: "write", run: a => a.clearChosen() },
  clear: { right: "write", run: a => a.clearOutputs(null) },
  rename: {
    right: "own",
    run: () => {
      renaming.value = true;
    },
  },
  "save-as": { right: "own", run: show("save_as") },
  reload: { right: "write", run: show("reload") },
  share: { right: "own", run: show("share") },
  checkpoint: { right: "write", run: show("checkpoint") },
  history: { right: "read", run: show("history") },
  ...exports,
  ...SHOW_PANEL,
  "full-width": {
    right: "read",
    run: () => {
      fullWidth.value = !fullWidth.value;
    },
  },
  wrap: {
    right: "read",
    run: () => {
      wrapLogs.value = !wrapLogs.value;
    },
  },
  completion: {
    right: "write",
    run: () => {
      typingCompletion.value = !typingCompletion.value;
    },
  },
  theme: { right: "read", run: nextTheme },
  help: { right: "read", run: show("help") },
} satisfies Readonly<Record<string, CommandRow>>;

addCommands(MORE);
