/** Everybody who is here, in a list: who asks for more comes first; with a search once they are many. */

import { useEffect, useState } from "preact/hooks";
import { isFound, partsOf, type Someone } from "../model/people.ts";
import type { KnownPerson } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { guestOf, may } from "../session/permissions.ts";
import { lead, people, unlisted } from "../session/presence.ts";
import { s } from "../text/sharing.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/Menu.tsx";
import { dialog } from "../ui/page_state.ts";
import { Face } from "./Face.tsx";
import { setLead } from "./People.tsx";
import { actsOn, allow, decline, whereabouts } from "./person_acts.ts";

/** With more people than this, there is a search. */
const MOST_SEEN = 8;

const close = (): void => {
  dialog.value = null;
};

const handOut = (): void => {
  dialog.value = "hand_out";
};

function Answer({ open, one }: { open: Open; one: Someone }) {
  const { asks, name } = one;
  if (asks === null || !may("own")) return null;
  return (
    <>
      <button type="button" class="btn main" aria-label={s.allowOf[asks](name)} onClick={() => void allow(open, one, asks)}>
        {s.allow}
      </button>
      <button type="button" class="btn" aria-label={s.notNowOf(name)} onClick={() => void decline(open, one)}>
        {s.notNow}
      </button>
    </>
  );
}

function Row({ open, one }: { open: Open; one: Someone }) {
  const acts = actsOn(open, one, close);
  const words = [one.asks === null ? s.holds[one.verb] : s.wants[one.asks], whereabouts(open, one)];
  return (
    <li class="visitor">
      <Face person={one.person} name={one.name} />
      <span class="link-label">
        <b>{one.isYou ? s.youAre(one.name) : one.name}</b>
        <span class="sub">{words.join(" · ")}</span>
      </span>
      <Answer open={open} one={one} />
      {acts.length > 0 && (
        <Menu className="btn ghost icon" label={s.moreOf(one.name)} items={acts}>
          <Icon name="dots" />
        </Menu>
      )}
    </li>
  );
}

/** The groups of the people who have an account, by person; empty where there are no groups, or for a guest, who is not told. */
function useGroups(): ReadonlyMap<string, readonly string[]> {
  const [known, set] = useState<readonly KnownPerson[]>([]);
  useEffect(() => {
    let isHere = true;
    if (guestOf.value === null)
      connection.call("right.people", {}).then(
        found => isHere && set(found.people),
        () => {}, // without groups, the list is by what they may do
      );
    return () => {
      isHere = false;
    };
  }, []);
  const here = new Set(people.value.map(one => one.person));
  return new Map(
    known.map(one => [`account ${one.account}`, one.groups] as const).filter(([who, groups]) => here.has(who) && groups.length > 0),
  );
}

export function PeopleDialog({ open }: { open: Open }) {
  const [query, find] = useState("");
  const [isByGroup, group] = useState(false);
  const groups = useGroups();
  const all = people.value;
  const count = all.length + unlisted.value;
  const found = all.filter(one => isFound(one, query));
  const parts = partsOf(found, isByGroup && groups.size > 0 ? groups : null, s.parts);
  const you = all.find(one => one.isYou)?.person;
  const isLeading = you !== undefined && lead.value === you;
  return (
    <Dialog
      title={s.peopleCount(Math.max(1, count))}
      onClose={close}
      foot={
        may("own") && (
          <>
            <button type="button" class="btn" onClick={() => void setLead(open, !isLeading)}>
              {isLeading ? s.leadEnd : s.leadAsk}
            </button>
            <span class="grow" />
            <button type="button" class="btn" onClick={handOut}>
              {s.handOutItem}
            </button>
          </>
        )
      }
    >
      <div class="people-tools">
        {count > MOST_SEEN && (
          <input
            class="input"
            type="search"
            aria-label={s.findPerson}
            placeholder={s.findPerson}
            autocomplete="off"
            value={query}
            onInput={event => find(event.currentTarget.value)}
          />
        )}
        {groups.size > 0 && (
          <label>
            {s.listBy}{" "}
            <select class="input" value={isByGroup ? "group" : "right"} onChange={event => group(event.currentTarget.value === "group")}>
              <option value="right">{s.byRight}</option>
              <option value="group">{s.byGroup}</option>
            </select>
          </label>
        )}
      </div>
      {parts.map(part => (
        <section key={part.title} aria-label={part.title}>
          <h3>{s.partTitle(part.title, part.people.length)}</h3>
          <ul class="visitors">
            {part.people.map(one => (
              <Row key={one.person} open={open} one={one} />
            ))}
          </ul>
        </section>
      ))}
      {found.length === 0 && <p class="quiet">{s.nobodyFound}</p>}
      {unlisted.value > 0 && <p class="quiet">{s.others(unlisted.value)}</p>}
    </Dialog>
  );
}
