/** Who else may come: links are made, copied, changed and removed; who came by each, and where they are. */

import { useEffect, useState } from "preact/hooks";
import type { Guest, Right, Share } from "../rpc/schema.ts";
import { server } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { people } from "../session/presence.ts";
import { sessionAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { s } from "../text/sharing.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { AskToRun } from "./AskToRun.tsx";
import { CopyField, isLocal } from "./CopyField.tsx";
import { Face } from "./Face.tsx";
import { NamedRights } from "./NamedRights.tsx";
import { whereabouts } from "./person_acts.ts";

const RIGHTS: readonly Right[] = ["read", "write", "execute"];
const DAYS = [1, 7, 30, 365] as const;

/** Names under which a machine reaches only itself. */

const close = (): void => {
  dialog.value = null;
};

function RightSelect(props: { label: string; value: Right; onChange(verb: Right): void }) {
  return (
    <select
      class="input"
      aria-label={props.label}
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value as Right)}
    >
      {RIGHTS.map(verb => (
        <option key={verb} value={verb}>
          {s.rights[verb]}
        </option>
      ))}
    </select>
  );
}

/** The link as others reach it: by the public URL; where the server knows none, as it is reached from here. */
function reached(url: string, session: string): string {
  return server.value?.public_url ? url : location.origin + sessionAddress(session) + new URL(url).hash;
}

function MakeLink({ open, onMade }: { open: Open; onMade(): void }) {
  const [verb, choose] = useState<Right>("read");
  const [days, last] = useState<number>(7);
  const [label, name] = useState("");
  const [busy, work] = useState(false);
  const [link, show] = useState<string | null>(null);
  const make = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    work(true);
    try {
      const made = await open.store.connection.call("share.link", { session: open.store.id, verb, label, days });
      show(reached(made.url, open.store.id));
      name("");
      onMade();
    } catch (error) {
      complain(error);
    }
    work(false);
  };
  const means = s.means(server.value?.principal ?? s.you)[verb];
  return (
    <>
      <form class="make-link" onSubmit={event => void make(event)}>
        <input
          class="input"
          aria-label={s.labelLabel}
          placeholder={s.labelHint}
          maxLength={60}
          autocomplete="off"
          value={label}
          onInput={event => name(event.currentTarget.value)}
        />
        <RightSelect label={s.rightLabel} value={verb} onChange={choose} />
        <select class="input" aria-label={s.daysLabel} value={days} onChange={event => last(Number(event.currentTarget.value))}>
          {DAYS.map(one => (
            <option key={one} value={one}>
              {s.days(one)}
            </option>
          ))}
        </select>
        <button type="submit" class="btn main" disabled={busy}>
          {s.create}
        </button>
      </form>
      <p class={verb === "execute" ? "means strong" : "means"} role="status">
        {verb === "execute" && <Icon name="warn" />}
        {means}
      </p>
      {link !== null && (
        <CopyField label={s.newLink} value={link} copy={s.copyLink} copied={s.linkCopied}>
          {s.linkNote} {isLocal(link) && s.linkIsLocal}
        </CopyField>
      )}
    </>
  );
}

function Visitor({ open, guest, onChanged }: { open: Open; guest: Guest; onChanged(): void }) {
  const { connection, id: session } = open.store;
  const call = (what: Promise<unknown>): void => {
    what.then(onChanged).catch(complain);
  };
  const where = people.value.find(one => one.person === guest.login);
  open.store.head.value;
  return (
    <li class="visitor">
      <Face person={guest.login} name={guest.name} />
      <span>
        {guest.name}
        <span class={where === undefined || where.isIdle ? "sub" : "sub now"}>{whereabouts(open, where)}</span>
      </span>
      <select
        class="input"
        aria-label={s.rightOf(guest.name)}
        value={guest.verb ?? ""}
        onChange={event =>
          call(
            connection.call("share.set_guest", { session, guest: guest.login, verb: (event.currentTarget.value || null) as Right | null }),
          )
        }
      >
        <option value="">{s.asLink}</option>
        {RIGHTS.map(verb => (
          <option key={verb} value={verb}>
            {s.rights[verb]}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="btn ghost icon"
        aria-label={s.signOut(guest.name)}
        title={s.signOut(guest.name)}
        onClick={() => call(connection.call("share.remove_guest", { session, guest: guest.login }))}
      >
        <Icon name="cross" />
      </button>
    </li>
  );
}

/** One link. A right to run is given only after a note about what it means. */
function LinkRow({ open, share, onChanged }: { open: Open; share: Share; onChanged(): void }) {
  const [asks, ask] = useState(false);
  const label = share.label || share.guests.map(guest => guest.name).join(", ") || s.link;
  const call = (what: Promise<unknown>): void => {
    what.then(onChanged).catch(complain);
  };
  const { connection, id: session } = open.store;
  const set = (verb: Right): void => {
    ask(false);
    call(connection.call("share.set", { session, share: share.id, verb }));
  };
  const remove = (): void => {
    call(connection.call("share.revoke", { session, share: share.id }).then(() => toast(s.removed)));
  };
  return (
    <li class="link-row">
      <div class="link-head">
        <span class="link-label">
          <b>{share.label || s.link}</b>
          <span class="sub">{s.until(Date.parse(share.expires))}</span>
        </span>
        <RightSelect
          key={`${share.verb}-${asks}`}
          label={s.rightOf(label)}
          value={asks ? "execute" : share.verb}
          onChange={verb => (verb === "execute" ? ask(true) : set(verb))}
        />
        <button type="button" class="btn ghost icon" aria-label={s.removeOf(label)} title={s.removeOf(label)} onClick={remove}>
          <Icon name="cross" />
        </button>
      </div>
      {asks && (
        <AskToRun act={s.letThemRun} onNo={() => ask(false)} onYes={() => set("execute")}>
          <span>{s.means(server.value?.principal ?? s.you).execute}</span>
        </AskToRun>
      )}
      {share.guests.length === 0 ? (
        <p class="sub nobody">{s.nobodyYet}</p>
      ) : (
        <ul class="visitors">
          {share.guests.map(guest => (
            <Visitor key={guest.login} open={open} guest={guest} onChanged={onChanged} />
          ))}
        </ul>
      )}
    </li>
  );
}

export function ShareDialog({ open }: { open: Open }) {
  const [shares, setShares] = useState<readonly Share[] | null>(null);
  const { store } = open;
  const refresh = (): void => {
    store.connection
      .call("share.list", { session: store.id })
      .then(list => setShares(list.shares))
      .catch(complain);
  };
  const here = people.value.map(one => one.person).join(" ");
  useEffect(refresh, [here]); // who comes by a link is in the list at once
  const me = server.value?.principal ?? s.you;
  const file = store.model.file?.path.split("/").at(-1);
  const foot = (
    <>
      <Icon name="lock" />
      <span class="grow sub">{(shares?.length ?? 0) > 0 ? s.foot : s.footNone}</span>
    </>
  );
  return (
    <Dialog title={s.shareTitle(file ?? (store.model.title || t.untitled))} onClose={close} foot={foot}>
      <div class="share">
        <MakeLink open={open} onMade={refresh} />
        <ul class="links" aria-label={s.links}>
          <li class="link-row">
            <div class="link-head">
              <Face person={people.value.find(one => one.isYou)?.person ?? "owner"} name={me} />
              <span class="link-label">
                {s.you}
                <span class="sub">{me}</span>
              </span>
              <span class="sub">{s.named.own}</span>
            </div>
          </li>
          {shares?.map(share => (
            <LinkRow key={share.id} open={open} share={share} onChanged={refresh} />
          ))}
        </ul>
        <NamedRights place={{ session: store.id }} />
      </div>
    </Dialog>
  );
}
