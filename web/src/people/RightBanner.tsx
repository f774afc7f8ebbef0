/** What a guest may do, and how it could be more. Whoever may only view sees it all the time; the others can put it away. */

import { useState } from "preact/hooks";
import { server } from "../session/connection.ts";
import { DocumentActions } from "../session/document_actions.ts";
import type { Open } from "../session/open_session.ts";
import { guestOf, right } from "../session/permissions.ts";
import { asked } from "../session/presence.ts";
import { t } from "../text/en.ts";
import { s } from "../text/sharing.ts";
import { Banner } from "../ui/Banner.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";

/** Whoever may only view can ask for more, and sees what came of it. */
function Viewing({ open, owner }: { open: Open; owner: string }) {
  const state = asked.value;
  const [busy, work] = useState(false);
  const { connection, id: session } = open.store;
  const ask = (): void => {
    work(true);
    connection
      .call("presence.ask", { session })
      .catch(complain)
      .finally(() => work(false));
  };
  const [bold, body] = {
    none: [s.viewing, s.viewingBody(owner)],
    waiting: [s.asked, s.askedBody(owner)],
    declined: [s.declined, s.declinedBody(owner)],
  }[state ?? "none"];
  return (
    <Banner
      kind="info"
      icon="info"
      bold={bold ?? ""}
      end={
        <>
          {state !== "waiting" && (
            <button type="button" class="btn main" disabled={busy} onClick={ask}>
              {state === "declined" ? s.askAgain : s.ask}
            </button>
          )}
          <button type="button" class="btn" onClick={() => void new DocumentActions(open.actions.store).export("ipynb")}>
            <Icon name="download" />
            {s.downloadCopy}
          </button>
        </>
      }
    >
      {body}
    </Banner>
  );
}

export function RightBanner({ open }: { open: Open }) {
  const [away, put] = useState<string | null>(null);
  const verb = right.value;
  const owner = server.value?.owner ?? null;
  if (guestOf.value === null || owner === null || verb === null || verb === away) return null;
  if (verb === "read") return <Viewing open={open} owner={owner} />;
  return (
    <Banner
      kind="info"
      icon="info"
      bold={verb === "write" ? s.editing : s.running}
      end={
        <button type="button" class="btn ghost icon" aria-label={t.close} onClick={() => put(verb)}>
          <Icon name="cross" />
        </button>
      }
    >
      {verb === "write" ? s.editingBody(owner) : s.runningBody(owner)}
    </Banner>
  );
}
