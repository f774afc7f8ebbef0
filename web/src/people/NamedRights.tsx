/** Who else has a right by name: people, groups and everybody of this server, each with theirs; given, changed and taken away at once. */

import { useEffect, useState } from "preact/hooks";
import type { GivenRight, PeopleAndGroups } from "../rpc/schema.ts";
import type { Open } from "../session/open_session.ts";
import { s } from "../text/sharing.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";

const VERBS = ["read", "write", "execute", "own"] as const;
type GivenVerb = (typeof VERBS)[number];
type WhomKind = GivenRight["kind"];

interface Whom {
  readonly kind: WhomKind;
  readonly whom: string;
}

const nameOf = (right: GivenRight): string =>
  right.kind === "everybody" ? s.everybody : right.kind === "group" ? s.group(right.name) : right.name;

function VerbSelect(props: { label: string; value: GivenVerb; onChange(verb: GivenVerb): void }) {
  return (
    <select
      class="input"
      aria-label={props.label}
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value as GivenVerb)}
    >
      {VERBS.map(verb => (
        <option key={verb} value={verb}>
          {s.named[verb]}
        </option>
      ))}
    </select>
  );
}

/** One right. That of a folder above is shown, and changed there. */
function RightRow(props: { right: GivenRight; onSet(verb: GivenVerb): void; onTake(): void }) {
  const { right } = props;
  const name = nameOf(right);
  const isFixed = right.is_inherited || right.is_home;
  return (
    <li class="link-row">
      <div class="link-head">
        <span class="link-label">
          <b>{name}</b>
          <span class="sub">{right.is_home ? s.ownFolder : right.is_inherited ? s.from(right.path ?? "") : s.givenBy(right.by)}</span>
        </span>
        {isFixed ? (
          <span class="sub">{s.named[right.verb as GivenVerb]}</span>
        ) : (
          <>
            <VerbSelect label={s.rightOf(name)} value={right.verb as GivenVerb} onChange={props.onSet} />
            <button type="button" class="btn ghost icon" aria-label={s.removeOf(name)} title={s.removeOf(name)} onClick={props.onTake}>
              <Icon name="cross" />
            </button>
          </>
        )}
      </div>
    </li>
  );
}

export function NamedRights({ open }: { open: Open }) {
  const { connection, id: session } = open.store;
  const [known, setKnown] = useState<PeopleAndGroups | null>(null);
  const [rights, setRights] = useState<readonly GivenRight[]>([]);
  const [chosen, choose] = useState("");
  const [verb, setVerb] = useState<GivenVerb>("read");
  const refresh = (): void => {
    connection
      .call("right.list", { session })
      .then(list => setRights(list.rights))
      .catch(complain);
  };
  useEffect(() => {
    connection.call("right.people", {}).then(setKnown).catch(complain);
    refresh();
  }, [session]);
  if (known === null || (known.people.length === 0 && rights.length === 0)) return null;
  const call = (what: Promise<unknown>): void => {
    what.then(refresh).catch(complain);
  };
  const give = ({ kind, whom }: Whom, given: GivenVerb): void => call(connection.call("right.grant", { session, kind, whom, verb: given }));
  const take = ({ kind, whom }: Whom): void =>
    call(connection.call("right.revoke", { session, kind, whom }).then(() => toast(s.rightTaken)));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const at = chosen.indexOf(":");
    if (at > 0) give({ kind: chosen.slice(0, at) as WhomKind, whom: chosen.slice(at + 1) }, verb);
    choose("");
  };
  return (
    <section aria-label={s.byName}>
      <h3>{s.byName}</h3>
      <form class="make-link" onSubmit={submit}>
        <select class="input" aria-label={s.whom} value={chosen} onChange={event => choose(event.currentTarget.value)}>
          <option value="">{s.whom}</option>
          <option value="everybody:">{s.everybody}</option>
          {known.groups.map(group => (
            <option key={`group:${group}`} value={`group:${group}`}>
              {s.group(group)}
            </option>
          ))}
          {known.people.map(person => (
            <option key={person.account} value={`account:${person.account}`}>
              {person.display_name === person.name ? person.name : `${person.display_name} (${person.name})`}
            </option>
          ))}
        </select>
        <VerbSelect label={s.rightLabel} value={verb} onChange={setVerb} />
        <button type="submit" class="btn main" disabled={chosen === ""}>
          {s.give}
        </button>
      </form>
      {(verb === "execute" || verb === "own") && (
        <p class="means strong" role="status">
          <Icon name="warn" />
          {s.namedMeans}
        </p>
      )}
      <ul class="links">
        {rights.map(right => (
          <RightRow
            key={`${right.kind} ${right.whom} ${right.path ?? ""}`}
            right={right}
            onSet={given => give(right, given)}
            onTake={() => take(right)}
          />
        ))}
      </ul>
    </section>
  );
}
