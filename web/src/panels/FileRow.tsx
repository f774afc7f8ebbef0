/** One entry of a folder: a click opens it, with Ctrl or Shift it is selected; it has a menu, and can be dragged. */

import type { File, Session } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { addressOf, isViewable, openFile } from "../session/file_links.ts";
import { openNotebook } from "../session/open_session.ts";
import { goTo, textAddress } from "../session/route.ts";
import { mayShare } from "../session/shared_places.ts";
import { fileWords } from "../text/files.ts";
import { ago, clock, size } from "../text/format.ts";
import { f } from "../text/managing.ts";
import { p } from "../text/people.ts";
import { w } from "../text/trash.ts";
import { FILE_ICONS, Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/Menu.tsx";
import type { MenuRow } from "../ui/menu_rows.ts";
import { complain } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";
import { share } from "../ui/sharing.ts";
import { download } from "./file_acts.ts";
import { beginDrag, dropFolder } from "./file_drag.ts";
import type { FileSelection } from "./file_selection.ts";
import { newTerminal } from "./new_terminal.ts";
import { stateWords } from "./Running.tsx";

/** What a person does with entries that asks first, or that all selected ones take part in. */
export interface FileActs {
  rename(file: File): void;
  move(files: readonly File[]): void;
  copy(files: readonly File[]): void;
  discard(files: readonly File[]): void;
  deleteForGood(files: readonly File[]): void;
  /** Selects all up to this one, as they are listed. */
  extend(file: File): void;
}

const AS_NOTEBOOK = /\.(py|md|rmd|qmd|r|jl)$/i;

function rowsOf(file: File, acts: FileActs): MenuRow[] {
  const words = fileWords;
  const isFile = file.kind === "file" || file.kind === "notebook";
  return [
    { title: file.kind === "file" && isViewable(file.name) ? words.view : words.open, run: () => openFile(file) },
    file.kind === "file" && AS_NOTEBOOK.test(file.name) && { title: words.openAsNotebook, run: () => void openNotebook(file.path) },
    isFile && { title: words.editAsText, run: () => goTo(textAddress(file.path)) },
    file.kind === "folder" && { title: words.terminal, run: () => void newTerminal(file.path) },
    { heading: "" },
    { title: words.rename, keys: "F2", run: () => acts.rename(file) },
    { title: f.move, run: () => acts.move([file]) },
    { title: words.duplicate, run: () => void connection.call("file.copy", { path: file.path, to: null }).catch(complain) },
    { title: f.copyTo, run: () => acts.copy([file]) },
    file.kind !== "other" && mayShare(file.path) && { title: p.shareItem, run: () => share(file.path, file.kind === "folder") },
    file.kind !== "other" && { title: words.download, run: () => download([file]) },
    { heading: "" },
    { title: words.delete, keys: "Del", run: () => acts.discard([file]) },
    { title: w.forGood, keys: "Shift Del", run: () => acts.deleteForGood([file]) },
  ];
}

function Name({ file, click }: { file: File; click(event: MouseEvent): void }) {
  const inner = (
    <>
      <Icon name={FILE_ICONS[file.kind]} />
      <span>{file.name}</span>
    </>
  );
  if (file.kind === "other") return <span class="entry other">{inner}</span>;
  return (
    <a class="entry" href={addressOf(file)} onClick={click}>
      {inner}
    </a>
  );
}

export function Row(props: {
  file: File;
  session: Session | undefined;
  acts: FileActs;
  selection: FileSelection;
  /** What is done with this one is done with all of these: the selected ones when it is one of them. */
  together(file: File): readonly File[];
}) {
  const { file, session, acts, selection } = props;
  const at = Date.parse(file.modified);
  const seconds = (Date.now() + clockOffset.value - at) / 1000;
  const state = session === undefined ? null : stateWords(session);
  const chosen = selection.has(file.path);
  const isTarget = file.kind === "folder" && dropFolder.value === file.path;
  const select = (event: MouseEvent): boolean => {
    if (event.shiftKey) acts.extend(file);
    else if (event.ctrlKey || event.metaKey) selection.toggle(file.path);
    else return false;
    event.preventDefault();
    return true;
  };
  const keys = (event: KeyboardEvent): void => {
    const onName = event.target instanceof Element && event.target.closest(".entry") !== null;
    if (event.key === "F2") acts.rename(file);
    else if (event.key === "Delete") (event.shiftKey ? acts.deleteForGood : acts.discard)(props.together(file));
    else if (event.key === " " && onName) selection.toggle(file.path);
    else return;
    event.preventDefault();
  };
  return (
    <tr
      class={`${chosen ? "chosen" : ""}${isTarget ? " target" : ""}`}
      data-path={file.path}
      data-folder={file.kind === "folder" ? file.path : undefined}
      draggable={file.kind !== "other"}
      onDragStart={event =>
        beginDrag(
          event,
          props.together(file).map(one => one.path),
        )
      }
      onKeyDown={keys}
      onClick={event => {
        if (event.target instanceof Element && event.target.closest("a, button, input, .menu") === null) select(event);
      }}
    >
      <td class="file-box">
        <input
          type="checkbox"
          aria-label={f.select(file.name)}
          checked={chosen}
          tabIndex={-1}
          onClick={event => {
            if (event.shiftKey) acts.extend(file);
            else selection.toggle(file.path);
          }}
        />
      </td>
      <td class="file-name">
        <Name
          file={file}
          click={event => {
            if (select(event)) return;
            event.preventDefault();
            openFile(file);
          }}
        />
      </td>
      <td class="file-kernel">
        {state !== null && (
          <span class="st">
            <span class={`dot ${state.dot}`} />
            {state.words}
          </span>
        )}
      </td>
      <td class="file-changed" title={clock(at)}>
        {ago(seconds)}
      </td>
      <td class="file-size">{file.kind === "folder" || file.kind === "other" ? "" : size(file.size)}</td>
      <td class="file-acts">
        <Menu className="btn ghost icon" label={fileWords.actionsOf(file.name)} items={rowsOf(file, acts)}>
          <Icon name="dots" />
        </Menu>
      </td>
    </tr>
  );
}
