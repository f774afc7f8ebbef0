/** People who have a session open, as the server reports them. */
import type { Person, Presence } from "../src/rpc/schema.ts";

export const person = (id: string, more: Partial<Person> = {}): Person => ({
  id,
  person: `person-${id}`,
  name: `${id} (guest)`,
  verb: "read",
  is_guest: true,
  cell: null,
  selection: null,
  is_idle: false,
  asks: null,
  asks_for: null,
  view: null,
  follows: null,
  ...more,
});

export const owner = (id: string, more: Partial<Person> = {}): Person =>
  person(id, { person: "owner", name: "ada", verb: "own", is_guest: false, ...more });

export const presence = (you: string, ...all: Person[]): Presence => ({ session: "s", you, more: 0, lead: null, people: all });
