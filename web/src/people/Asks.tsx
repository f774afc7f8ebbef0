/** Who asks to edit, on the pages of whoever runs the server: their request is granted or declined. It is theirs alone. */
import { useState } from "preact/hooks";
import type { Someone } from "../model/people.ts";
import type { Open } from "../session/open_session.ts";
import { people } from "../session/presence.ts";
import { s } from "../text/sharing.ts";
import { Banner } from "../ui/Banner.tsx";
import { complain } from "../ui/notices.ts";

const MOST = 3;

function Asking({ open, one }: { open: Open; one: Someone }) {
  const { connection, id: session } = open.store;
  const [busy, work] = useState(false);
  const answer = (call: Promise<unknown>): void => {
    work(true);
    call.catch(complain).finally(() => work(false));
  };
  const end = (
    <>
      <button
        type="button"
        class="btn main"
        aria-label={s.allowOf(one.name)}
        disabled={busy}
        onClick={() => answer(connection.call("presence.allow", { session, person: one.person, verb: "write" }))}
      >
        {s.allow}
      </button>
      <button
        type="button"
        class="btn"
        aria-label={s.notNowOf(one.name)}
        disabled={busy}
        onClick={() => answer(connection.call("presence.decline", { session, person: one.person }))}
      >
        {s.notNow}
      </button>
    </>
  );
  return (
    <Banner kind="info" icon="people" bold={s.asks(one.name)} end={end}>
      {s.asksAlone}
    </Banner>
  );
}

export function Asks({ open }: { open: Open }) {
  return people.value
    .filter(one => one.asks)
    .slice(0, MOST)
    .map(one => <Asking key={one.person} open={open} one={one} />);
}
