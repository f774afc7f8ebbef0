/** The browsers that are signed in as whoever runs the server: which, since when, and the end of each. */

import { useEffect, useState } from "preact/hooks";
import { signOut } from "../rpc/http.ts";
import type { Login } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import { wantsPush } from "../session/push_wanted.ts";
import { homeAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { ago, clock } from "../text/format.ts";
import { l } from "../text/logins.ts";
import { Ask, Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain, say, toast } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";

type Which = { readonly id: string } | { readonly others: true };

/** Signs this browser out, and others before it; its own line ends with it, so that comes last. */
async function leave(all: boolean): Promise<void> {
  try {
    if (all) await connection.call("login.revoke", { others: true });
    await signOut();
    wantsPush(false);
    location.assign(homeAddress(""));
  } catch (error) {
    complain(error);
  }
}

const when = (time: string): string => ago((Date.now() + clockOffset.value - Date.parse(time)) / 1000);

function Row({ one, end }: { one: Login; end(): void }) {
  const used = one.connections > 0 ? l.openNow(one.connections) : l.used(when(one.used));
  const name = l.from(one.where, one.address);
  return (
    <li>
      <Icon name="key" />
      <span class="what">
        <b>{one.here ? l.thisOne(one.where) : one.where}</b>
        <span class="sub" title={l.sinceFull(clock(Date.parse(one.since)))}>
          {[one.address, l.since(when(one.since)), used].filter(word => word !== "").join(" · ")}
        </span>
      </span>
      <button type="button" class="btn" aria-label={l.signOutOf(name)} onClick={end}>
        {t.signOut}
      </button>
    </li>
  );
}

export function LoginsDialog({ onClose }: { onClose(): void }) {
  const [logins, set] = useState<readonly Login[] | null>(null);
  const [asking, ask] = useState(false);
  const refresh = (): void => {
    connection
      .call("login.list", {})
      .then(list => set(list.logins))
      .catch(complain);
  };
  useEffect(refresh, []);
  const end = async (which: Which): Promise<void> => {
    try {
      const { ended } = await connection.call("login.revoke", which);
      toast(l.ended(ended.length));
      say(l.ended(ended.length));
      refresh();
    } catch (error) {
      complain(error);
    }
  };
  const others = logins?.filter(one => !one.here).length ?? 0;
  return (
    <Dialog
      title={l.title}
      onClose={onClose}
      foot={
        <>
          <span class="grow" />
          <button type="button" class="btn" disabled={others === 0} onClick={() => void end({ others: true })}>
            {l.others}
          </button>
          <button type="button" class="btn bad" onClick={() => ask(true)}>
            {l.all}
          </button>
        </>
      }
    >
      <p class="quiet">{l.body}</p>
      {logins === null && <p class="quiet">{t.opening}</p>}
      <ul class="trash" aria-label={l.title}>
        {logins?.map(one => (
          <Row key={one.id} one={one} end={() => void (one.here ? leave(false) : end({ id: one.id }))} />
        ))}
      </ul>
      <p class="form-hint">{l.more}</p>
      {asking && <Ask title={l.allAsk} body={l.allBody} act={l.allAct} danger onClose={() => ask(false)} onAct={() => void leave(true)} />}
    </Dialog>
  );
}
