/** Who is here, from the connections that the server reports: one of each person, with a colour and initials. Pure. */
import type { Person, Presence, Selection, Verb, View } from "../rpc/schema.ts";

/** Colours of people, in tokens `--p0` and on; the first is the owner's. */
export const COLOURS = 8;

/** A right that somebody can ask for. */
export type Wish = NonNullable<Person["asks_for"]>;

export interface Someone {
  /** The same for all their pages. */
  readonly person: string;
  /** As `by` of events has it. */
  readonly name: string;
  readonly initials: string;
  readonly colour: number;
  readonly verb: Verb;
  readonly isYou: boolean;
  /** Whether none of their pages has been touched for a while. */
  readonly isIdle: boolean;
  /** Where they moved last. */
  readonly cell: string | null;
  /** Whether the caret of that page is in the source. */
  readonly isEditing: boolean;
  /** The right that they ask for, while they wait for an answer. */
  readonly asks: Wish | null;
  /** What the page shows where they moved last. */
  readonly view: View | null;
  /** The person whom they follow. */
  readonly follows: string | null;
}

/** A part of the list of people, under a heading. */
export interface PeoplePart {
  readonly title: string;
  readonly people: readonly Someone[];
}

/** Words for the parts of the list. */
export interface PartWords {
  readonly asking: string;
  readonly editing: string;
  readonly viewing: string;
  readonly inNoGroup: string;
}

/** Whether the name of somebody has what is searched, whatever the case and the accents. */
export function isFound(one: Someone, query: string): boolean {
  const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain(one.name).includes(plain(query.trim()));
}

/**
 * The list of people in parts: those who ask first, then those who may edit, then the others; or, with their groups, by group.
 *
 * Args:
 *   all: the people, in their order.
 *   groups: the groups of people, by person; null: parts by what they may do.
 */
export function partsOf(all: readonly Someone[], groups: ReadonlyMap<string, readonly string[]> | null, words: PartWords): PeoplePart[] {
  const parts = new Map<string, Someone[]>([[words.asking, []]]);
  const put = (title: string, one: Someone): void => void parts.set(title, [...(parts.get(title) ?? []), one]);
  if (groups === null) for (const title of [words.editing, words.viewing]) parts.set(title, []);
  else for (const title of [...new Set([...groups.values()].flat())].sort((a, b) => a.localeCompare(b))) parts.set(title, []);
  for (const one of all) {
    if (one.asks !== null) put(words.asking, one);
    else if (groups === null) put(one.verb === "read" || one.verb === "none" ? words.viewing : words.editing, one);
    else for (const title of groups.get(one.person) ?? []) put(title, one);
    if (one.asks === null && groups !== null && (groups.get(one.person) ?? []).length === 0) put(words.inNoGroup, one);
  }
  return [...parts].filter(([, people]) => people.length > 0).map(([title, people]) => ({ title, people }));
}

/** Somebody else at a cell. */
export interface Mark {
  readonly id: string;
  readonly person: string;
  readonly name: string;
  readonly colour: number;
  readonly isIdle: boolean;
  readonly selection: Selection | null;
}

const GUEST = / \(guest\)$/;
const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
const letters = (text: string): string[] => [...segments.segment(text)].map(one => one.segment);

/** Two letters for a name: of its first and last word, or the first two of its only one. */
export function initialsOf(name: string): string {
  const words = name.replace(GUEST, "").split(/\s+/).filter(Boolean);
  const [first = "?"] = words;
  const last = words.at(-1) ?? first;
  if (words.length > 1) return `${letters(first)[0]}${letters(last)[0]}`.toUpperCase();
  const [one = "?", two = ""] = letters(first);
  return one.toUpperCase() + two.toLowerCase();
}

/** The colour of a person, the same on every page and every day. */
export function colourOf(person: string): number {
  if (person === "owner") return 0;
  let sum = 7;
  for (const letter of person) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return 1 + (sum % (COLOURS - 1));
}

/** The people of a notification: you first, then the owner, then by name. */
export function grouped({ you, people }: Presence): Someone[] {
  const mine = people.find(one => one.id === you)?.person ?? null;
  const found = new Map<string, Person[]>();
  for (const one of people) found.set(one.person, [...(found.get(one.person) ?? []), one]);
  const all = [...found.values()].map(pages => someone(pages, mine));
  const rank = (one: Someone): number => (one.isYou ? 0 : one.verb === "own" ? 1 : 2);
  return all.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || a.person.localeCompare(b.person));
}

function someone(pages: readonly Person[], mine: string | null): Someone {
  const [first] = pages as [Person, ...Person[]];
  return {
    person: first.person,
    name: first.name,
    initials: initialsOf(first.name),
    colour: colourOf(first.person),
    verb: first.verb,
    isYou: first.person === mine,
    isIdle: pages.every(page => page.is_idle),
    cell: first.cell,
    isEditing: first.selection !== null,
    asks: (first.asks === "waiting" ? first.asks_for : null) ?? null,
    view: first.view ?? null,
    follows: pages.find(page => page.follows != null)?.follows ?? null,
  };
}

/** Where the others are, by cell. */
export function marksOf({ you, people }: Presence): Map<string, Mark[]> {
  const mine = people.find(one => one.id === you)?.person ?? null;
  const marks = new Map<string, Mark[]>();
  for (const { id, person, name, cell, is_idle, selection } of people) {
    if (person === mine || cell === null) continue;
    const mark = { id, person, name, colour: colourOf(person), isIdle: is_idle, selection };
    marks.set(cell, [...(marks.get(cell) ?? []), mark]);
  }
  return marks;
}

/** The marks of before, with those of cells where nothing has changed: what is the same is not painted again. */
export function keptMarks(before: ReadonlyMap<string, readonly Mark[]>, now: Map<string, Mark[]>): ReadonlyMap<string, readonly Mark[]> {
  const kept = new Map<string, readonly Mark[]>();
  for (const [cell, marks] of now) {
    const old = before.get(cell);
    kept.set(cell, old !== undefined && JSON.stringify(old) === JSON.stringify(marks) ? old : marks);
  }
  return kept;
}
