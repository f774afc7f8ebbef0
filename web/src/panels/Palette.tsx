/** The palette: every command with its key, the headings, the cells and the files, found by a few letters. On the home page: what is there. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { fuzzy, type Match } from "../model/fuzzy.ts";
import { folderOf } from "../model/paths.ts";
import { headline, outline } from "../model/select.ts";
import type { File } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { openFile } from "../session/file_links.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { following, people } from "../session/presence.ts";
import { recentFiles } from "../session/recent_files.ts";
import { t } from "../text/en.ts";
import { paletteWords, w } from "../text/finding.ts";
import { s } from "../text/sharing.ts";
import { closeDialog } from "../ui/focus_return.ts";
import { FILE_ICONS, Icon, type IconName } from "../ui/icons.tsx";
import { Keys } from "../ui/Keys.tsx";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { commandsOf } from "./commands.ts";
import { jump } from "./queue.ts";
import "./more_commands.ts";
import { titleOf } from "./titles.ts";

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
    const title = titleOf(one.row);
    if (!may(one.right) || one.id === "palette" || one.id === "close-pager" || seen.has(title)) continue;
    if (one.offered?.() === false) continue;
    seen.add(title);
    const keys = one.keys[0] ?? null;
    entries.push({ id: one.id, icon: "command", title, note: "", keys, run: () => one.run(open.actions) });
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
    note: paletteWords.heading,
    keys: null,
    run: () => jump(open, one.cell),
  }));
}

function cells(open: Open): Entry[] {
  const { store } = open;
  return store.order.slice(0, MOST_CELLS).flatMap((id, at) => {
    const line = headline(store.sourceOf(id));
    if (line === "" || store.cellOf(id)?.type !== "code") return [];
    return [{ id: `cell-at-${at}`, icon: "code", title: line, note: paletteWords.cell(at + 1), keys: null, run: () => jump(open, id) }];
  });
}

const entryOf = (file: File): Entry => ({
  id: `file-${file.path}`,
  icon: FILE_ICONS[file.kind],
  title: file.path,
  note: paletteWords[file.kind === "folder" ? "folder" : file.kind === "notebook" ? "notebook" : "file"],
  keys: null,
  run: () => openFile(file),
});

/** The files of a folder, as soon as the server has listed them. */
function useFiles(folder: string): Entry[] {
  const [files, set] = useState<Entry[]>([]);
  useEffect(() => {
    if (connection.phase !== "live" || !may("own")) return;
    connection
      .call("file.list", { path: folder })
      .then(list => set(list.entries.map(entryOf)))
      .catch(complain);
  }, [folder]);
  return files;
}

const TYPED_MS = 60;

/** Files anywhere below the root that have the letters in their paths. One call at a time; a large root takes several to be seen whole. */
function useFound(query: string): { readonly files: readonly Entry[]; readonly looking: boolean } {
  const [found, set] = useState<{ files: readonly Entry[]; looking: boolean }>({ files: [], looking: false });
  const calling = useRef<Promise<void>>(Promise.resolve());
  useEffect(() => {
    if (query === "" || connection.phase !== "live" || !may("own")) return set({ files: [], looking: false });
    let current = true;
    const look = async (): Promise<void> => {
      for (let whole = false; current && !whole; ) {
        const { entries, is_complete } = await connection.call("file.find", { query });
        if (current) set({ files: entries.map(entryOf), looking: !is_complete });
        whole = is_complete;
      }
    };
    set(before => ({ ...before, looking: true }));
    const timer = setTimeout(() => {
      calling.current = calling.current.then(() => (current ? look() : undefined)).catch(complain);
    }, TYPED_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [query]);
  return found;
}

/** The files that were opened last; they may have gone since. */
function recent(): Entry[] {
  if (!may("own")) return [];
  return recentFiles().map(path => ({
    id: `recent-${path}`,
    icon: path.toLowerCase().endsWith(".ipynb") ? "notebook" : "file",
    title: path,
    note: w.recent,
    keys: null,
    run: () => void connection.call("file.stat", { path }).then(openFile, complain),
  }));
}

/** What files that were opened lately have before others that fit alike. */
const RECENT_SCORE = 15;

/** The entries that fit, the best first; those that fit alike in their own order. What the server has `seen` to fit does in any case. */
export function found(entries: readonly Entry[], query: string, seen: readonly Entry[] = [], lately: readonly Entry[] = []): Found[] {
  const all: Found[] = [];
  const titles = new Set<string>();
  const add = (entry: Entry, match: Match | null, more = 0): void => {
    const isFile = entry.id.startsWith("file-") || entry.id.startsWith("recent-");
    if (match === null || (isFile && titles.has(entry.title))) return;
    if (entry.id.startsWith("session-") || isFile) titles.add(entry.title);
    all.push({ entry, match: { ...match, score: match.score + more } });
  };
  for (const entry of entries) if (!entry.id.startsWith("file-")) add(entry, fuzzy(query, entry.title));
  for (const entry of lately) add(entry, fuzzy(query, entry.title), RECENT_SCORE);
  for (const entry of entries) if (entry.id.startsWith("file-")) add(entry, fuzzy(query, entry.title));
  for (const entry of seen) add(entry, fuzzy(query, entry.title) ?? { score: 0, at: [] });
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
      words={{ ...paletteWords, title: t.palette.title }}
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
  const { files: seen, looking } = useFound(query.trim());
  const lately = useMemo(recent, []);
  const asked = query.trim() !== "";
  const shown = asked || props.filesFirst;
  const list = useMemo(
    () => found([...fixed, ...(shown ? files : []), ...(asked ? more : [])], query, asked ? seen : [], shown ? lately : []),
    [query, files, seen],
  );
  useLayoutEffect(() => {
    const before = document.activeElement;
    const shown = element.current;
    shown?.showModal();
    return () => {
      closeDialog(shown, before);
    };
  }, []);
  const at = Math.min(chosen, list.length - 1);
  /** What Enter was pressed for before anything was found: the first that is found is meant. */
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    if (wanted.current === query && list.length > 0) accept(list[0]);
  }, [list]);
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
    else if (event.key === "Enter" && !event.isComposing) {
      wanted.current = asked && list.length === 0 ? query : null;
      accept(list[at]);
    } else return;
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
      {list.length === 0 && !looking && <p class="quiet nothing">{paletteWords.nothing}</p>}
      {looking && <p class="quiet nothing">{w.looking}</p>}
      <p class="vh" role="status">
        {paletteWords.count(list.length)}
      </p>
    </dialog>
  );
}
