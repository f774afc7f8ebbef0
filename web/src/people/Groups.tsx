/**
 * The groups of the server, for admins: who is in each; somebody is put in, or taken out. A group is a name that accounts have: it is there as long as
 * somebody is in it, and each change is one of one account, so that it undoes nothing that another admin changes meanwhile.
 */
import { useId, useState } from "preact/hooks";
import type { User } from "../rpc/schema.ts";
import { accountWords as a } from "../text/accounts.ts";
import { Icon } from "../ui/icons.tsx";

/** Puts somebody into a group, or takes them out. Resolves when the list is to be asked for anew. */
export type Regroup = (user: User, change: { join?: string[]; leave?: string[] }) => void;

/** The groups, by name, each with who is in it. */
export function groupsOf(users: readonly User[]): [string, User[]][] {
  const groups = new Map<string, User[]>();
  for (const user of users) for (const group of user.groups) groups.set(group, [...(groups.get(group) ?? []), user]);
  return [...groups].sort(([one], [other]) => one.localeCompare(other));
}

function UserSelect(props: { label: string; users: readonly User[]; value: string; onChange(user: string): void }) {
  return (
    <select class="input" aria-label={props.label} value={props.value} onChange={event => props.onChange(event.currentTarget.value)}>
      <option value="">{a.who}</option>
      {props.users.map(user => (
        <option key={user.id} value={user.id}>
          {user.display_name}
        </option>
      ))}
    </select>
  );
}

function Group({ name, members, users, regroup }: { name: string; members: readonly User[]; users: readonly User[]; regroup: Regroup }) {
  const [chosen, choose] = useState("");
  const heading = useId();
  const others = users.filter(user => !user.groups.includes(name));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const user = others.find(one => one.id === chosen);
    if (user !== undefined) regroup(user, { join: [name] });
    choose("");
  };
  return (
    <li class="link-row group-row" aria-labelledby={heading}>
      <b id={heading}>{name}</b>
      <ul class="members" aria-label={a.membersOf(name)}>
        {members.map(user => (
          <li key={user.id} class="member">
            {user.display_name}
            <button
              type="button"
              class="btn ghost icon"
              aria-label={a.leaveOf(user.display_name, name)}
              title={a.leaveOf(user.display_name, name)}
              onClick={() => regroup(user, { leave: [name] })}
            >
              <Icon name="cross" />
            </button>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <form class="join-group" onSubmit={submit}>
          <UserSelect label={a.joinOf(name)} users={others} value={chosen} onChange={choose} />
          <button type="submit" class="btn" disabled={chosen === ""}>
            {a.join}
          </button>
        </form>
      )}
    </li>
  );
}

function NewGroup({ users, regroup }: { users: readonly User[]; regroup: Regroup }) {
  const [name, setName] = useState("");
  const [chosen, choose] = useState("");
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const user = users.find(one => one.id === chosen);
    if (user === undefined) return;
    regroup(user, { join: [name.trim()] });
    setName("");
    choose("");
  };
  return (
    <form class="new-group" onSubmit={submit}>
      <input
        class="input"
        aria-label={a.newGroup}
        placeholder={a.newGroupHint}
        maxLength={40}
        autocomplete="off"
        required
        value={name}
        onInput={event => setName(event.currentTarget.value)}
      />
      <UserSelect label={a.firstMember} users={users} value={chosen} onChange={choose} />
      <button type="submit" class="btn" disabled={name.trim() === "" || chosen === ""}>
        {a.makeGroup}
      </button>
    </form>
  );
}

export function Groups({ users, regroup }: { users: readonly User[]; regroup: Regroup }) {
  return (
    <section aria-label={a.groupsLabel}>
      <h3>{a.groupsLabel}</h3>
      <p class="quiet">{a.groupsBody}</p>
      <ul class="links">
        {groupsOf(users).map(([name, members]) => (
          <Group key={name} name={name} members={members} users={users} regroup={regroup} />
        ))}
      </ul>
      <NewGroup users={users} regroup={regroup} />
    </section>
  );
}
