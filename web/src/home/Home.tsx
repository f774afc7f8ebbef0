/** The home page: what still runs, the files below the root, and what is new. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { initialsOf } from "../model/people.ts";
import { ConnectionBanner } from "../panels/ConnectionBanner.tsx";
import { Files } from "../panels/Files.tsx";
import { Folder } from "../panels/folder.ts";
import { readChosen } from "../panels/folder_upload.ts";
import { HomeLink } from "../panels/HomeLink.tsx";
import { newTerminal } from "../panels/new_terminal.ts";
import { Tile, useSessions } from "../panels/Running.tsx";
import { Terminals } from "../panels/Terminals.tsx";
import { Uploads } from "../panels/Uploads.tsx";
import { upload, uploadDropped, uploadFolder } from "../panels/uploads.ts";
import { useUsage } from "../panels/usage.ts";
import { Face } from "../people/Face.tsx";
import { RpcFailure } from "../rpc/messages.ts";
import type { KernelspecList, Session } from "../rpc/schema.ts";
import { connection, phase, server } from "../session/connection.ts";
import { openNotebook } from "../session/open_session.ts";
import { goTo, sessionAddress } from "../session/route.ts";
import { isConfined, mayManage } from "../session/shared_places.ts";
import { leave } from "../session/sign_in.ts";
import { k } from "../text/closed.ts";
import { t } from "../text/en.ts";
import { fileWords } from "../text/files.ts";
import { findWords, paletteWords } from "../text/finding.ts";
import { homeWords } from "../text/home.ts";
import { f } from "../text/managing.ts";
import { menuWords } from "../text/menus.ts";
import { Ask } from "../ui/Dialog.tsx";
import { useDropped } from "../ui/dropped_files.ts";
import { Icon, Mark } from "../ui/icons.tsx";
import { lazily } from "../ui/lazy.ts";
import { Menu } from "../ui/Menu.tsx";
import type { MenuRow } from "../ui/menu_rows.ts";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { recall, remember } from "../ui/settings.ts";
import { HelpButton, ThemeButton } from "../ui/ThemeButton.tsx";
import { HomeDialogs } from "./HomeDialogs.tsx";

async function newNotebook(folder: string, kernelspec: string | null): Promise<void> {
  const path = `${folder === "" ? "" : `${folder}/`}${t.untitled}.ipynb`;
  try {
    const file = await connection.call("file.create", { path, kind: "notebook", kernelspec, unique: true });
    await openNotebook(file.path, kernelspec);
  } catch (error) {
    complain(error);
  }
}

async function newSession(kernelspec: string): Promise<void> {
  try {
    const session = await connection.durable("session.create", { kernelspec, id: crypto.randomUUID() });
    goTo(sessionAddress(session.id));
  } catch (error) {
    complain(error);
  }
}

const NewFolder = lazily(async () => (await import("../panels/NewFolder.tsx")).NewFolder);
const NewFile = lazily(async () => (await import("./NewFile.tsx")).NewFile);

/** Lets the browser's own dialog choose a folder; the types of Preact do not know it. */
const WHOLE_FOLDER = { webkitdirectory: true };

function New({ folder, specs }: { folder: string; specs: KernelspecList | null }) {
  const [naming, name] = useState<"folder" | "file" | null>(null);
  const chosen = useRef<HTMLInputElement>(null);
  const [busy, work] = useState(false);
  const sorted = [...(specs?.kernelspecs ?? [])].sort((a, b) => Number(b.name === specs?.default) - Number(a.name === specs?.default));
  const make = (kernelspec: string | null): void => {
    work(true);
    void newNotebook(folder, kernelspec).then(() => work(false));
  };
  const rows: MenuRow[] = [
    ...sorted.map(spec => ({ title: homeWords.notebookIn(spec.display_name), run: () => make(spec.name) })),
    { heading: "" },
    { title: homeWords.newFile, run: () => name("file") },
    { title: homeWords.newFolder, run: () => name("folder") },
    { title: homeWords.newTerminal, disabled: phase.value !== "live", run: () => void newTerminal(folder) },
    { title: f.uploadFolder, run: () => chosen.current?.click() },
    ...sorted.map(spec => ({ title: homeWords.sessionIn(spec.display_name), run: () => void newSession(spec.name) })),
  ];
  return (
    <span class="group main-group">
      <button
        type="button"
        class="btn main"
        aria-label={homeWords.newNotebook}
        disabled={busy || phase.value !== "live"}
        onClick={() => make(specs?.default ?? null)}
      >
        <Icon name="plus" />
        <span class="wide-only">{homeWords.newNotebook}</span>
        <span class="narrow-only" aria-hidden="true">
          {homeWords.newShort}
        </span>
      </button>
      <Menu className="btn main icon narrow" label={homeWords.newMore} title={homeWords.newMore} items={rows}>
        <Icon name="down" />
      </Menu>
      <input
        ref={chosen}
        type="file"
        {...WHOLE_FOLDER}
        hidden
        onChange={event => {
          const content = readChosen(event.currentTarget.files ?? []);
          if (content !== null) uploadFolder(content, folder);
          event.currentTarget.value = "";
        }}
      />
      {naming === "file" && <NewFile folder={folder} onClose={() => name(null)} />}
      {naming === "folder" && <NewFolder folder={folder} onClose={() => name(null)} />}
    </span>
  );
}

function UploadButton({ folder }: { folder: string }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="btn" onClick={() => field.current?.click()}>
        <Icon name="upload" />
        <span class="wide-only">{fileWords.upload}</span>
        <span class="vh narrow-only">{fileWords.upload}</span>
      </button>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        onChange={event => {
          upload(event.currentTarget.files ?? [], folder);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

/** Asks before a session is closed, and again when its document cannot be saved. */
function Closing({ session, done }: { session: Session; done(): void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const title = session.path ?? (session.title || t.untitled);
  const close = (discard: boolean): void => {
    connection
      .call("session.close", { session: session.id, discard })
      .then(done)
      .catch((error: unknown) => {
        if (discard || !(error instanceof RpcFailure)) {
          complain(error);
          done();
        } else setProblem(error.message);
      });
  };
  if (problem === null)
    return (
      <Ask
        title={homeWords.closeSessionAsk(title)}
        body={session.path === null ? homeWords.closeSessionBody : homeWords.closeNotebookBody}
        act={t.closeSession}
        danger
        onClose={() => {}}
        onNo={done}
        onAct={() => close(false)}
      />
    );
  return (
    <Ask
      key="unsaved"
      title={homeWords.closeUnsavedAsk(title)}
      body={homeWords.closeUnsavedBody}
      act={homeWords.closeUnsaved}
      danger
      onClose={() => {}}
      onNo={done}
      onAct={() => close(true)}
    />
  );
}

const ClosedDialog = lazily(async () => (await import("./ClosedDialog.tsx")).ClosedDialog);

/** Leads to what is kept of closed sessions. */
function ClosedButton() {
  const [shown, show] = useState(false);
  return (
    <>
      <button type="button" class="btn ghost icon" aria-label={k.open} title={k.open} onClick={() => show(true)}>
        <Icon name="history" />
      </button>
      {shown && <ClosedDialog onClose={() => show(false)} />}
    </>
  );
}

const SharedPlaces = lazily(async () => (await import("../people/SharedPlaces.tsx")).SharedPlaces);

const FOLDED = "webipy.running-folded";

/** One row of what runs, which folds; a browser remembers that. */
function Still({ sessions, refresh }: { sessions: readonly Session[]; refresh(): void }) {
  const [closing, setClosing] = useState<Session | null>(null);
  const [folded, fold] = useState(() => recall(FOLDED) === "yes");
  const usage = useUsage(null, !folded && sessions.some(session => session.kernel !== null));
  return (
    <section class="still" aria-labelledby="running-heading">
      <div class="files-head">
        <h2 id="running-heading">
          <button
            type="button"
            class="still-fold"
            aria-expanded={!folded}
            aria-controls="running"
            onClick={() => {
              fold(!folded);
              remember(FOLDED, folded ? "no" : "yes");
            }}
          >
            <Icon name={folded ? "right" : "down"} />
            {homeWords.stillRunning}
            {sessions.length > 0 && <span class="count">{sessions.length}</span>}
          </button>
        </h2>
        <span class="grow" />
        <ClosedButton />
      </div>
      <div id="running" hidden={folded}>
        {!folded && <Terminals folder={null} inNewTab={false} />}
        {sessions.length === 0 && <p class="quiet">{homeWords.noSessions}</p>}
        <ul class="tiles">
          {!folded &&
            sessions.map(session => (
              <Tile key={session.id} session={session} usage={usage.get(session.id)} onClose={() => setClosing(session)} />
            ))}
        </ul>
      </div>
      {closing !== null && (
        <Closing
          key={closing.id}
          session={closing}
          done={() => {
            setClosing(null);
            refresh();
          }}
        />
      )}
    </section>
  );
}

function Broken({ specs }: { specs: KernelspecList }) {
  const broken = Object.entries(specs.broken);
  return (
    <>
      {specs.kernelspecs.length === 0 && <p class="quiet">{t.noSpecs}</p>}
      {broken.length > 0 && (
        <details class="quiet">
          <summary>{homeWords.brokenSpecs(broken.length)}</summary>
          <ul>
            {broken.map(([name, reason]) => (
              <li key={name}>
                <code>{name}</code>: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function useSpecs(): KernelspecList | null {
  const [specs, setSpecs] = useState<KernelspecList | null>(null);
  const live = phase.value === "live";
  useEffect(() => {
    if (live) connection.call("kernelspec.list", {}).then(setSpecs).catch(complain);
  }, [live]);
  return specs;
}

const ACCOUNT: readonly MenuRow[] = [
  {
    title: menuWords.loginsItem,
    run: () => {
      dialog.value = "logins";
    },
  },
  {
    title: menuWords.tokensItem,
    run: () => {
      dialog.value = "tokens";
    },
  },
  {
    title: menuWords.help,
    run: () => {
      dialog.value = "help";
    },
  },
  { title: homeWords.signOutHere, run: () => void leave() },
];

const show = (which: "account" | "users" | "audit") => (): void => {
  dialog.value = which;
};

/** The rows of the account; where a hub has started the server with the way to its page. */
function account(hub: string | null): readonly MenuRow[] {
  const audit: MenuRow = mayManage() && { title: menuWords.auditItem, run: show("audit") };
  if (hub !== null) return [audit, ...ACCOUNT, { title: homeWords.hubHome, run: () => location.assign(hub) }];
  return [
    server.value?.account != null && { title: menuWords.accountItem, run: show("account") },
    mayManage() && { title: menuWords.usersItem, run: show("users") },
    audit,
    ...ACCOUNT,
  ];
}

/** Who is signed in, and what belongs to them. */
function Account() {
  const name = server.value?.principal ?? "";
  const words = homeWords.signedInAs(name);
  const label = name === "" ? words : `${initialsOf(name)}: ${words}`; // what can be seen is part of the name, for those who use speech input
  const person = server.value?.account == null ? "owner" : `account ${server.value.account}`;
  return (
    <Menu className="btn ghost icon" label={label} title={words} items={account(server.value?.hub ?? null)}>
      {name === "" ? <Icon name="leave" /> : <Face person={person} name={name} />}
    </Menu>
  );
}

export function Home({ folder: path }: { folder: string }) {
  const [sessions, refresh] = useSessions();
  const specs = useSpecs();
  const dropping = useDropped(
    () => true,
    dropped => uploadDropped(dropped, path),
    path,
  );
  const folder = useMemo(() => new Folder(connection, path), [path]);
  useEffect(() => {
    folder.open();
    return () => folder.close();
  }, [folder]);
  useEffect(() => {
    document.title = path === "" ? t.product : t.pageTitle(path, false);
  }, [path]);
  return (
    <>
      <header class="top">
        <HomeLink folder="" className="brand" label={t.product}>
          <Mark />
          <span class="wide-only">{t.product}</span>
        </HomeLink>
        <span class="grow" />
        <button
          type="button"
          class="btn ghost"
          title={paletteWords.atHome.title}
          onClick={() => {
            dialog.value = "palette";
          }}
        >
          <Icon name="search" />
          <span class="wide-only">{findWords.find}</span>
          <span class="vh narrow-only">{paletteWords.atHome.title}</span>
          <span class="kbd wide-only" aria-hidden="true">
            Ctrl K
          </span>
        </button>
        <UploadButton folder={path} />
        <New folder={path} specs={specs} />
        <HelpButton />
        <ThemeButton />
        <Account />
      </header>
      <main class="home">
        <h1 class="vh">{t.home}</h1>
        <ConnectionBanner unsent={0} />
        {sessions !== null && <Still sessions={sessions} refresh={refresh} />}
        {isConfined() && <SharedPlaces />}
        <Files key={path} folder={folder} sessions={sessions} />
        {specs !== null && <Broken specs={specs} />}
      </main>
      <HomeDialogs folder={path} sessions={sessions ?? []} newNotebook={() => void newNotebook(path, specs?.default ?? null)} />
      <Uploads />
      {dropping === true && <div class="drop-here">{fileWords.dropHere}</div>}
    </>
  );
}
