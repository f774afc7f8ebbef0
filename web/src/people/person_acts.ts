/** What can be done with one of the people here: followed, found, given more or less, and removed. */

import { signal } from "@preact/signals";
import type { Someone } from "../model/people.ts";
import { jump } from "../panels/queue.ts";
import type { Right } from "../rpc/schema.ts";
import type { Open } from "../session/open_session.ts";
import { may } from "../session/permissions.ts";
import { following } from "../session/presence.ts";
import { s } from "../text/sharing.ts";
import type { MenuRow } from "../ui/menu_rows.ts";
import { complain, say, toast } from "../ui/notices.ts";

/** What is asked about before it is done; null: nothing. */
export const question = signal<{ readonly about: "run" | "remove"; readonly one: Someone } | null>(null);

/** Keeps in view what somebody sees, from now on. */
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

const told = (words: string): void => {
  toast(words);
  say(words);
};

/** Gives one person a right, more or less than before. */
export async function allow({ store }: Open, one: Someone, verb: Right): Promise<void> {
  try {
    await store.connection.call("presence.allow", { session: store.id, person: one.person, verb });
    told(s.allowed(one.name, verb));
  } catch (error) {
    complain(error);
  }
}

export async function decline({ store }: Open, one: Someone): Promise<void> {
  try {
    await store.connection.call("presence.decline", { session: store.id, person: one.person });
  } catch (error) {
    complain(error);
  }
}

export async function remove({ store }: Open, one: Someone): Promise<void> {
  try {
    await store.connection.call("presence.remove", { session: store.id, person: one.person });
    told(s.removedPerson(one.name));
  } catch (error) {
    complain(error);
  }
}

/**
 * The rows of somebody's menu. The server decides what their right comes from, and says so where it cannot be changed here.
 *
 * Args:
 *   leave: called before the page shows another part of the notebook: closes what would be in the way.
 */
export function actsOn(open: Open, one: Someone, leave: () => void = () => {}): MenuRow[] {
  if (one.isYou) return [];
  const at = open.store.indexOf(one.cell) + 1;
  const managed = may("own") && one.verb !== "own";
  const there = (go: () => void) => (): void => {
    leave();
    go();
  };
  const ask = (about: "run" | "remove") => (): void => {
    question.value = { about, one };
  };
  return [
    { title: s.follow(one.name), run: there(() => follow(one)) },
    at > 0 && { title: s.goTo(at), run: there(() => jump(open, one.cell)) },
    managed && one.verb !== "write" && { title: s.letEdit, run: () => void allow(open, one, "write") },
    managed && one.verb !== "execute" && { title: s.letRun, run: ask("run") },
    managed && one.verb !== "read" && { title: s.backToViewing, run: () => void allow(open, one, "read") },
    managed && { title: s.removePerson, run: ask("remove") },
  ];
}
