/** The palette: every command with its key, the headings, the cells and the files, found by a few letters. On the home page: what is there. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { fuzzy, type Match } from "../model/fuzzy.ts";
import { folderOf } from "../model/paths.ts";
import { headline, outline } from "../model/select.ts";
import type { File } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { type Open, openNotebook } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { following, people } from "../session/presence.ts";
import { goTo, homeAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { s } from "../text/sharing.ts";
import { Icon, type IconName } from "../ui/icons.tsx";
import { Keys } from "../ui/Keys.tsx";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { commandsOf } from "./commands.ts";
import { jump } from "./Queue.tsx";

export interface Entry {
  readonly id: string;
  readonly icon: IconName;
  readonly title: string;
  readonly note: string;
  readonly keys: string | null;
  run(): void;
}

interface Found {
  readonly entry: Entry;
  readonly match: Match;
}

const MOST = 150;
/** Cells are looked through only when there is something to look for. */
const MOST_CELLS = 2000;

const close = (): void => {
  dialog.value = null;
};

function commands(open: Open): Entry[] {
  const seen = new Set<string>();
  const entries: Entry[] = [];
  for (const one of commandsOf()) {
    if (!may(one.right) || one.id === "palette" || one.id === "close-pager" || seen.has(one.title)) continue;
    seen.add(one.title);
    const keys = one.keys[0] ?? null;
    entries.push({ id: one.id, icon: "command", title: one.title, note: "", keys, run: () => one.run(open.actions) });
  }
  return entries.filter(({ id }) => id !== "palette-key");
}

/** Somebody who is here can be followed. */
function others(): Entry[] {
  return people.value
    .filter(one => !one.isYou)
    .map(one => ({
      id: `follow-${one.person}`,
      icon: "people",
      title: s.follow(one.name),
      note: s.holds[one.verb],
      keys: null,
      run: () => {
        following.value = one.person;
      },
    }));
}

function headings(open: Open): Entry[] {
  return outline(open.store.model).map((one, at) => ({
    id: `heading-at-${at}`,
    icon: "text",
    title: one.text || t.untitledHeading,
    note: t.palette.heading,
    keys: null,
    run: () => jump(open, one.cell),
  }));
}

function cells(open: Open): Entry[] {
  const { store } = open;
  return store.order.slice(0, MOST_CELLS).flatMap((id, at) => {
    const line = headline(store.sourceOf(id));
    if (line === "" || store.cellOf(id)?.type !== "code") return [];
    return [{ id: `cell-at-${at}`, icon: "code", title: line, note: t.palette.cell(at + 1), keys: null, run: () => jump(open, id) }];
  });
}

function go(file: File): void {
  if (file.kind === "folder") goTo(homeAddress(file.path));
  else if (file.kind === "notebook") void openNotebook(file.path);
  else goTo(homeAddress(folderOf(file.path).replace(/\/$/, "")));
}

/** The files beside the notebook, as soon as the server has listed them. */
function useFiles(folder: string): Entry[] {
  const [files, set] = useState<Entry[]>([]);
  useEffect(() => {
    if (connection.phase !== "live" || !may("own")) return;
    const show = (list: readonly File[]): void =>
      set(
        list.map(file => ({
          id: `file-${file.path}`,
          icon: file.kind === "notebook" ? "notebook" : file.kind === "folder" ? "folder" : "file",
          title: file.path,
          note: t.palette[file.kind === "folder" ? "folder" : file.kind === "notebook" ? "notebook" : "file"],
          keys: null,
          run: () => go(file),
        })),
      );
    connection
      .call("file.list", { path: folder })
      .then(list => show(list.entries))
      .catch(complain);
  }, [folder]);
  return files;
}

/** The entries that fit, the best first; those that fit alike in their own order. */
export function found(entries: readonly Entry[], query: string): Found[] {
  const all: Found[] = [];
  for (const entry of entries) {
    const match = fuzzy(query, entry.title);
    if (match !== null) all.push({ entry, match });
  }
  return all.sort((a, b) => b.match.score - a.match.score).slice(0, MOST);
}

function Marked({ text, at }: { text: string; at: readonly number[] }) {
  const marked = new Set(at);
  const parts: { text: string; on: boolean }[] = [];
  for (let n = 0; n < text.length; n++) {
    const last = parts.at(-1);
    if (last !== undefined && last.on === marked.has(n)) last.text += text[n];
    else parts.push({ text: text[n] ?? "", on: marked.has(n) });
  }
  return <span class="title-text">{parts.map((part, n) => (part.on ? <b key={n}>{part.text}</b> : part.text))}</span>;
}

function Option({ one, at, chosen, accept }: { one: Found; at: number; chosen: boolean; accept(): void }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) element.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the option that is active
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
    <div class="option" id={`option-${at}`} role="option" aria-selected={chosen} ref={element} onClick={accept}>
      <Icon name={one.entry.icon} />
      <Marked text={one.entry.title} at={one.match.at} />
      {one.entry.note !== "" && <span class="note">{one.entry.note}</span>}
      {one.entry.keys !== null && <Keys keys={one.entry.keys} />}
    </div>
  );
}

export function Palette({ open }: { open: Open }) {
  const fixed = useMemo(() => [...commands(open), ...others(), ...headings(open)], []);
  const code = useMemo(() => cells(open), []);
  return (
    <Chooser
      fixed={fixed}
      more={code}
      folder={folderOf(open.store.model.file?.path ?? "").replace(/\/$/, "")}
      filesFirst={false}
      words={t.palette}
    />
  );
}

/** One field over a list. `more` is only looked through when something is asked for; so are the files, unless they come `filesFirst`. */
export function Chooser(props: {
  fixed: readonly Entry[];
  more: readonly Entry[];
  folder: string;
  filesFirst: boolean;
  words: { readonly title: string; readonly hint: string };
}) {
  const { fixed, more } = props;
  const element = useRef<HTMLDialogElement>(null);
  const [query, ask] = useState("");
  const [chosen, choose] = useState(0);
  const files = useFiles(props.folder);
  const asked = query.trim() !== "";
  const list = useMemo(
    () =>
      found(
        [
          ...fixed,
          ...(asked || props.filesFirst ? files.filter(file => !fixed.some(one => one.title === file.title)) : []),
          ...(asked ? more : []),
        ],
        query,
      ),
    [query, files],
  );
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      element.current?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const at = Math.min(chosen, list.length - 1);
  const accept = (one: Found | undefined): void => {
    if (one === undefined) return;
    close();
    one.entry.run();
  };
  const keys = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "ArrowDown") choose((at + 1) % Math.max(1, list.length));
    else if (event.key === "ArrowUp") choose((at - 1 + list.length) % Math.max(1, list.length));
    else if (event.key === "Home" && event.ctrlKey) choose(0);
    else if (event.key === "End" && event.ctrlKey) choose(list.length - 1);
    else if (event.key === "Enter" && !event.isComposing) accept(list[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={element}
      class="palette"
      aria-label={props.words.title}
      onCancel={event => {
        event.preventDefault();
        close();
      }}
      onClick={event => {
        if (event.target === element.current) close();
      }}
      onKeyDown={keys}
    >
      <input
        class="palette-field"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={list.length > 0 ? `option-${at}` : undefined}
        aria-label={props.words.title}
        placeholder={props.words.hint}
        autocomplete="off"
        spellcheck={false}
        autofocus
        value={query}
        onInput={event => {
          ask(event.currentTarget.value);
          choose(0);
        }}
      />
      <div class="options" id="palette-list" role="listbox" aria-label={props.words.title}>
        {list.map((one, n) => (
          <Option key={one.entry.id} one={one} at={n} chosen={n === at} accept={() => accept(one)} />
        ))}
      </div>
      {list.length === 0 && <p class="quiet nothing">{t.palette.nothing}</p>}
      <p class="vh" role="status">
        {t.palette.count(list.length)}
      </p>
    </dialog>
  );
}
