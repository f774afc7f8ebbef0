/** The files of a folder: open, view, rename, copy, download, delete. Arrows move, Enter opens, F2 renames, Delete puts into the trash. */
import { useEffect, useRef, useState } from "preact/hooks";
import { folderOf } from "../model/paths.ts";
import { fileAddress, save } from "../rpc/http.ts";
import type { File, Session } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { addressOf, isViewable, openFile } from "../session/file_links.ts";
import { openNotebook } from "../session/open_session.ts";
import { goTo, homeAddress, textAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { ago, clock, size } from "../text/format.ts";
import { w } from "../text/trash.ts";
import { Ask, AskText } from "../ui/Dialog.tsx";
import { FILE_ICONS, Icon } from "../ui/icons.tsx";
import { lazily } from "../ui/lazy.ts";
import { Menu, type MenuRow } from "../ui/Menu.tsx";
import { complain } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";
import { arranged, type Folder, type Order } from "./folder.ts";
import { HomeLink } from "./HomeLink.tsx";
import { stateWords } from "./Running.tsx";
import { deleteForGood, discard } from "./trash.ts";

/** What a person is asked about an entry; `reason` is why it cannot go to the trash. */
type Asking = { readonly what: "rename" | "delete"; readonly file: File; readonly reason?: string } | null;

type ToAsk = (asking: Asking) => void;

/** Into the trash; where there is none, a person is asked whether it may go for good. */
function intoTrash(file: File, ask: ToAsk): void {
  void discard(connection, file, reason => ask({ what: "delete", file, reason }));
}

const AS_NOTEBOOK = /\.(py|md|rmd|qmd|r|jl)$/i;

function rowsOf(file: File, ask: ToAsk): MenuRow[] {
  const words = t.files;
  const isFile = file.kind === "file" || file.kind === "notebook";
  return [
    { title: file.kind === "file" && isViewable(file.name) ? words.view : words.open, run: () => openFile(file) },
    file.kind === "file" && AS_NOTEBOOK.test(file.name) && { title: words.openAsNotebook, run: () => void openNotebook(file.path) },
    isFile && { title: words.editAsText, run: () => goTo(textAddress(file.path)) },
    { heading: "" },
    { title: words.rename, keys: "F2", run: () => ask({ what: "rename", file }) },
    { title: words.duplicate, run: () => void connection.call("file.copy", { path: file.path, to: null }).catch(complain) },
    isFile && { title: words.download, run: () => void save(fileAddress(file.path), file.name).catch(complain) },
    { heading: "" },
    { title: words.delete, keys: "Del", run: () => intoTrash(file, ask) },
    { title: w.forGood, keys: "Shift Del", run: () => ask({ what: "delete", file }) },
  ];
}

function Row(props: { file: File; session: Session | undefined; ask: ToAsk }) {
  const { file, session } = props;
  const at = Date.parse(file.modified);
  const seconds = (Date.now() + clockOffset.value - at) / 1000;
  const state = session === undefined ? null : stateWords(session);
  return (
    <tr
      onKeyDown={event => {
        if (event.key === "F2") props.ask({ what: "rename", file });
        else if (event.key === "Delete" && event.shiftKey) props.ask({ what: "delete", file });
        else if (event.key === "Delete") intoTrash(file, props.ask);
        else return;
        event.preventDefault();
      }}
    >
      <td class="file-name">
        {file.kind === "other" ? (
          <span class="entry other">
            <Icon name="file" />
            <span>{file.name}</span>
          </span>
        ) : (
          <a
            class="entry"
            href={addressOf(file)}
            onClick={event => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              openFile(file);
            }}
          >
            <Icon name={FILE_ICONS[file.kind]} />
            <span>{file.name}</span>
          </a>
        )}
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
        <Menu className="btn ghost icon" label={t.files.actionsOf(file.name)} items={rowsOf(file, props.ask)}>
          <Icon name="dots" />
        </Menu>
      </td>
    </tr>
  );
}

function Question({ asking, close }: { asking: NonNullable<Asking>; close(): void }) {
  const { what, file, reason } = asking;
  if (what === "rename")
    return (
      <AskText
        title={t.files.renameOf(file.name)}
        label={t.files.newName}
        initial={file.name}
        stem={file.kind !== "folder"}
        act={t.rename}
        onClose={close}
        onAct={name => {
          const to = folderOf(file.path) + name;
          if (to !== file.path) connection.call("file.rename", { path: file.path, to }).catch(complain);
        }}
      />
    );
  const body = file.kind === "folder" ? w.forGoodFolder : file.session === null ? w.forGoodFile : w.forGoodOpen;
  return (
    <Ask
      title={reason === undefined ? w.forGoodAsk(file.name) : w.noTrash(file.name)}
      body={reason === undefined ? body : `${reason} ${body}`}
      act={w.forGoodAct}
      danger
      onClose={close}
      onAct={() => deleteForGood(connection, file)}
    />
  );
}

function Heading(props: { order: Order; now: Order; down: boolean; title: string; sort(order: Order): void }) {
  const on = props.now === props.order;
  return (
    <th class={`file-${props.order}`} aria-sort={on ? (props.down ? "descending" : "ascending") : "none"}>
      <button type="button" class="sort" title={t.files.sortBy(props.title)} onClick={() => props.sort(props.order)}>
        {props.title}
        {on && <Icon name={props.down ? "down" : "up"} />}
      </button>
    </th>
  );
}

/** Arrows go from name to name. */
function moveFocus(event: KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(".menu") != null) return;
  const links = [...document.querySelectorAll<HTMLElement>(".files .entry[href]")];
  const row = target?.closest("tr")?.querySelector<HTMLElement>(".entry[href]");
  const at = row == null ? -1 : links.indexOf(row);
  links[event.key === "ArrowDown" ? at + 1 : Math.max(0, at - 1)]?.focus();
  event.preventDefault();
}

export function Crumbs({ folder }: { folder: string }) {
  const parts = folder === "" ? [] : folder.split("/");
  return (
    <nav class="crumbs" aria-label={t.files.crumbs}>
      <HomeLink folder="" current={parts.length === 0}>
        {t.files.root}
      </HomeLink>
      {parts.map((part, at) => (
        <span key={at}>
          <span class="sep">/</span>
          <HomeLink folder={parts.slice(0, at + 1).join("/")} current={at === parts.length - 1}>
            {part}
          </HomeLink>
        </span>
      ))}
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

export function Files({ folder, sessions }: { folder: Folder; sessions: readonly Session[] | null }) {
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order>("name");
  const [down, setDown] = useState(false);
  const [asking, ask] = useState<Asking>(null);
  const field = useRef<HTMLInputElement>(null);
  const entries = folder.entries.value;
  useEffect(() => {
    const keys = (event: KeyboardEvent): void => {
      const at = event.target instanceof Element ? event.target.closest("input, textarea, dialog, .menu") : null;
      if (at !== null || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") field.current?.focus();
      else if (event.key === "Backspace" && folder.path !== "") goTo(homeAddress(folder.path.split("/").slice(0, -1).join("/")));
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, [folder]);
  const sort = (by: Order): void => {
    setDown(order === by ? !down : by !== "name");
    setOrder(by);
  };
  const shown = entries === null ? [] : arranged(entries, filter, order, down);
  const open = new Map((sessions ?? []).filter(one => one.path !== null).map(one => [one.path ?? "", one]));
  const heading = { now: order, down, sort };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows go from link to link inside
    <section class="files-part" onKeyDown={moveFocus}>
      <div class="files-head">
        <Crumbs folder={folder.path} />
        <span class="grow" />
        <label class="filter">
          <Icon name="search" />
          <input
            ref={field}
            type="search"
            aria-label={t.files.filterHint}
            placeholder={t.files.filter}
            value={filter}
            onInput={event => setFilter(event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === "Escape") setFilter("");
              else if (event.key === "Enter" && shown[0] !== undefined) openFile(shown[0]);
            }}
          />
        </label>
        <TrashButton />
      </div>
      {folder.problem.value !== null && (
        <p class="form-error" role="alert">
          {folder.problem.value}
        </p>
      )}
      {entries === null && folder.problem.value === null && <p class="quiet">{t.opening}</p>}
      {entries !== null && (
        <table class="files" aria-label={t.files.list(folder.path || t.files.root)}>
          <thead>
            <tr>
              <Heading order="name" title={t.files.name} {...heading} />
              <th class="file-kernel">{t.files.kernel}</th>
              <Heading order="modified" title={t.files.changed} {...heading} />
              <Heading order="size" title={t.files.size} {...heading} />
              <th class="file-acts">
                <span class="vh">{t.files.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(file => (
              <Row key={file.path} file={file} session={open.get(file.path)} ask={ask} />
            ))}
          </tbody>
        </table>
      )}
      {entries?.length === 0 && <p class="quiet">{t.files.empty}</p>}
      {entries !== null && entries.length > 0 && shown.length === 0 && <p class="quiet">{t.files.noMatch}</p>}
      {entries !== null && folder.total.value > entries.length && (
        <button type="button" class="btn" onClick={() => folder.more()}>
          {t.files.more(folder.total.value - entries.length)}
        </button>
      )}
      {asking !== null && <Question asking={asking} close={() => ask(null)} />}
    </section>
  );
}
