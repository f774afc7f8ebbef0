/**
 * What a frame runs before its output (earlier_outputs.ts), and again when it found too little: an output may be drawn before the cell has run whose library
 * it uses. Then it is blank, or in error, until that run has ended, and is drawn anew.
 *
 * Only an output that misses a name waits; what an earlier one makes anew later is not seen, as everywhere in frames.
 */
import type { Piece } from "../frame/protocol.ts";
import { open } from "../session/open_session.ts";
import { complain } from "../ui/notices.ts";
import type { Place } from "./earlier_outputs.ts";
import type { Guest } from "./sealed_frame.ts";

/** Runs end by the hundred when a notebook runs: they are looked at together. */
const LOOK_MS = 300;

export interface Prepared {
  /** The output with those that it builds on. */
  readonly guest: Guest;
  /** Whether it uses a name that none of them is known to make. */
  readonly isMissing: boolean;
}

const isCode = ({ type }: Guest): boolean => type === "text/html" || type === "application/javascript";

/** An output as its frame gets it; null for one that only others build on. */
export async function prepared(guest: Guest, place: Place | null): Promise<Prepared | null> {
  const store = open.value?.store;
  if (store === undefined || place === null || !isCode(guest)) return { guest, isMissing: false };
  const { isSilent, piecesBefore } = await import("./earlier_outputs.ts");
  if (guest.type === "text/html" && isSilent(String(guest.body))) return null;
  const { pieces, isMissing } = await piecesBefore(store.model, store.id, place, guest);
  return { guest: { ...guest, before: pieces }, isMissing };
}

const isSame = (one: readonly Piece[], other: readonly Piece[]): boolean =>
  one.length === other.length && one.every(({ body }, at) => body === other[at]?.body);

/**
 * Calls `more` once when there is more to run before an output than it had.
 *
 * Args:
 *   guest: the output.
 *   place: of the output.
 *   had: what ran before it.
 *
 * Returns: what ends that.
 */
export function watchBefore(guest: Guest, place: Place | null, had: readonly Piece[], more: () => void): () => void {
  const store = open.value?.store;
  if (store === undefined) return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const look = async (): Promise<void> => {
    timer = undefined;
    const now = await prepared(guest, place);
    if (isOver || now === null || isSame(now.guest.before ?? [], had)) return;
    stop();
    more();
  };
  const end = store.head.subscribe(() => {
    if (timer === undefined) timer = setTimeout(() => look().catch(complain), LOOK_MS);
  });
  const stop = (): void => {
    isOver = true;
    end();
    clearTimeout(timer);
  };
  return stop;
}
