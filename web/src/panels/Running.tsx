/** What still runs: a tile for each session. The list is asked for every few seconds while the page can be seen. */

import { useEffect, useState } from "preact/hooks";
import type { KernelUsage, Session } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { goTo, sessionAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { runningWords } from "../text/running.ts";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";
import { fetchLastOutput } from "./last_output.ts";
import { MemoryAfter } from "./MemoryAfter.tsx";
import { useWhileSeen } from "./usage.ts";

const REFRESH_MS = 3000;

/** The kernel of a session in words and as a dot. */
export function stateWords(session: Session): { dot: string; words: string } {
  const kernel = session.kernel;
  if (kernel === null) return { dot: "off", words: runningWords.noKernel };
  const words = kernel.state === "busy" && kernel.queued > 0 ? t.kernel.busyQueued(kernel.queued) : t.kernel[kernel.state];
  const dot = { starting: "off", idle: "", busy: "busy", restarting: "busy", dead: "dead" }[kernel.state];
  return { dot, words: `${kernel.display_name} · ${words}` };
}

export function useSessions(): [readonly Session[] | null, () => void] {
  const [sessions, setSessions] = useState<readonly Session[] | null>(null);
  const ask = useWhileSeen(REFRESH_MS, () => {
    connection
      .call("session.list", {})
      .then(list => setSessions(list.sessions))
      .catch(complain);
  });
  return [sessions, ask];
}

/** The last lines of a session, asked for anew when something happened in it. What goes wrong is left to the list, which is asked for all the time. */
function LastOutput({ session }: { session: Session }) {
  const [words, set] = useState<Awaited<ReturnType<typeof fetchLastOutput>> | null>(null);
  useEffect(() => {
    let current = true;
    fetchLastOutput(connection, session).then(
      found => current && set(found),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [session.id, session.seq]);
  if (words === null || words.lines.length === 0) return null;
  return (
    <span class="mini">
      {words.code && runningWords.lastRan}
      {words.lines.join("\n")}
    </span>
  );
}

export function Tile(props: { session: Session; usage: KernelUsage | undefined; onClose(): void }) {
  const { session } = props;
  const { dot, words } = stateWords(session);
  const seconds = (Date.now() + clockOffset.value - Date.parse(session.last_activity)) / 1000;
  const title = session.path ?? (session.title || t.untitled);
  return (
    <li class="tile">
      <a
        href={sessionAddress(session.id)}
        onClick={event => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          goTo(sessionAddress(session.id));
        }}
      >
        <b>{title}</b>
      </a>
      <span class="st">
        <span class={`dot ${dot}`} />
        <span>
          {words} <MemoryAfter usage={props.usage} />
        </span>
      </span>
      <span class="st sub">{runningWords.lastActivity(seconds)}</span>
      <LastOutput session={session} />
      <button
        type="button"
        class="btn ghost icon tile-close"
        aria-label={runningWords.closeSessionNamed(title)}
        title={t.closeSession}
        onClick={() => props.onClose()}
      >
        <Icon name="cross" />
      </button>
    </li>
  );
}
