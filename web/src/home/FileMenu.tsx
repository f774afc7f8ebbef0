/** The menu of a file: what is done in its text, and with the file itself. */

import { useEffect, useState } from "preact/hooks";
import type { FileView } from "../model/file_views.ts";
import { viewsOf } from "../model/file_views.ts";
import { folderOf, nameOf } from "../model/paths.ts";
import { save as download, fileAddress } from "../rpc/http.ts";
import { connection, phase } from "../session/connection.ts";
import { openNotebook } from "../session/open_session.ts";
import { fileViewAddress, goTo, replaceAddress, textAddress } from "../session/route.ts";
import { fetchShared, mayShare } from "../session/shared_places.ts";
import { t } from "../text/en.ts";
import { fileWords } from "../text/files.ts";
import { menuWords } from "../text/menus.ts";
import { p } from "../text/people.ts";
import { x } from "../text/textfile.ts";
import { AskText } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/Menu.tsx";
import type { MenuRow } from "../ui/menu_rows.ts";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { wrapFiles } from "../ui/settings.ts";
import { share } from "../ui/sharing.ts";
import { NewFile } from "./NewFile.tsx";
import type { TextFile } from "./text_file.ts";

const AS_NOTEBOOK = /\.(py|md|rmd|qmd|r|jl)$/i;

const addressIn = (path: string, view: FileView): string => (view === "text" ? textAddress(path) : fileViewAddress(path, view));

export function FileMenu({ path, view, file }: { path: string; view: FileView; file: TextFile | null }) {
  const [asking, ask] = useState<"new" | "rename" | null>(null);
  const edits = view === "text" || view === "both";
  const views = viewsOf(nameOf(path));
  useEffect(() => {
    if (phase.value === "live") fetchShared().catch(complain); // a member may share what they own
  }, [phase.value]);
  const rename = async (name: string): Promise<void> => {
    const to = folderOf(path) + name;
    if (to === path || (file?.dirty.value === true && !(await file.save()))) return;
    await connection.call("file.rename", { path, to });
    replaceAddress(addressIn(to, view));
  };
  const duplicate = async (): Promise<void> => {
    const copy = await connection.call("file.copy", { path, to: null });
    goTo(addressIn(copy.path, view));
  };
  const items: MenuRow[] = [
    ...(edits && file?.content.value != null
      ? [
          { title: x.find, keys: "Ctrl F", run: () => file.editor?.find() },
          { title: x.goToLine, keys: "Ctrl Alt G", run: () => file.editor?.askLine() },
          {
            title: x.wrap,
            checked: wrapFiles.value,
            run: () => {
              wrapFiles.value = !wrapFiles.value;
            },
          },
          { heading: "" },
        ]
      : []),
    ...(views.length > 1
      ? [...views.map(one => ({ title: x.view[one], checked: one === view, run: () => goTo(addressIn(path, one)) })), { heading: "" }]
      : []),
    { title: x.newFile, run: () => ask("new") },
    { title: fileWords.rename, run: () => ask("rename") },
    mayShare(path) && { title: p.shareItem, run: () => share(path, false) },
    { title: fileWords.duplicate, run: () => void duplicate().catch(complain) },
    { title: fileWords.download, run: () => void download(fileAddress(path), nameOf(path)).catch(complain) },
    AS_NOTEBOOK.test(path) && { title: fileWords.openAsNotebook, run: () => void openNotebook(path) },
    { heading: "" },
    {
      title: menuWords.settings,
      keys: "Ctrl ,",
      run: () => {
        dialog.value = "settings";
      },
    },
  ];
  return (
    <>
      <Menu className="btn ghost icon" label={x.menu} title={x.menu} items={items}>
        <Icon name="dots" />
      </Menu>
      {asking === "new" && <NewFile folder={folderOf(path).replace(/\/$/, "")} onClose={() => ask(null)} />}
      {asking === "rename" && (
        <AskText
          title={fileWords.renameOf(nameOf(path))}
          label={fileWords.newName}
          initial={nameOf(path)}
          stem
          act={t.rename}
          onClose={() => ask(null)}
          onAct={name => void rename(name).catch(complain)}
        />
      )}
    </>
  );
}
