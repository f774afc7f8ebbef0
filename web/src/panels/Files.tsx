/**
 * The files of a folder. Arrows move, Enter opens, F2 renames, Delete puts into the trash; Ctrl or Shift and a click, the space bar, Shift and an
 * arrow, and Ctrl-A select; what is selected is moved, copied, downloaded and deleted together. Entries are dragged onto folders.
 */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { File, Session } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { openFile } from "../session/file_links.ts";
import { goTo, homeAddress } from "../session/route.ts";
import { mayShare } from "../session/shared_places.ts";
import { t } from "../text/en.ts";
import { fileWords } from "../text/files.ts";
import { f } from "../text/managing.ts";
import { w } from "../text/trash.ts";
import { Icon, type IconName } from "../ui/icons.tsx";
import { lazily } from "../ui/lazy.ts";
import { Menu } from "../ui/Menu.tsx";
import { complain } from "../ui/notices.ts";
import { oneOf, recall, remember } from "../ui/settings.ts";
import { share } from "../ui/sharing.ts";
import type { Asking } from "./FileQuestions.tsx";
import { type FileActs, Row } from "./FileRow.tsx";
import { discardAll, download, moveInto } from "./file_acts.ts";
import { dropFolder, dropHandlers } from "./file_drag.ts";
import { FileSelection } from "./file_selection.ts";
import { arranged, type Folder, ORDERS, type Order } from "./folder.ts";
import { HomeLink } from "./HomeLink.tsx";

const Question = lazily(async () => (await import("./FileQuestions.tsx")).Question);

function Heading(props: { order: Order; now: Order; down: boolean; title: string; sort(order: Order): void }) {
  const on = props.now === props.order;
  return (
    <th class={`file-${props.order}`} aria-sort={on ? (props.down ? "descending" : "ascending") : "none"}>
      <button type="button" class="sort" title={fileWords.sortBy(props.title)} onClick={() => props.sort(props.order)}>
        {props.title}
        {on && <Icon name={props.down ? "down" : "up"} />}
      </button>
    </th>
  );
}

/** The files that keys walk through, as they stand in the list. */
const links = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".files .entry[href]")];

/** Arrows go from name to name; with Shift they take along what they come by. */
function moveFocus(event: KeyboardEvent, shown: readonly File[], selection: FileSelection): void {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(".menu, dialog") != null) return;
  if (event.key === "Escape" && selection.paths.value.size > 0) selection.clear();
  else if (event.key === "a" && (event.ctrlKey || event.metaKey) && target?.closest("table") != null)
    selection.all(shown.map(one => one.path));
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const all = links();
    const row = target?.closest("tr")?.querySelector<HTMLElement>(".entry[href]");
    const at = row == null ? -1 : all.indexOf(row);
    const next = all[event.key === "ArrowDown" ? at + 1 : Math.max(0, at - 1)];
    const pathOf = (link: HTMLElement | null | undefined): string => link?.closest("tr")?.getAttribute("data-path") ?? "";
    if (event.shiftKey && row != null && next !== undefined) {
      selection.begin(pathOf(row));
      selection.extend(
        shown.map(one => one.path),
        pathOf(next),
      );
    }
    next?.focus();
  } else return;
  event.preventDefault();
}

export function Crumbs({ folder }: { folder: string }) {
  const parts = folder === "" ? [] : folder.split("/");
  return (
    <nav class="crumbs" aria-label={fileWords.crumbs}>
      {["", ...parts].map((part, at) => {
        const path = parts.slice(0, at).join("/");
        return (
          <span key={at} data-folder={path} class={dropFolder.value === path ? "target" : undefined}>
            {at > 0 && <span class="sep">/</span>}
            <HomeLink folder={path} current={at === parts.length}>
              {at === 0 ? fileWords.root : part}
            </HomeLink>
          </span>
        );
      })}
    </nav>
  );
}

const TrashDialog = lazily(async () => (await import("./TrashDialog.tsx")).TrashDialog);

/** Leads to what was deleted. */
function TrashButton() {
  const [shown, show] = useState(false);
  return (
    <>
      <button type="button" class="btn ghost icon" aria-label={w.open} title={w.open} onClick={() => show(true)}>
        <Icon name="trash" />
      </button>
      {shown && <TrashDialog onClose={() => show(false)} />}
    </>
  );
}

/** Shares the whole folder by name. */
function ShareButton({ folder }: { folder: string }) {
  return (
    <button type="button" class="btn ghost icon" aria-label={f.shareFolder} title={f.shareFolder} onClick={() => share(folder, true)}>
      <Icon name="people" />
    </button>
  );
}

/** What can be done with all that is selected. */
function SelectionBar({ chosen, acts, end }: { chosen: readonly File[]; acts: FileActs; end(): void }) {
  const button = (icon: IconName, title: string, run: () => void) => (
    <button type="button" class="btn ghost" aria-label={title} title={title} onClick={run}>
      <Icon name={icon} />
      <span class="wide-only">{title}</span>
    </button>
  );
  return (
    <div class="selection-bar" role="toolbar" aria-label={f.forSelected}>
      <span role="status">{f.selected(chosen.length)}</span>
      {button("folder", f.move, () => acts.move(chosen))}
      {button("copy", f.copyTo, () => acts.copy(chosen))}
      {button("download", fileWords.download, () => download(chosen))}
      {button("trash", fileWords.delete, () => acts.discard(chosen))}
      <button type="button" class="btn ghost icon" aria-label={f.endSelection} title={f.endSelection} onClick={end}>
        <Icon name="cross" />
      </button>
    </div>
  );
}

/** Of a phone, where the list has no headings for it. */
function SortMenu({ order, sort }: { order: Order; sort(order: Order): void }) {
  const words = { name: fileWords.name, modified: fileWords.changed, size: fileWords.size };
  return (
    <span class="narrow-only">
      <Menu
        className="btn ghost icon"
        label={f.sort}
        items={ORDERS.map(one => ({ title: words[one], checked: one === order, run: () => sort(one) }))}
      >
        <Icon name="bars" />
      </Menu>
    </span>
  );
}

/** In which order the list is, as it was chosen last in this browser. */
function useOrder(): [Order, boolean, (by: Order) => void] {
  const [order, setOrder] = useState<Order>(() => oneOf("webipy.files-order", ORDERS, "name"));
  const [down, setDown] = useState(() => recall("webipy.files-down") === "yes");
  const sort = (by: Order): void => {
    const turned = order === by ? !down : by !== "name";
    setDown(turned);
    setOrder(by);
    remember("webipy.files-order", by);
    remember("webipy.files-down", turned ? "yes" : "no");
  };
  return [order, down, sort];
}

/** Keys of the page as a whole: the filter, and the folder above. */
function useKeys(folder: Folder, field: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const keys = (event: KeyboardEvent): void => {
      const at = event.target instanceof Element ? event.target.closest("input:not([type=checkbox]), textarea, dialog, .menu") : null;
      if (at !== null || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") field.current?.focus();
      else if (event.key === "Backspace" && folder.path !== "") goTo(homeAddress(folder.path.split("/").slice(0, -1).join("/")));
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, [folder]);
}

export function Files({ folder, sessions }: { folder: Folder; sessions: readonly Session[] | null }) {
  const [filter, setFilter] = useState("");
  const [order, down, sort] = useOrder();
  const [asking, ask] = useState<Asking | null>(null);
  const selection = useMemo(() => new FileSelection(), [folder]);
  const field = useRef<HTMLInputElement>(null);
  const entries = folder.entries.value;
  useKeys(folder, field);
  const shown = entries === null ? [] : arranged(entries, filter, order, down);
  const listed = shown.map(one => one.path);
  useEffect(() => selection.keep(listed), [entries, filter]);
  const chosen = shown.filter(one => selection.has(one.path));
  const open = new Map((sessions ?? []).filter(one => one.path !== null).map(one => [one.path ?? "", one]));
  const acts: FileActs = {
    rename: file => ask({ what: "rename", files: [file] }),
    move: files => ask({ what: "move", files }),
    copy: files => ask({ what: "copy", files }),
    discard: files => void discardAll(connection, files, (files, reason) => ask({ what: "delete", files, reason })).catch(complain),
    deleteForGood: files => ask({ what: "delete", files }),
    extend: file => selection.extend(listed, file.path),
  };
  const together = (file: File): readonly File[] => (selection.has(file.path) ? chosen : [file]);
  const drops = dropHandlers((paths, to) => {
    const files = shown.filter(one => paths.includes(one.path));
    moveInto(connection, files, to).catch(complain);
  });
  const heading = { now: order, down, sort };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows go from link to link inside
    <section class="files-part" onKeyDown={event => moveFocus(event, shown, selection)} {...drops}>
      <div class="files-head">
        <Crumbs folder={folder.path} />
        <span class="grow" />
        <label class="filter">
          <Icon name="search" />
          <input
            ref={field}
            type="search"
            aria-label={fileWords.filterHint}
            placeholder={fileWords.filter}
            value={filter}
            onInput={event => setFilter(event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === "Escape") setFilter("");
              else if (event.key === "Enter" && shown[0] !== undefined) openFile(shown[0]);
            }}
          />
        </label>
        <SortMenu order={order} sort={sort} />
        {mayShare(folder.path) && <ShareButton folder={folder.path} />}
        <TrashButton />
      </div>
      {chosen.length > 0 && <SelectionBar chosen={chosen} acts={acts} end={() => selection.clear()} />}
      {folder.problem.value !== null && (
        <p class="form-error" role="alert">
          {folder.problem.value}
        </p>
      )}
      {entries === null && folder.problem.value === null && <p class="quiet">{t.opening}</p>}
      {entries !== null && (
        <table class={chosen.length > 0 ? "files choosing" : "files"} aria-label={fileWords.list(folder.path || fileWords.root)}>
          <thead>
            <tr>
              <th class="file-box">
                <input
                  type="checkbox"
                  aria-label={f.selectAll}
                  checked={chosen.length > 0 && chosen.length === shown.length}
                  onClick={() => (chosen.length === shown.length ? selection.clear() : selection.all(listed))}
                />
              </th>
              <Heading order="name" title={fileWords.name} {...heading} />
              <th class="file-kernel">{fileWords.kernel}</th>
              <Heading order="modified" title={fileWords.changed} {...heading} />
              <Heading order="size" title={fileWords.size} {...heading} />
              <th class="file-acts">
                <span class="vh">{fileWords.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(file => (
              <Row key={file.path} file={file} session={open.get(file.path)} acts={acts} selection={selection} together={together} />
            ))}
          </tbody>
        </table>
      )}
      {entries?.length === 0 && <p class="quiet">{fileWords.empty}</p>}
      {entries !== null && entries.length > 0 && shown.length === 0 && <p class="quiet">{fileWords.noMatch}</p>}
      {entries !== null && folder.total.value > entries.length && (
        <button type="button" class="btn" onClick={() => folder.more()}>
          {fileWords.more(folder.total.value - entries.length)}
        </button>
      )}
      {asking !== null && <Question asking={asking} folder={folder.path} close={() => ask(null)} />}
    </section>
  );
}
