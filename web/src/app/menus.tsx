/** The rows of the menus in the bars: what can be done with the document, with the kernel, and more ways to run. */

import { nameOf } from "../model/paths.ts";
import { isAttached } from "../model/select.ts";
import { useUsage } from "../panels/usage.ts";
import { fileAddress, save } from "../rpc/http.ts";
import { EXPORT_FORMATS } from "../rpc/schema.ts";
import { server } from "../session/connection.ts";
import { DocumentActions } from "../session/document_actions.ts";
import { hasLab, openInLab } from "../session/jupyterlab.ts";
import { askSystem } from "../session/notifications.ts";
import type { Open } from "../session/open_session.ts";
import { guestOf, may } from "../session/permissions.ts";
import { goTo, textAddress } from "../session/route.ts";
import { mayManage } from "../session/shared_places.ts";
import { leave } from "../session/sign_in.ts";
import { t } from "../text/en.ts";
import { fileWords } from "../text/files.ts";
import { menuWords } from "../text/menus.ts";
import { p } from "../text/people.ts";
import type { MenuRow } from "../ui/menu_rows.ts";
import { complain, toast } from "../ui/notices.ts";
import { dialog, renaming } from "../ui/page_state.ts";
import { stopOnError, tellsRuns } from "../ui/settings.ts";

const show = (which: NonNullable<typeof dialog.value>) => (): void => {
  dialog.value = which;
};

async function duplicate({ store, actions }: Open, path: string): Promise<void> {
  try {
    await store.settled();
    await store.connection.call("notebook.save", { session: store.id });
    const copy = await actions.store.connection.call("file.copy", { path, to: null });
    toast(menuWords.duplicated(copy.name));
  } catch (error) {
    complain(error);
  }
}

/** What can be done with the document as a whole. */
export function documentRows(open: Open): readonly MenuRow[] {
  const { store, actions } = open;
  const { file } = store.model;
  const words = menuWords;
  const rename: MenuRow = {
    title: words.rename,
    run: () => {
      renaming.value = true;
    },
  };
  const ofFile: MenuRow[] = !may("own")
    ? [
        may("write") && file !== null && { title: words.save, keys: "S", run: () => void actions.file.save() },
        { title: words.download, run: () => void new DocumentActions(actions.store).export("ipynb") },
        may("write") && file !== null && { title: words.reload, run: show("reload") },
      ]
    : file === null
      ? [{ title: words.saveAs, run: show("save_as") }, rename]
      : [
          { title: words.save, keys: "S", run: () => void actions.file.save() },
          rename,
          { title: words.duplicate, run: () => void duplicate(open, file.path) },
          { title: words.download, run: () => void save(fileAddress(file.path), nameOf(file.path)).catch(complain) },
          { title: fileWords.editAsText, run: () => goTo(textAddress(file.path)) },
          hasLab() && { title: words.lab, run: () => openInLab(file.path) },
          { title: words.reload, run: show("reload") },
        ];
  return [
    may("own") && { title: p.shareItem, run: show("share") },
    may("own") && file !== null && { title: menuWords.handOutItem, run: show("hand_out") },
    may("own") && { title: menuWords.loginsItem, run: show("logins") },
    { title: menuWords.tokensItem, run: show("tokens") },
    server.value?.account != null && { title: menuWords.accountItem, run: show("account") },
    mayManage() && { title: menuWords.auditItem, run: show("audit") },
    ...ofFile,
    may("write") &&
      file !== null &&
      file.minor !== null &&
      file.minor < 5 && { title: words.upgrade(file.minor), run: () => void new DocumentActions(actions.store).upgrade() },
    { heading: "" },
    may("write") && { title: words.checkpoint, run: show("checkpoint") },
    { title: words.history, run: show("history") },
    { heading: words.export },
    ...EXPORT_FORMATS.map(format => ({ title: words[format], run: () => void new DocumentActions(actions.store).export(format) })),
    { heading: "" },
    may("write") && { title: words.clearOutputs, run: () => actions.clearOutputs(null) },
    { title: words.print, keys: "Ctrl P", run: show("print") },
    { title: words.settings, keys: "Ctrl ,", run: show("settings") },
    { title: words.help, run: show("help") },
    guestOf.value !== null && { title: p.leave, run: () => void leave() },
  ];
}

/** What the kernel uses of the server, while the menu that shows it is open. */
function Usage({ session }: { session: string }) {
  const used = useUsage(session).get(session);
  return <>{used === undefined ? t.usage.asking : t.usage.all(used)}</>;
}

/** What can be done with the kernel. */
export function kernelRows(open: Open): readonly MenuRow[] {
  const { kernel } = open.store.model;
  const alive = kernel !== null && kernel.state !== "dead";
  const attached = isAttached(open.store.model);
  return kernel === null
    ? [
        { title: t.kernel.start, run: () => void open.actions.runs.restart() },
        { title: t.kernel.pick, run: show("kernels") },
      ]
    : [
        { title: t.kernel.interrupt, disabled: kernel.state !== "busy", run: () => open.actions.runs.interrupt() },
        !attached && {
          title: alive ? t.kernel.restart : t.kernel.start,
          run: alive ? show("restart") : () => void open.actions.runs.restart(),
        },
        { title: t.kernel.shutDown, disabled: !alive, run: show("shut_down") },
        { title: t.kernel.change, run: show("kernels") },
        alive && !attached && { note: <Usage session={open.store.id} /> },
      ];
}

/** More ways to run. */
export function runRows({ actions, store }: Open): readonly MenuRow[] {
  const cell = actions.chosen()[0] ?? null;
  const last = actions.chosen().at(-1) ?? null;
  return [
    { title: menuWords.runThis, keys: "Ctrl ⏎", disabled: cell === null, run: () => actions.runSelected("stay") },
    { title: t.runAll, run: () => actions.runs.runMany("all") },
    { title: menuWords.runAbove, disabled: cell === null, run: () => actions.runs.runMany("above", cell) },
    { title: menuWords.runBelow, disabled: cell === null, run: () => actions.runs.runMany("below", cell ?? last) },
    { title: menuWords.runStale, run: () => actions.runs.runMany("stale") },
    { heading: "" },
    { title: t.restartRunAll, disabled: isAttached(store.model), run: show("restart_run") },
    { heading: "" },
    {
      title: menuWords.stopOnErrorItem,
      checked: stopOnError.value,
      run: () => {
        stopOnError.value = !stopOnError.value;
      },
    },
    {
      title: menuWords.tellsRunsItem,
      checked: tellsRuns.value,
      run: () => {
        tellsRuns.value = !tellsRuns.value;
        if (tellsRuns.value) askSystem();
      },
    },
  ];
}
