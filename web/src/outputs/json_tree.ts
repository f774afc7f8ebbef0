/** Reading a JSON value as a tree: what is in a branch, where a text is found, and how a place is written in Python and JavaScript alike. */
import type { Json } from "../rpc/schema.ts";

export type Step = string | number;
export type Place = readonly Step[];

/** Values that a search looks at before it stops. */
export const MOST_VISITED = 500_000;
export const MOST_FOUND = 1000;

export function entries(value: Json): [Step, Json][] | null {
  if (Array.isArray(value)) return value.map((one, at) => [at, one]);
  return typeof value === "object" && value !== null ? Object.entries(value) : null;
}

export function size(value: Json): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

/** A place as a subscript: `["a"][0]`. */
export const written = (place: Place): string => place.map(step => `[${JSON.stringify(step)}]`).join("");

export const keyOf = (place: Place): string => JSON.stringify(place);

/** Places whose key or plain value holds the text, whatever its case, in the order of the tree. */
export function found(root: Json, text: string): { places: Place[]; more: boolean } {
  const wanted = text.toLowerCase();
  const places: Place[] = [];
  if (wanted === "") return { places, more: false };
  const waiting: [Place, Json][] = [[[], root]];
  for (let visited = 0; waiting.length > 0; visited++) {
    if (visited >= MOST_VISITED || places.length >= MOST_FOUND) return { places, more: true };
    const [place, value] = waiting.pop() as [Place, Json];
    const key = place.at(-1);
    const inside = entries(value);
    const inKey = typeof key === "string" && key.toLowerCase().includes(wanted);
    if (inKey || (inside === null && String(value).toLowerCase().includes(wanted))) places.push(place);
    for (const [step, one] of inside?.reverse() ?? []) waiting.push([[...place, step], one]);
  }
  return { places, more: false };
}

/** Whether the tree has more than so many branches and leaves. */
export function isLarge(root: Json, most: number): boolean {
  const waiting = [root];
  for (let count = 0; waiting.length > 0; count++) {
    if (count > most) return true;
    for (const [, one] of entries(waiting.pop() as Json) ?? []) waiting.push(one);
  }
  return false;
}
