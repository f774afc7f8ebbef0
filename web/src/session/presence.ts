/** Who else is here. Small, for every page has it; what is done with it comes when somebody is (people/). */
import { signal } from "@preact/signals";
import type { Mark, Someone, Wish } from "../model/people.ts";
import type { Notification } from "../rpc/messages.ts";
import type { Person, Presence, Selection } from "../rpc/schema.ts";
import { p } from "../text/people.ts";
import { complain, toast } from "../ui/notices.ts";
import { may, setSessionRight } from "./permissions.ts";
import type { SessionStore } from "./store.ts";

/** Everybody who is here, you among them; empty while nobody else is. */
export const people = signal<readonly Someone[]>([]);
/** How many more are not listed. */
export const unlisted = signal(0);
/** Where the others are, by cell. */
export const marks = signal<ReadonlyMap<string, readonly Mark[]>>(new Map());
/** Whether you asked to edit, and what came of it. */
export const asked = signal<Person["asks"]>(null);
/** What you asked for. */
export const askedFor = signal<Wish>("write");
/** The person whom everybody is asked to follow. */
export const lead = signal<string | null>(null);
/** The person whose cell is kept in view. */
export const following = signal<string | null>(null);
/** Where the caret is in the cell that is edited here. */
export const ownSelection = signal<Selection | null>(null);

/** What is done while others are here. */
export interface PresenceFollower {
  observe(presence: Presence): void;
  stop(): void;
}

/** Makes one for a session; its code comes when somebody else is here. */
export type FetchFollower = () => Promise<(store: SessionStore) => PresenceFollower>;

/** Follows who is here; the function that it returns stops it. */
export function watchPeople(store: SessionStore, fetchFollower: FetchFollower): () => void {
  let here: PresenceFollower | null = null;
  let over = false;
  let newest: Presence | null = null;
  const observe = ({ method, params }: Notification): void => {
    if (method !== "presence" || (params as Presence).session !== store.id) return;
    newest = params as Presence;
    const { you } = newest;
    const mine = newest.people.find(one => one.id === you);
    if (mine !== undefined) store.verb.value = mine.verb;
    const wish = askedFor.value;
    if (asked.value === "waiting" && may(wish)) toast(p.mayNow[wish]);
    asked.value = mine?.asks ?? null;
    askedFor.value = mine?.asks_for ?? "write";
    lead.value = newest.lead ?? null;
    if (here !== null) here.observe(newest);
    else void fetch();
  };
  let fetching = false;
  const fetch = async (): Promise<void> => {
    if (fetching) return;
    fetching = true;
    const follow = await fetchFollower();
    if (over) return;
    here = follow(store);
    if (newest !== null) here.observe(newest);
  };
  const stop = store.connection.onNotification(notification => {
    try {
      observe(notification);
    } catch (error) {
      complain(error);
    }
  });
  const forget = (): void => {
    people.value = [];
    marks.value = new Map();
    asked.value = null;
    lead.value = null;
    unlisted.value = 0;
  };
  const told = store.verb.subscribe(setSessionRight);
  const unheard = store.connection.onPhase(phase => {
    if (phase !== "live") forget(); // who is alone afterwards gets no notification
  });
  return () => {
    over = true;
    stop();
    told();
    setSessionRight(null);
    unheard();
    here?.stop();
    forget();
    following.value = null;
  };
}
