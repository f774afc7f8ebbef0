/**
 * Who has a right by name at one place, a folder, a file or a session: people, groups and everybody of this server, each with theirs. Rights are given,
 * changed and taken away at once; what was given in a folder above is shown, and changed there.
 */

import { useEffect, useState } from "preact/hooks";
import { RpcFailure } from "../rpc/messages.ts";
import type { GivenRight, KnownPerson, PeopleAndGroups } from "../rpc/schema.ts";
import { connection, server } from "../session/connection.ts";
import { mayManage } from "../session/shared_places.ts";
import { s } from "../text/sharing.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { AskToRun, NamedMeans } from "./AskToRun.tsx";

const VERBS = ["read", "write", "execute", "own"] as const;
type GivenVerb = (typeof VERBS)[number];
type WhomKind = GivenRight["kind"];

/** Where rights are given, as the methods `right.*` take it. */
export type RightsPlace = { readonly session: string } | { readonly path: string };

interface Whom {
  readonly kind: WhomKind;
  readonly whom: string;
}

const runs = (verb: string): boolean => verb === "execute" || verb === "own";
const keyOf = ({ kind, whom }: Whom): string => `${kind}:${whom}`;
const nameOf = (right: GivenRight): string =>
  right.kind === "everybody" ? s.everybody : right.kind === "group" ? s.group(right.name) : right.name;
const wordsOf = (person: KnownPerson): string =>
  person.display_name === person.name ? person.name : `${person.display_name} (${person.name})`;

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

/** One right. That of a folder above is shown, and changed there; who is to run code, and did not before, is asked about. */
function RightRow(props: { right: GivenRight; onSet(verb: GivenVerb): void; onTake(): void }) {
  const { right } = props;
  const [wanted, want] = useState<GivenVerb | null>(null);
  const name = nameOf(right);
  const isFixed = right.is_inherited || right.is_home;
  const set = (verb: GivenVerb): void => {
    want(null);
    props.onSet(verb);
  };
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
            <VerbSelect
              key={`${right.verb} ${wanted}`}
              label={s.rightOf(name)}
              value={wanted ?? (right.verb as GivenVerb)}
              onChange={verb => (runs(verb) && !runs(right.verb) ? want(verb) : set(verb))}
            />
            <button type="button" class="btn ghost icon" aria-label={s.removeOf(name)} title={s.removeOf(name)} onClick={props.onTake}>
              <Icon name="cross" />
            </button>
          </>
        )}
      </div>
      {wanted !== null && (
        <AskToRun act={s.letNamed[wanted]} onNo={() => want(null)} onYes={() => set(wanted)}>
          <NamedMeans />
        </AskToRun>
      )}
    </li>
  );
}

/** Whom the next right is for: nobody who has one at this very place, and not oneself. */
function Whoms({ known, has, value, onChange }: { known: PeopleAndGroups; has: Set<string>; value: string; onChange(key: string): void }) {
  const left = (kind: WhomKind, whom: string): boolean => !has.has(keyOf({ kind, whom }));
  const people = known.people.filter(one => one.account !== server.value?.account && left("account", one.account));
  const groups = known.groups.filter(group => left("group", group));
  return (
    <select class="input" aria-label={s.whom} value={value} onChange={event => onChange(event.currentTarget.value)}>
      <option value="">{s.whom}</option>
      {left("everybody", "") && <option value="everybody:">{s.everybody}</option>}
      {groups.map(group => (
        <option key={`group:${group}`} value={`group:${group}`}>
          {s.group(group)}
        </option>
      ))}
      {people.map(person => (
        <option key={person.account} value={`account:${person.account}`}>
          {wordsOf(person)}
        </option>
      ))}
    </select>
  );
}

function Give(props: { known: PeopleAndGroups; has: Set<string>; onGive(whom: Whom, verb: GivenVerb): void }) {
  const [chosen, choose] = useState("");
  const [verb, setVerb] = useState<GivenVerb>("read");
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const at = chosen.indexOf(":");
    if (at > 0) props.onGive({ kind: chosen.slice(0, at) as WhomKind, whom: chosen.slice(at + 1) }, verb);
    choose("");
    setVerb("read");
  };
  return (
    <>
      <form class="give-right" onSubmit={submit}>
        <Whoms known={props.known} has={props.has} value={chosen} onChange={choose} />
        <VerbSelect label={s.rightLabel} value={verb} onChange={setVerb} />
        <button type="submit" class="btn main" disabled={chosen === ""}>
          {s.give}
        </button>
      </form>
      {runs(verb) && (
        <p class="means strong" role="status">
          <Icon name="warn" />
          <NamedMeans />
        </p>
      )}
    </>
  );
}

/** The rights at a place, asked for anew after each change; null until they are there. A refusal is words. */
function useRights(place: RightsPlace): [readonly GivenRight[] | string | null, () => void] {
  const [rights, set] = useState<readonly GivenRight[] | string | null>(null);
  const refresh = (): void => {
    connection.call("right.list", place).then(
      list => set(list.rights),
      error => (error instanceof RpcFailure ? set(error.message) : complain(error)),
    );
  };
  useEffect(refresh, [JSON.stringify(place)]);
  return [rights, refresh];
}

/**
 * The part of a dialog.
 *
 * Args:
 *   place: where.
 *   alone: whether the dialog has nothing else, so that something stands here where there is nobody to name.
 */
export function NamedRights({ place, alone = false }: { place: RightsPlace; alone?: boolean }) {
  const [known, setKnown] = useState<PeopleAndGroups | null>(null);
  const [rights, refresh] = useRights(place);
  const [refused, refuse] = useState(0);
  useEffect(() => {
    connection.call("right.people", {}).then(setKnown, complain);
  }, []);
  if (known === null || rights === null) return null;
  if (typeof rights === "string")
    return (
      <p class="form-error" role="alert">
        {rights}
      </p>
    );
  const others = known.people.filter(one => one.account !== server.value?.account);
  if (others.length === 0 && rights.length === 0) return alone ? <p class="quiet">{mayManage() ? s.nobodyNamed : s.onlyYou}</p> : null;
  const call = (what: Promise<unknown>): void => {
    const again = (error: unknown): void => {
      complain(error);
      refuse(count => count + 1); // what was chosen does not count
    };
    void what.catch(again).then(refresh);
  };
  const give = ({ kind, whom }: Whom, verb: GivenVerb): void => call(connection.call("right.grant", { ...place, kind, whom, verb }));
  const take = ({ kind, whom }: Whom): void =>
    call(connection.call("right.revoke", { ...place, kind, whom }).then(() => toast(s.rightTaken)));
  const here = rights.filter(right => !right.is_inherited);
  return (
    <section aria-label={s.byName}>
      {!alone && <h3>{s.byName}</h3>}
      <Give known={known} has={new Set(here.map(keyOf))} onGive={give} />
      <ul class="links" aria-label={s.byName}>
        {rights.map(right => (
          <RightRow
            key={`${keyOf(right)} ${right.path ?? ""} ${refused}`}
            right={right}
            onSet={verb => give(right, verb)}
            onTake={() => take(right)}
          />
        ))}
      </ul>
      {rights.length === 0 && <p class="quiet">{s.namedNobody}</p>}
    </section>
  );
}
