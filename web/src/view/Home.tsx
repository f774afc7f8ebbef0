/** The home page: what runs, and a new session. The list is asked for every few seconds while the page can be seen. */
import { useEffect, useState } from "preact/hooks";
import { signOut } from "../api/http.ts";
import type { KernelspecList, Session } from "../api/schema.ts";
import { clockOffset, complain } from "../store/ui.ts";
import { t } from "../text/en.ts";
import { connection, goTo, phase } from "./app.ts";
import { ConnectionBanner } from "./Banners.tsx";
import { Ask } from "./Dialog.tsx";
import { Icon, Mark } from "./icons.tsx";
import { ThemeButton } from "./ThemeButton.tsx";

const REFRESH_MS = 3000;

function stateWords(session: Session): { dot: string; words: string } {
  const kernel = session.kernel;
  if (kernel === null) return { dot: "off", words: t.noKernel };
  const words = kernel.state === "busy" && kernel.queued > 0 ? t.kernel.busyQueued(kernel.queued) : t.kernel[kernel.state];
  const dot = { starting: "off", idle: "", busy: "busy", restarting: "busy", dead: "dead" }[kernel.state];
  return { dot, words: `${kernel.display_name} · ${words}` };
}

function Tile(props: { session: Session; onClose(): void }) {
  const { session } = props;
  const { dot, words } = stateWords(session);
  const seconds = (Date.now() + clockOffset.value - Date.parse(session.last_activity)) / 1000;
  const title = session.title || t.untitled;
  return (
    <li class="tile">
      <a
        href={`/s/${encodeURIComponent(session.id)}`}
        onClick={event => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          goTo(`/s/${encodeURIComponent(session.id)}`);
        }}
      >
        <b>{title}</b>
      </a>
      <span class="st">
        <span class={`dot ${dot}`} />
        {words}
      </span>
      <span class="st sub">{t.lastActivity(seconds)}</span>
      <button
        type="button"
        class="btn ghost icon tile-close"
        aria-label={t.closeSessionNamed(title)}
        title={t.closeSession}
        onClick={() => props.onClose()}
      >
        <Icon name="cross" />
      </button>
    </li>
  );
}

function NewSession({ specs }: { specs: KernelspecList }) {
  const [starting, setStarting] = useState(false);
  const create = async (kernelspec: string): Promise<void> => {
    setStarting(true);
    try {
      const session = await connection.durable("session.create", { kernelspec, id: crypto.randomUUID() });
      goTo(`/s/${encodeURIComponent(session.id)}`);
    } catch (error) {
      setStarting(false);
      complain(error);
    }
  };
  const broken = Object.entries(specs.broken);
  const sorted = [...specs.kernelspecs].sort((a, b) => Number(b.name === specs.default) - Number(a.name === specs.default));
  return (
    <section aria-labelledby="new-heading">
      <h2 id="new-heading">{t.startWith}</h2>
      {sorted.length === 0 && <p class="quiet">{t.noSpecs}</p>}
      <div class="row">
        {sorted.map(spec => (
          <button
            type="button"
            key={spec.name}
            class={spec.name === specs.default ? "btn main" : "btn"}
            disabled={starting}
            aria-label={t.newIn(spec.display_name)}
            onClick={() => void create(spec.name)}
          >
            <Icon name="plus" />
            {spec.display_name}
          </button>
        ))}
      </div>
      {broken.length > 0 && (
        <details class="quiet">
          <summary>{t.brokenSpecs(broken.length)}</summary>
          <ul>
            {broken.map(([name, reason]) => (
              <li key={name}>
                <code>{name}</code>: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function useSessions(): [Session[] | null, () => void] {
  const [sessions, setSessions] = useState<Session[] | null>(null);
  const live = phase.value === "live";
  const ask = (): void => {
    if (connection.phase !== "live" || document.hidden) return;
    connection
      .call("session.list", {})
      .then(list => setSessions(list.sessions))
      .catch(complain);
  };
  useEffect(() => {
    if (!live) return;
    ask();
    const timer = setInterval(ask, REFRESH_MS);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [live]);
  return [sessions, ask];
}

export function Home() {
  const [sessions, refresh] = useSessions();
  const [specs, setSpecs] = useState<KernelspecList | null>(null);
  const [closing, setClosing] = useState<Session | null>(null);
  const live = phase.value === "live";
  useEffect(() => {
    document.title = t.product;
    if (live) connection.call("kernelspec.list", {}).then(setSpecs).catch(complain);
  }, [live]);
  const leave = async (): Promise<void> => {
    try {
      await signOut();
      location.assign("/");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <>
      <header class="top">
        <a class="brand" href="/" title={t.home}>
          <Mark />
          {t.product}
        </a>
        <span class="grow" />
        <ThemeButton />
        <button type="button" class="btn ghost" onClick={() => void leave()}>
          <Icon name="leave" />
          {t.signOut}
        </button>
      </header>
      <main class="home">
        <h1 class="vh">{t.sessions}</h1>
        <ConnectionBanner unsent={0} />
        {specs !== null && <NewSession specs={specs} />}
        {sessions !== null && (
          <section aria-labelledby="running-heading">
            <h2 id="running-heading">{t.stillRunning}</h2>
            {sessions.length === 0 && <p class="quiet">{t.noSessions}</p>}
            <ul class="tiles">
              {sessions.map(session => (
                <Tile key={session.id} session={session} onClose={() => setClosing(session)} />
              ))}
            </ul>
          </section>
        )}
        {sessions === null && <p class="quiet">{t.opening}</p>}
      </main>
      {closing !== null && (
        <Ask
          title={t.closeSessionAsk(closing.title || t.untitled)}
          body={t.closeSessionBody}
          act={t.closeSession}
          danger
          onClose={() => setClosing(null)}
          onAct={() => void connection.call("session.close", { session: closing.id }).then(refresh).catch(complain)}
        />
      )}
    </>
  );
}
