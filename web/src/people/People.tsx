/** The people in the top bar, and the bar that names whom one follows. Comes when somebody else is here. */
import type { Someone } from "../model/people.ts";
import { jump } from "../panels/queue.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { following, people, unlisted } from "../session/presence.ts";
import { s } from "../text/sharing.ts";
import { Banner } from "../ui/Banner.tsx";
import { Menu } from "../ui/Menu.tsx";
import type { MenuRow } from "../ui/menu_rows.ts";
import { say } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";

const MOST = 4;

/** Keeps somebody's cell in view from now on. */
export function follow(one: Someone): void {
  following.value = one.person;
  say(`${s.followingNow} ${one.name}`);
}

/** Where somebody is, in words. */
export function whereabouts({ store }: Open, one: Someone | undefined): string {
  if (one === undefined) return s.notHere;
  if (one.isIdle) return s.away;
  const at = store.indexOf(one.cell) + 1;
  return one.isEditing && at > 0 ? s.inCell(at) : s.reading;
}

const showLogins = (): void => {
  dialog.value = "logins";
};

function rowsOf(open: Open, one: Someone): MenuRow[] {
  const at = open.store.indexOf(one.cell) + 1;
  return [
    { heading: `${s.avatar(one.isYou ? s.youAre(one.name) : one.name, s.holds[one.verb])}` },
    one.isYou && may("own") && { title: s.loginsItem, run: showLogins },
    !one.isYou && { title: s.follow(one.name), run: () => follow(one) },
    !one.isYou && at > 0 && { title: s.goTo(at), run: () => jump(open, one.cell) },
  ];
}

function Avatar({ open, one }: { open: Open; one: Someone }) {
  const words = s.avatar(one.isYou ? s.youAre(one.name) : one.name, s.holds[one.verb]);
  const classes = `avatar p${one.colour}${one.isIdle ? " idle" : ""}${one.person === following.value ? " on" : ""}`;
  return (
    // What can be seen is part of the name, for those who use speech input.
    <Menu className={classes} label={`${one.initials}: ${words}`} title={`${words}. ${whereabouts(open, one)}`} items={rowsOf(open, one)}>
      {one.initials}
    </Menu>
  );
}

/** Avatars where there is room for them; on a phone, and for those that are too many, a number with all of them in its menu. */
export function Avatars({ open }: { open: Open }) {
  const all = people.value;
  const rest = all.length + unlisted.value - MOST;
  const listed = (some: readonly Someone[]): MenuRow[] => [
    ...some.flatMap(one => rowsOf(open, one)),
    unlisted.value > 0 && { heading: s.others(unlisted.value) },
  ];
  const count = all.length + unlisted.value;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
    <span class="people" role="group" aria-label={s.people}>
      {all.slice(0, MOST).map(one => (
        <Avatar key={one.person} open={open} one={one} />
      ))}
      {rest > 0 && (
        <Menu className="avatar rest" label={`${s.more(rest)}: ${s.others(rest)}`} title={s.others(rest)} items={listed(all.slice(MOST))}>
          {s.more(rest)}
        </Menu>
      )}
      <Menu className="avatar count" label={s.peopleCount(count)} title={s.peopleCount(count)} items={listed(all)}>
        {count}
      </Menu>
    </span>
  );
}

export function FollowBar() {
  const one = people.value.find(({ person }) => person === following.value);
  if (one === undefined) return null;
  return (
    <div class="banners follow-bar">
      <Banner
        kind="info"
        icon="people"
        bold={`${s.followingNow} ${one.name}`}
        end={
          <button
            type="button"
            class="btn"
            onClick={() => {
              following.value = null;
            }}
          >
            {s.stop}
          </button>
        }
      />
    </div>
  );
}
