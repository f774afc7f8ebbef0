/** Who asks to edit, on the pages of whoever runs the server: their request is granted or declined. A right belongs to the link, so others may get it, too. */
import { useEffect, useState } from "preact/hooks";
import type { Someone } from "../model/people.ts";
import type { Share } from "../rpc/schema.ts";
import type { Open } from "../session/open_session.ts";
import { people } from "../session/presence.ts";
import { s } from "../text/sharing.ts";
import { Banner } from "../ui/Banner.tsx";
import { complain } from "../ui/notices.ts";

const MOST = 3;

function Asking({ open, one }: { open: Open; one: Someone }) {
  const { connection, id: session } = open.store;
  const [share, set] = useState<Share | null>(null);
  const [busy, work] = useState(false);
  useEffect(() => {
    connection
      .call("share.list", { session })
      .then(({ shares }) => set(shares.find(link => link.guests.some(guest => guest.login === one.person)) ?? null))
      .catch(complain);
  }, [one.person]);
  const others = share?.guests.filter(guest => guest.login !== one.person).map(guest => guest.name) ?? [];
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
        disabled={busy || share === null}
        onClick={() => share !== null && answer(connection.call("share.set", { session, share: share.id, verb: "write" }))}
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
      {others.length === 0 ? s.asksAlone : s.asksOthers(others)}
    </Banner>
  );
}

export function Asks({ open }: { open: Open }) {
  return people.value
    .filter(one => one.asks)
    .slice(0, MOST)
    .map(one => <Asking key={one.person} open={open} one={one} />);
}
