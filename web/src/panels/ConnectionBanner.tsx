/** What is wrong with the connection: the login has ended, there are too many pages, or nothing answers. */
import { useEffect, useState } from "preact/hooks";
import { connection, phase } from "../session/connection.ts";
import { signingIn } from "../session/sign_in.ts";
import { t } from "../text/en.ts";
import { Banner } from "../ui/Banner.tsx";

const PATIENCE_MS = 1500;
const LONG_MS = 120_000;

/** Milliseconds since the line was lost, 0 while it is live; counts on its own. */
function useOutage(): number {
  const [, tick] = useState(0);
  const live = phase.value === "live";
  useEffect(() => {
    if (live) return;
    const timer = setInterval(() => tick(n => n + 1), 500);
    return () => clearInterval(timer);
  }, [live]);
  return connection.downSince === null ? 0 : connection.world.now() - connection.downSince;
}

export function ConnectionBanner(props: { unsent: number; copyEdits?: () => void }) {
  const outage = useOutage();
  const state = phase.value;
  const retry = (
    <button type="button" class="btn" onClick={() => connection.retryNow()}>
      {t.tryNow}
    </button>
  );
  if (state === "ended")
    return (
      <Banner
        kind="info"
        icon="key"
        bold={t.sessionEnded}
        end={
          <button
            type="button"
            class="btn main"
            onClick={() => {
              signingIn.value = { message: "" };
            }}
          >
            {t.signIn}
          </button>
        }
      >
        {t.sessionEndedBody}
      </Banner>
    );
  if (state !== "live" && connection.crowded)
    return (
      <Banner kind="warn" icon="warn" bold={t.crowded} end={retry}>
        {t.crowdedBody}
      </Banner>
    );
  if (state === "live" || outage < PATIENCE_MS) return null;
  if (outage < LONG_MS)
    return (
      <Banner kind="warn" icon="spin" bold={t.reconnecting} end={retry}>
        {t.reconnectingBody}
      </Banner>
    );
  return (
    <Banner
      kind="bad"
      icon="warn"
      bold={t.longOutage(outage / 1000)}
      end={
        <>
          {props.unsent > 0 && props.copyEdits !== undefined && (
            <button type="button" class="btn" onClick={props.copyEdits}>
              {t.copyEdits}
            </button>
          )}
          {retry}
        </>
      }
    >
      {t.longOutageEdits(props.unsent)}
    </Banner>
  );
}
