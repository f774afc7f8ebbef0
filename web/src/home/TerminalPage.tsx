/** The page of one terminal. Keys go to its program; Ctrl-Shift-L leaves it, Ctrl-Shift-C copies. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ConnectionBanner } from "../panels/ConnectionBanner.tsx";
import { HomeLink } from "../panels/HomeLink.tsx";
import { newTerminal } from "../panels/new_terminal.ts";
import type { Terminal } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { goTo, homeAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { m } from "../text/terminals.ts";
import { Banner } from "../ui/Banner.tsx";
import { Card } from "../ui/Card.tsx";
import { Ask } from "../ui/Dialog.tsx";
import { Icon, Mark } from "../ui/icons.tsx";
import { Menu } from "../ui/Menu.tsx";
import { complain } from "../ui/notices.ts";
import { codeSize, isDark, recall, remember } from "../ui/settings.ts";
import { needSheet } from "../ui/sheets.ts";
import { ThemeButton } from "../ui/ThemeButton.tsx";
import { TerminalLink } from "./terminal_link.ts";
import { type TerminalScreen, terminalScreen } from "./terminal_screen.ts";

const READER = "webipy.terminal-screen-reader";

/** What the page says above the terminal; a word that is said again takes the place of the one before. */
interface Notes {
  readonly lost: string;
  readonly skipped: string;
  readonly stalled: boolean;
}

const NO_NOTES: Notes = { lost: "", skipped: "", stalled: false };

interface Shown {
  readonly screen: TerminalScreen;
  readonly link: TerminalLink;
}

/** Copies what is selected; the browser may refuse it, and says so. */
function copy({ terminal }: TerminalScreen): void {
  const text = terminal.getSelection();
  if (text !== "") navigator.clipboard.writeText(text).catch(complain);
}

/** The keys that are the page's: all others go to the program. */
function keysOf(screen: TerminalScreen, leave: () => void): (event: KeyboardEvent) => boolean {
  return event => {
    const key = event.key.toLowerCase();
    if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return true;
    if (key === "v") return false; // the browser pastes
    if (key !== "l" && key !== "c") return true;
    event.preventDefault();
    if (event.type === "keydown") key === "l" ? leave() : copy(screen);
    return false;
  };
}

function start(
  box: HTMLElement,
  id: string,
  set: { terminal(found: Terminal): void; notes(change: Partial<Notes>): void; gone(): void },
): Shown {
  const screen = terminalScreen(box);
  const { terminal } = screen;
  const link = new TerminalLink(
    connection,
    id,
    { write: (text, done) => terminal.write(text, done), reset: () => terminal.reset() },
    {
      changed: found => {
        if (found.rows !== terminal.rows || found.cols !== terminal.cols) terminal.resize(found.cols, found.rows);
        set.terminal(found);
      },
      lost: count => set.notes({ lost: m.lost(count) }),
      unsent: () => set.notes({ lost: m.unsent }),
      skipped: bytes => set.notes({ skipped: m.skipped(bytes) }),
      stalled: () => set.notes({ stalled: true }),
      gone: set.gone,
      failed: complain,
    },
  );
  terminal.onData(text => link.type(text));
  return { screen, link };
}

/** Gives the terminal the size of its box: when the box changes, and when the terminal gets the focus. */
function useSize(shown: Shown | null, box: { readonly current: HTMLElement | null }): void {
  useEffect(() => {
    if (shown === null || box.current === null) return;
    const { screen, link } = shown;
    const take = (): void => {
      const room = screen.room();
      if (room !== undefined && Number.isFinite(room.cols) && (room.rows !== screen.terminal.rows || room.cols !== screen.terminal.cols))
        link.resize(room.rows, room.cols);
    };
    const observer = new ResizeObserver(() => {
      if (!document.hidden) take();
    });
    observer.observe(box.current);
    screen.terminal.textarea?.addEventListener("focus", take);
    const off = connection.onPhase(phase => {
      if (phase === "live") take();
    });
    return () => {
      observer.disconnect();
      off();
    };
  }, [shown]);
}

function Top({ id, terminal, shown }: { id: string; terminal: Terminal | null; shown: Shown | null }) {
  const [reader, setReader] = useState(() => recall(READER) === "yes");
  const [closing, ask] = useState(false);
  useEffect(() => {
    if (shown !== null) shown.screen.terminal.options.screenReaderMode = reader;
  }, [shown, reader]);
  const close = (): void => {
    connection.call("terminal.close", { terminal: id }).then(() => goTo(homeAddress(terminal?.folder ?? "")), complain);
  };
  return (
    <header class="top">
      <HomeLink folder={terminal?.folder ?? ""} className="brand" label={t.home}>
        <Mark />
      </HomeLink>
      <span class="title" title={terminal?.cwd}>
        <b>{terminal?.title ?? m.heading}</b>
      </span>
      <span class="grow" />
      <span class="leave-keys wide-only" id="leave-keys">
        {m.leaveKeys}
      </span>
      <Menu
        className="btn ghost icon"
        label={m.menu}
        title={m.menu}
        items={[
          { title: m.create, run: () => void newTerminal(terminal?.folder ?? "") },
          { title: m.copy, keys: "Ctrl Shift C", run: () => shown !== null && copy(shown.screen) },
          {
            title: m.paste,
            keys: "Ctrl Shift V",
            run: () => void navigator.clipboard.readText().then(text => shown?.screen.terminal.paste(text), complain),
          },
          {
            title: m.screenReader(reader),
            run: () => {
              remember(READER, reader ? "no" : "yes");
              setReader(!reader);
            },
          },
          { heading: "" },
          { title: m.close, run: () => (terminal?.ended === null ? ask(true) : close()) },
        ]}
      >
        <Icon name="dots" />
      </Menu>
      <ThemeButton />
      {closing && (
        <Ask
          title={m.closeAsk(terminal?.title ?? "")}
          body={m.closeBody}
          act={m.close}
          danger
          onClose={() => {}}
          onNo={() => ask(false)}
          onAct={close}
        />
      )}
    </header>
  );
}

function Notice({ terminal, notes, goOn }: { terminal: Terminal | null; notes: Notes; goOn(): void }) {
  if (terminal !== null && terminal.ended !== null)
    return (
      <Banner
        kind="warn"
        icon="info"
        bold={terminal.ended}
        end={
          <button type="button" class="btn" onClick={() => void newTerminal(terminal.folder ?? "")}>
            {m.create}
          </button>
        }
      />
    );
  if (notes.stalled)
    return (
      <Banner
        kind="warn"
        icon="info"
        bold={m.stalled}
        end={
          <button type="button" class="btn" onClick={goOn}>
            {m.goOn}
          </button>
        }
      />
    );
  if (notes.lost !== "") return <Banner kind="warn" icon="warn" bold={notes.lost} />;
  return notes.skipped === "" ? null : <Banner kind="info" icon="info" bold={notes.skipped} />;
}

export function TerminalPage({ id }: { id: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [styled, setStyled] = useState(false);
  const [shown, show] = useState<Shown | null>(null);
  const [terminal, setTerminal] = useState<Terminal | null>(null);
  const [notes, setNotes] = useState(NO_NOTES);
  const [gone, setGone] = useState(false);
  useEffect(() => void needSheet(TERMINAL_CSS).then(() => setStyled(true)), []);
  useEffect(() => {
    if (!styled || box.current === null) return;
    const made = start(box.current, id, {
      terminal: setTerminal,
      notes: change => setNotes(before => ({ ...before, ...change })),
      gone: () => setGone(true),
    });
    made.screen.terminal.attachCustomKeyEventHandler(
      keysOf(made.screen, () => document.querySelector<HTMLElement>(".terminal-page .top .brand")?.focus()),
    );
    show(made);
    made.link.open();
    made.screen.terminal.focus();
    return () => {
      made.link.close();
      made.screen.terminal.dispose();
    };
  }, [styled]);
  useSize(shown, box);
  useEffect(() => shown?.screen.repaint(), [shown, isDark(), codeSize.value]);
  useEffect(() => {
    document.title = t.pageTitle(terminal?.title ?? m.heading, false);
  }, [terminal?.title]);
  useEffect(() => {
    const typed = (): void => setNotes(NO_NOTES);
    const off = shown?.screen.terminal.onKey(() => connection.phase === "live" && typed());
    return () => off?.dispose();
  }, [shown]);
  if (gone)
    return (
      <Card title={m.gone}>
        <p class="card-text">{m.goneBody}</p>
        <HomeLink folder="" className="btn main">
          {t.toHome}
        </HomeLink>
      </Card>
    );
  if (!styled) return null;
  return (
    <div class="terminal-page">
      <Top id={id} terminal={terminal} shown={shown} />
      <ConnectionBanner unsent={0} />
      <Notice
        terminal={terminal}
        notes={notes}
        goOn={() => {
          setNotes(NO_NOTES);
          shown?.link.subscribe();
        }}
      />
      <main aria-label={m.region(terminal?.title ?? id)}>
        <div class="terminal-box" ref={box} />
      </main>
    </div>
  );
}
