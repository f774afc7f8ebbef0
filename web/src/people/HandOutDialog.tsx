/** A copy of the notebook for each of several people, and what they have done with theirs. */

import { useEffect, useState } from "preact/hooks";
import { nameOf } from "../model/paths.ts";
import type { HandoutCopy, HandoutList, PeopleAndGroups, Recipient, Right } from "../rpc/schema.ts";
import { connection } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { people } from "../session/presence.ts";
import { notebookAddress } from "../session/route.ts";
import { ago } from "../text/format.ts";
import { handoutWords as words } from "../text/handouts.ts";
import { s } from "../text/sharing.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { complain, say } from "../ui/notices.ts";
import { clockOffset, dialog } from "../ui/page_state.ts";
import { Face } from "./Face.tsx";
import { HandOutFiles, useBeside } from "./HandOutFiles.tsx";

const RIGHTS: readonly Right[] = ["read", "write", "execute"];
/** So often the list is asked for again while it is shown. */
const LOOK_MS = 5000;
const HERE = "here";

const close = (): void => {
  dialog.value = null;
};

const accountsHere = (): string[] =>
  people.value.filter(one => !one.isYou && one.person.startsWith("account ")).map(one => one.person.slice("account ".length));

/** Whom a choice means. */
function recipientsOf(chosen: string): Recipient[] {
  if (chosen === HERE) return accountsHere().map(whom => ({ kind: "account", whom }));
  const at = chosen.indexOf(":");
  return [{ kind: chosen.slice(0, at) as "account" | "group" | "everybody", whom: chosen.slice(at + 1) }];
}

const since = (time: string): string => ago((Date.now() + clockOffset.value - Date.parse(time)) / 1000);

function Row({ copy }: { copy: HandoutCopy }) {
  const { account, display_name: name, copy_path: path, state } = copy;
  const when = copy.changed ?? copy.opened;
  const said = [when === null ? words.states[state] : `${words.states[state]} ${since(when)}`, copy.is_here && words.isHere];
  return (
    <li class="visitor">
      <Face person={`account ${account}`} name={name} />
      <span class="link-label">
        <b>{name}</b>
        <span class={copy.is_here ? "sub now" : "sub"}>{said.filter(Boolean).join(" · ")}</span>
      </span>
      {path !== null && state !== "gone" && (
        <a class="btn" href={notebookAddress(path)} target="_blank" rel="noopener" aria-label={words.openOf(name)}>
          {words.open}
        </a>
      )}
    </li>
  );
}

/** Hands out one copy after the other, so that each is seen as soon as it is there. */
function HandOut({ open, path, onMade }: { open: Open; path: string; onMade(): void }) {
  const beside = useBeside(open, path);
  const [known, learn] = useState<PeopleAndGroups | null>(null);
  const [chosen, choose] = useState("");
  const [verb, may] = useState<Right>("execute");
  const [busy, work] = useState(false);
  const [said, tell] = useState("");
  const [faults, fail] = useState<readonly string[]>([]);
  useEffect(() => {
    connection.call("right.people", {}).then(learn).catch(complain);
  }, []);
  const handOut = async (): Promise<void> => {
    const list = await connection.call("handout.list", { path, recipients: recipientsOf(chosen) });
    const meant = list.copies.filter(one => one.is_recipient);
    const found = { made: 0, had: 0, failed: 0 };
    const files = [...beside.chosen];
    let kept: readonly string[] = [];
    for (const [index, { account }] of meant.entries()) {
      tell(words.progress(index, meant.length));
      const made = await connection.call("handout.make", { path, recipients: [{ kind: "account", whom: account }], verb, files });
      if (index === 0) kept = made.files.filter(one => one.result === "had").map(one => one.name);
      for (const one of made.copies) {
        found[one.result]++;
        if (one.result === "failed") fail(before => [...before, words.failed(one.display_name, one.reason ?? "")]);
      }
      onMade();
    }
    const over = [words.done(found.made, found.had, found.failed), kept.length > 0 && words.filesHad(kept)].filter(Boolean).join(" ");
    tell(over);
    say(over);
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    work(true);
    fail([]);
    handOut()
      .catch((error: unknown) => {
        tell("");
        complain(error);
      })
      .finally(() => {
        work(false);
        onMade();
      });
  };
  if (known === null) return null;
  if (known.people.length === 0) return <p class="quiet">{words.nobody}</p>;
  const here = accountsHere().length;
  return (
    <>
      <form class="make-link" onSubmit={submit}>
        <select class="input" aria-label={words.whom} value={chosen} onChange={event => choose(event.currentTarget.value)}>
          <option value="">{words.whom}</option>
          {here > 0 && <option value={HERE}>{words.here(here)}</option>}
          {known.groups.map(group => (
            <option key={group} value={`group:${group}`}>
              {words.group(group)}
            </option>
          ))}
          <option value="everybody:">{words.everybody}</option>
          {known.people.map(one => (
            <option key={one.account} value={`account:${one.account}`}>
              {one.display_name === one.name ? one.name : `${one.display_name} (${one.name})`}
            </option>
          ))}
        </select>
        <select class="input" aria-label={words.right} value={verb} onChange={event => may(event.currentTarget.value as Right)}>
          {RIGHTS.map(one => (
            <option key={one} value={one}>
              {words.rights[one]}
            </option>
          ))}
        </select>
        <button type="submit" class="btn main" disabled={busy || chosen === ""}>
          {words.act}
        </button>
      </form>
      <HandOutFiles beside={beside} />
      {verb === "execute" && (
        <p class="means strong">
          <Icon name="warn" />
          {s.namedMeans}
        </p>
      )}
      {said !== "" && <p role="status">{said}</p>}
      {faults.length > 0 && (
        <ul class="form-error" role="alert">
          {faults.map(one => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The copies, as they are now: the list is asked for again while it is shown. */
function Copies({ list }: { list: HandoutList | null }) {
  if (list === null) return null;
  const copies = list.copies.filter(one => one.copy_path !== null);
  if (copies.length === 0) return <p class="quiet">{words.none}</p>;
  return (
    <section aria-label={words.copies(copies.length)}>
      <h3>{words.copies(copies.length)}</h3>
      <ul class="visitors">
        {copies.map(copy => (
          <Row key={copy.account} copy={copy} />
        ))}
      </ul>
    </section>
  );
}

export function HandOutDialog({ open }: { open: Open }) {
  open.store.head.value;
  const path = open.store.model.file?.path ?? null;
  const [list, set] = useState<HandoutList | null>(null);
  const look = (): void => {
    if (path !== null) connection.call("handout.list", { path }).then(set).catch(complain);
  };
  useEffect(() => {
    look();
    const timer = setInterval(() => {
      if (connection.phase === "live") look();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [path]);
  return (
    <Dialog title={words.title(path === null ? open.store.model.title : nameOf(path))} onClose={close}>
      {path === null ? (
        <p class="quiet">{words.noFile}</p>
      ) : (
        <>
          {list !== null && <p class="means">{words.body(list.folder)}</p>}
          <HandOut open={open} path={path} onMade={look} />
          <Copies list={list} />
        </>
      )}
    </Dialog>
  );
}
