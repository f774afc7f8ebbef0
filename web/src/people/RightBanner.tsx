/** What a guest or an account may do here, and how it could be more. Whoever may only view sees it all the time; the others can put it away. */

import { useState } from "preact/hooks";
import type { Wish } from "../model/people.ts";
import { server } from "../session/connection.ts";
import { DocumentActions } from "../session/document_actions.ts";
import type { Open } from "../session/open_session.ts";
import { guestOf, right } from "../session/permissions.ts";
import { asked, askedFor } from "../session/presence.ts";
import { t } from "../text/en.ts";
import { s } from "../text/sharing.ts";
import { Banner } from "../ui/Banner.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain } from "../ui/notices.ts";

/** The buttons of a raised hand: to ask, or to take it back. */
function AskButtons({ open, wishes }: { open: Open; wishes: readonly Wish[] }) {
  const state = asked.value;
  const [busy, work] = useState(false);
  const { connection, id: session } = open.store;
  const call = (what: Promise<unknown>): void => {
    work(true);
    what.catch(complain).finally(() => work(false));
  };
  if (state === "waiting")
    return (
      <button type="button" class="btn" disabled={busy} onClick={() => call(connection.call("presence.withdraw", { session }))}>
        {s.takeBack}
      </button>
    );
  return wishes
    .filter(wish => state !== "declined" || wish === askedFor.value)
    .map((wish, index) => (
      <button
        key={wish}
        type="button"
        class={index === 0 ? "btn main" : "btn"}
        disabled={busy}
        onClick={() => call(connection.call("presence.ask", { session, verb: wish }))}
      >
        {state === "declined" ? s.askAgain : s.ask[wish]}
      </button>
    ));
}

/** What stands in the banner once something was asked for. */
function answerOf(owner: string): readonly [string, string] | null {
  const wish = askedFor.value;
  if (asked.value === "waiting") return [s.asked[wish], s.askedBody(owner)];
  return asked.value === "declined" ? [s.declined, s.declinedBody[wish](owner)] : null;
}

/** Whoever may only view can ask for more, and sees what came of it. */
function Viewing({ open, owner }: { open: Open; owner: string }) {
  const [bold, body] = answerOf(owner) ?? [s.viewing, s.viewingBody(owner)];
  return (
    <Banner
      kind="info"
      icon="info"
      bold={bold}
      end={
        <>
          <AskButtons open={open} wishes={["write", "execute"]} />
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

/** Whoever may edit can ask to run. */
function Editing({ open, owner, close }: { open: Open; owner: string; close(): void }) {
  const [bold, body] = answerOf(owner) ?? [s.editing, s.editingBody(owner)];
  return (
    <Banner
      kind="info"
      icon="info"
      bold={bold}
      end={
        <>
          <AskButtons open={open} wishes={["execute"]} />
          <Close close={close} />
        </>
      }
    >
      {body}
    </Banner>
  );
}

function Close({ close }: { close(): void }) {
  return (
    <button type="button" class="btn ghost icon" aria-label={t.close} onClick={close}>
      <Icon name="cross" />
    </button>
  );
}

export function RightBanner({ open }: { open: Open }) {
  const [away, put] = useState<string | null>(null);
  const verb = right.value;
  const isGuest = guestOf.value !== null;
  const owner = isGuest ? (server.value?.owner ?? null) : s.whoManages;
  if (owner === null || verb === null || verb === "own" || (verb === away && asked.value === null)) return null;
  const close = (): void => put(verb);
  if (verb === "read") return <Viewing open={open} owner={owner} />;
  if (verb === "write") return <Editing open={open} owner={owner} close={close} />;
  return isGuest ? (
    <Banner kind="info" icon="info" bold={s.running} end={<Close close={close} />}>
      {s.runningBody(owner)}
    </Banner>
  ) : null;
}
