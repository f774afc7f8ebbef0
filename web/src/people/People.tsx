/** The people in the top bar, and the bar that names whom one follows, or is asked to. Comes when somebody else is here. */
import type { Someone } from "../model/people.ts";
import { server } from "../session/connection.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { following, lead, people, unlisted } from "../session/presence.ts";
import { s } from "../text/sharing.ts";
import { Banner } from "../ui/Banner.tsx";
import { Ask } from "../ui/Dialog.tsx";
import { Menu } from "../ui/Menu.tsx";
import type { MenuRow } from "../ui/menu_rows.ts";
import { complain } from "../ui/notices.ts";
import { dialog } from "../ui/page_state.ts";
import { actsOn, allow, follow, question, remove, whereabouts } from "./person_acts.ts";

const MOST = 4;

const show = (which: "logins" | "people") => (): void => {
  dialog.value = which;
};

function rowsOf(open: Open, one: Someone): MenuRow[] {
  return [
    { heading: s.avatar(one.isYou ? s.youAre(one.name) : one.name, s.holds[one.verb]) },
    one.isYou && may("own") && { title: s.loginsItem, run: show("logins") },
    one.isYou && { title: s.peopleItem, run: show("people") },
    ...actsOn(open, one),
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

/** What is asked before somebody may run code, or is removed. */
function Question({ open }: { open: Open }) {
  const asked = question.value;
  if (asked === null) return null;
  const { about, one } = asked;
  const close = (): void => {
    question.value = null;
  };
  return about === "run" ? (
    <Ask
      title={s.runAsk(one.name)}
      body={s.means(server.value?.owner ?? s.you).execute}
      act={s.letThemRun}
      onClose={close}
      onAct={() => void allow(open, one, "execute")}
    />
  ) : (
    <Ask title={s.removeAsk(one.name)} body={s.removeBody} act={s.removeAct} danger onClose={close} onAct={() => void remove(open, one)} />
  );
}

/** Avatars where there is room for them, and a number that opens the list of all; for whoever may answer, how many ask for more. */
export function Avatars({ open }: { open: Open }) {
  const all = people.value;
  const count = all.length + unlisted.value;
  const rest = count - MOST;
  const asking = may("own") ? all.filter(one => one.asks !== null).length : 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a set of form fields is not what this is
    <span class="people" role="group" aria-label={s.people}>
      {all.slice(0, MOST).map(one => (
        <Avatar key={one.person} open={open} one={one} />
      ))}
      {rest > 0 && (
        <button
          type="button"
          class="avatar rest"
          aria-label={`${s.more(rest)}: ${s.others(rest)}`}
          title={s.others(rest)}
          onClick={show("people")}
        >
          {s.more(rest)}
        </button>
      )}
      <button type="button" class="avatar count" aria-label={s.peopleCount(count)} title={s.peopleCount(count)} onClick={show("people")}>
        {count}
      </button>
      {asking > 0 && (
        <button
          type="button"
          class="asking"
          aria-label={`${asking}: ${s.askCount(asking)}`}
          title={s.askCount(asking)}
          onClick={show("people")}
        >
          {asking}
        </button>
      )}
      <Question open={open} />
    </span>
  );
}

/** Asks everybody to follow, or ends that. */
export async function setLead({ store }: Open, on: boolean): Promise<void> {
  try {
    await store.connection.call("presence.lead", { session: store.id, on });
  } catch (error) {
    complain(error);
  }
}

function Led({ one }: { one: Someone }) {
  return (
    <Banner
      kind="info"
      icon="people"
      bold={s.ledBy(one.name)}
      end={
        <button type="button" class="btn" onClick={() => follow(one)}>
          {s.followBack}
        </button>
      }
    />
  );
}

function Leading({ open }: { open: Open }) {
  const you = people.value.find(one => one.isYou)?.person;
  return (
    <Banner
      kind="info"
      icon="people"
      bold={s.leading}
      end={
        <button type="button" class="btn" onClick={() => void setLead(open, false)}>
          {s.leadEnd}
        </button>
      }
    >
      {s.leadingCount(people.value.filter(one => one.follows === you).length)}
    </Banner>
  );
}

export function FollowBar({ open }: { open: Open }) {
  const all = people.value;
  const one = all.find(({ person }) => person === following.value);
  const leader = all.find(({ person }) => person === lead.value);
  if (one === undefined && leader === undefined) return null;
  return (
    <div class="banners follow-bar">
      {one !== undefined ? (
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
        >
          {one.person === lead.value && `${s.ledBy(one.name)} `}
          {s.leaveHint}
        </Banner>
      ) : (
        leader !== undefined && (leader.isYou ? <Leading open={open} /> : <Led one={leader} />)
      )}
    </div>
  );
}
