/** The accounts of the server, for admins: who there is, in which role; somebody is added, invited, disabled or removed. */
import { useEffect, useState } from "preact/hooks";
import { RpcFailure } from "../rpc/messages.ts";
import type { User } from "../rpc/schema.ts";
import { connection, server } from "../session/connection.ts";
import { homeAddress } from "../session/route.ts";
import { accountWords as a } from "../text/accounts.ts";
import { t } from "../text/en.ts";
import { ago } from "../text/format.ts";
import { s } from "../text/sharing.ts";
import { Ask, Dialog } from "../ui/Dialog.tsx";
import { Form, useSending } from "../ui/Form.tsx";
import { complain, say, toast } from "../ui/notices.ts";
import { clockOffset } from "../ui/page_state.ts";
import { CopyField, isLocal } from "./CopyField.tsx";
import { Face } from "./Face.tsx";
import { Groups } from "./Groups.tsx";

type Role = User["role"];

const ROLES: readonly Role[] = ["admin", "member", "viewer"];
const DAYS = 7;

interface Link {
  readonly name: string;
  /** The name to sign in with. */
  readonly account: string;
  readonly url: string;
}

const listed = (text: string): string[] =>
  text
    .split(",")
    .map(one => one.trim())
    .filter(Boolean);

/** The link as others reach it: by the public URL; where the server knows none, as it is reached from here. */
const reached = (url: string): string => (server.value?.public_url ? url : location.origin + homeAddress("") + new URL(url).hash);

function RoleSelect(props: { label: string; value: Role; onChange(role: Role): void }) {
  return (
    <select
      class="input"
      aria-label={props.label}
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value as Role)}
    >
      {ROLES.map(role => (
        <option key={role} value={role}>
          {a.roles[role]}
        </option>
      ))}
    </select>
  );
}

function Add({ onAdded }: { onAdded(users: readonly User[]): Promise<void> }) {
  const [name, setName] = useState("");
  const [shown, setShown] = useState("");
  const [groups, setGroups] = useState("");
  const [role, choose] = useState<Role>("member");
  const sending = useSending(async () => {
    const names = listed(name);
    if (names.length > 1 && shown.trim() !== "") return a.oneShown;
    const added: User[] = [];
    const refused: [name: string, reason: string][] = [];
    for (const one of names) {
      const wanted = { name: one, display_name: shown.trim() || null, role, groups: listed(groups) };
      try {
        added.push(await connection.call("user.add", wanted));
      } catch (error) {
        if (names.length === 1 || !(error instanceof RpcFailure)) throw error;
        refused.push([one, error.message]);
      }
    }
    setName(refused.map(([one]) => one).join(", "));
    if (refused.length === 0) for (const clear of [setShown, setGroups]) clear("");
    if (added.length > 0) await onAdded(added);
    return refused.map(([one, reason]) => a.notAdded(one, reason)).join(" ") || null;
  });
  const field = (label: string, hint: string, value: string, set: (text: string) => void, isNeeded = false) => (
    <input
      class="input"
      aria-label={label}
      placeholder={hint}
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
      required={isNeeded}
      value={value}
      onInput={event => set(event.currentTarget.value)}
    />
  );
  return (
    <Form className="add-user" sending={sending}>
      {field(a.nameLabel, a.nameHint, name, setName, true)}
      {field(a.shownLabel, a.shownHint, shown, setShown)}
      {field(a.groupsLabel, a.groupsHint, groups, setGroups)}
      <RoleSelect label={a.roleLabel} value={role} onChange={choose} />
      <button type="submit" class="btn main" disabled={sending.busy}>
        {a.add}
      </button>
    </Form>
  );
}

const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : address);

/** What is to say of somebody, besides the names. */
function stateOf(user: User): string {
  const ages = (time: string): string => ago((Date.now() + clockOffset.value - Date.parse(time)) / 1000);
  const seen = user.signed_in === null ? a.never : a.seen(ages(user.signed_in));
  return [
    user.name,
    ...(user.groups.length > 0 ? [user.groups.join(", ")] : []),
    user.disabled ? a.disabled : user.connections > 0 ? a.here(user.connections) : seen,
    ...(user.identity_provider == null ? [] : [a.byHost(hostOf(user.identity_provider))]),
    ...(user.has_password || (user.identity_provider != null && user.invited_until === null)
      ? []
      : [user.invited_until === null ? a.noPassword : a.invited]),
  ].join(" · ");
}

interface RowProps {
  readonly user: User;
  set(change: { role?: Role; disabled?: boolean }): void;
  invite(): void;
  remove(): void;
}

function Row({ user, set, invite, remove }: RowProps) {
  const name = user.display_name;
  return (
    <li class="link-row">
      <div class="link-head">
        <Face person={`account ${user.id}`} name={name} />
        <span class="link-label">
          <b>{name}</b>
          <span class="sub">{stateOf(user)}</span>
        </span>
        <RoleSelect key={user.role} label={a.rolesOf(name)} value={user.role} onChange={role => set({ role })} />
      </div>
      <div class="user-acts">
        <button type="button" class="btn" aria-label={a.inviteOf(name)} disabled={user.disabled} onClick={invite}>
          {a.invite}
        </button>
        <button
          type="button"
          class="btn"
          aria-label={user.disabled ? a.enableOf(name) : a.disableOf(name)}
          onClick={() => set({ disabled: !user.disabled })}
        >
          {user.disabled ? a.enable : a.disable}
        </button>
        <button type="button" class="btn bad" aria-label={a.removeOf(name)} onClick={remove}>
          {a.remove}
        </button>
      </div>
    </li>
  );
}

/** The links that were just made: of several people a line for each, with the name before it. */
function Links({ links }: { links: readonly Link[] }) {
  const [first] = links;
  if (first === undefined) return null;
  const local = isLocal(first.url) && ` ${s.linkIsLocal}`;
  return links.length === 1 ? (
    <CopyField label={a.link} value={first.url} copy={a.copy} copied={a.copied}>
      {a.linkNote(first.name, DAYS)}
      {local}
    </CopyField>
  ) : (
    <CopyField
      label={a.links}
      value={links.map(({ account, url }) => `${account}: ${url}`).join("\n")}
      copy={a.copyLinks}
      copied={a.copiedLinks}
    >
      {a.linksNote(DAYS)}
      {local}
    </CopyField>
  );
}

export function UsersDialog({ onClose }: { onClose(): void }) {
  const [users, set] = useState<readonly User[] | null>(null);
  const [links, show] = useState<readonly Link[]>([]);
  const [leaving, ask] = useState<User | null>(null);
  const refresh = (): void => {
    connection
      .call("user.list", {})
      .then(list => set(list.users))
      .catch(complain);
  };
  useEffect(refresh, []);
  const act = async (what: () => Promise<unknown>): Promise<void> => {
    try {
      await what();
    } catch (error) {
      complain(error);
    }
    refresh();
  };
  const invite = async (invited: readonly User[]): Promise<void> => {
    const made: Link[] = [];
    for (const user of invited) {
      const { url } = await connection.call("user.invite", { user: user.id, days: DAYS });
      made.push({ name: user.display_name, account: user.name, url: reached(url) });
    }
    show(made);
    refresh();
  };
  const remove = (user: User): void => {
    ask(null);
    show([]);
    void act(async () => {
      await connection.call("user.remove", { user: user.id });
      toast(a.removed(user.display_name));
      say(a.removed(user.display_name));
    });
  };
  return (
    <Dialog title={a.people} onClose={onClose}>
      <div class="share">
        <p class="quiet">{a.peopleBody}</p>
        <Add onAdded={invite} />
        <Links links={links} />
        {users === null && <p class="quiet">{t.opening}</p>}
        {users?.length === 0 && <p class="quiet">{a.nobody}</p>}
        <ul class="links" aria-label={a.people}>
          {users?.map(user => (
            <Row
              key={user.id}
              user={user}
              set={change => void act(() => connection.call("user.set", { user: user.id, ...change }))}
              invite={() => void act(() => invite([user]))}
              remove={() => ask(user)}
            />
          ))}
        </ul>
        {users !== null && users.length > 0 && (
          <Groups users={users} regroup={(user, change) => void act(() => connection.call("user.set", { user: user.id, ...change }))} />
        )}
      </div>
      {leaving !== null && (
        <Ask
          title={a.removeAsk(leaving.display_name)}
          body={a.removeBody}
          act={a.remove}
          danger
          onClose={() => ask(null)}
          onAct={() => remove(leaving)}
        />
      )}
    </Dialog>
  );
}
