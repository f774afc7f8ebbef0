/** What can be done with the document as a whole. */

import { nameOf } from "../model/paths.ts";
import { fileAddress, save } from "../rpc/http.ts";
import { EXPORT_FORMATS } from "../rpc/schema.ts";
import { hasLab, openInLab } from "../session/jupyterlab.ts";
import type { Open } from "../session/open_session.ts";
import { guestOf, may } from "../session/permissions.ts";
import { goTo, textAddress } from "../session/route.ts";
import { leave } from "../session/sign_in.ts";
import { t } from "../text/en.ts";
import { p } from "../text/people.ts";
import { Icon } from "../ui/icons.tsx";
import { Menu, type MenuRow } from "../ui/Menu.tsx";
import { complain, toast } from "../ui/notices.ts";
import { dialog, renaming } from "../ui/page_state.ts";

const show = (which: NonNullable<typeof dialog.value>) => (): void => {
  dialog.value = which;
};

async function duplicate({ store, actions }: Open, path: string): Promise<void> {
  try {
    await store.settled();
    await store.connection.call("notebook.save", { session: store.id });
    const copy = await actions.store.connection.call("file.copy", { path, to: null });
    toast(t.duplicated(copy.name));
  } catch (error) {
    complain(error);
  }
}

export function DocumentMenu({ open }: { open: Open }) {
  const { store, actions } = open;
  store.head.value;
  const { file } = store.model;
  const words = t.documentMenu;
  const rename: MenuRow = {
    title: words.rename,
    run: () => {
      renaming.value = true;
    },
  };
  const ofFile: MenuRow[] = !may("own")
    ? [
        may("write") && file !== null && { title: words.save, keys: "S", run: () => void actions.file.save() },
        { title: words.download, run: () => void actions.file.export("ipynb") },
        may("write") && file !== null && { title: words.reload, run: show("reload") },
      ]
    : file === null
      ? [{ title: words.saveAs, run: show("save_as") }, rename]
      : [
          { title: words.save, keys: "S", run: () => void actions.file.save() },
          rename,
          { title: words.duplicate, run: () => void duplicate(open, file.path) },
          { title: words.download, run: () => void save(fileAddress(file.path), nameOf(file.path)).catch(complain) },
          { title: t.files.editAsText, run: () => goTo(textAddress(file.path)) },
          hasLab() && { title: words.lab, run: () => openInLab(file.path) },
          { title: words.reload, run: show("reload") },
        ];
  const rows: MenuRow[] = [
    may("own") && { title: p.shareItem, run: show("share") },
    may("own") && { title: t.loginsItem, run: show("logins") },
    ...ofFile,
    may("write") &&
      file !== null &&
      file.minor !== null &&
      file.minor < 5 && { title: words.upgrade(file.minor), run: () => void actions.file.upgrade() },
    { heading: "" },
    may("write") && { title: words.checkpoint, run: show("checkpoint") },
    { title: words.history, run: show("history") },
    { heading: words.export },
    ...EXPORT_FORMATS.map(format => ({ title: words[format], run: () => void actions.file.export(format) })),
    { heading: "" },
    may("write") && { title: words.clearOutputs, run: () => actions.clearOutputs(null) },
    { title: words.print, keys: "Ctrl P", run: show("print") },
    { title: words.settings, keys: "Ctrl ,", run: show("settings") },
    { title: words.help, run: show("help") },
    guestOf.value !== null && { title: p.leave, run: () => void leave() },
  ];
  return (
    <Menu className="btn ghost icon" label={t.more} title={t.more} items={rows}>
      <Icon name="dots" />
    </Menu>
  );
}
