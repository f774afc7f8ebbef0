/**
 * What is done while others are here: they are shown and announced, our place is sent to them, and they are followed.
 *
 * Our place is sent at most every 100 ms, and only while somebody is there to see it. What the server then reports of us is compared with what we
 * sent, so that nothing has to be remembered over connections that break: whatever differs is sent again.
 */
import { effect } from "@preact/signals";
import { grouped, keptMarks, marksOf, type Someone } from "../model/people.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Presence, SetPresence } from "../rpc/schema.ts";
import { following, marks, ownSelection, type PresenceFollower, people, unlisted } from "../session/presence.ts";
import { mode, selected } from "../session/selection.ts";
import type { SessionStore } from "../session/store.ts";
import { s } from "../text/sharing.ts";
import { say } from "../ui/notices.ts";

const SEND_MS = 100;
/** Who does something without moving sends this often: before that, nobody counts as idle. */
const STILL_MS = 30_000;

export class PresenceFollow implements PresenceFollower {
  #sent = "";
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #known: Map<string, string> | null = null;
  readonly #stops: (() => void)[] = [];

  constructor(readonly store: SessionStore) {
    this.#stops.push(effect(() => this.#moved(this.#place())));
    this.#stops.push(effect(() => this.#keepInView()));
    const touched = (): void => {
      if (performance.now() - this.#sentAt > STILL_MS) this.#send();
    };
    const leave = (event: Event): void => {
      touched();
      if (following.value === null) return;
      if (event instanceof KeyboardEvent && /^(Shift|Control|Alt|Meta|Tab)$/.test(event.key)) return;
      const isEscape = event instanceof KeyboardEvent && event.key === "Escape"; // wherever the focus is
      if (!isEscape && event.target instanceof Element && event.target.closest(".follow-bar, .people, dialog, .menu") !== null) return;
      following.value = null;
    };
    for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      addEventListener(name, leave, { capture: true, passive: true });
      this.#stops.push(() => removeEventListener(name, leave, { capture: true }));
    }
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Applies a notification of the server. */
  observe(presence: Presence): void {
    const all = grouped(presence);
    const others = all.length > 1 || presence.more > 0;
    const shown = others ? all : [];
    if (JSON.stringify(shown) !== JSON.stringify(people.peek())) people.value = shown; // a caret that moves is not painted up there
    unlisted.value = presence.more;
    marks.value = keptMarks(marks.value, marksOf(presence));
    this.#speak(all);
    if (following.value !== null && !all.some(one => one.person === following.value)) following.value = null;
    const mine = presence.people.find(one => one.id === presence.you);
    const wanted = this.#place();
    const known = JSON.stringify([mine?.cell ?? null, mine?.selection ?? null]);
    if (others && known !== JSON.stringify([wanted.cell, wanted.selection])) this.#schedule();
  }

  /** Announces quietly who came and who went; not those who were here before us. */
  #speak(all: readonly Someone[]): void {
    const now = new Map(all.filter(one => !one.isYou).map(one => [one.person, one.name]));
    const before = this.#known ?? now;
    for (const [person, name] of now) if (!before.has(person)) say(s.joined(name));
    for (const [person, name] of before) if (!now.has(person)) say(s.left(name));
    this.#known = now;
  }

  // ---- where we are

  #place(): Required<Pick<SetPresence, "cell" | "selection">> {
    const cell = selected.value;
    return { cell, selection: cell !== null && mode.value === "edit" ? ownSelection.value : null };
  }

  #moved(place: { cell?: string | null }): void {
    if (people.peek().length > 0 && JSON.stringify(place) !== this.#sent) this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#send(), Math.max(0, this.#sentAt + SEND_MS - performance.now()));
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { connection, id: session } = this.store;
    if (connection.phase !== "live" || people.peek().length === 0) return;
    const place = this.#place();
    this.#sent = JSON.stringify(place);
    this.#sentAt = performance.now();
    connection.call("presence.set", { session, ...place }).catch((error: unknown) => {
      if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error; // the next word of the server brings it up again
    });
  }

  // ---- where they are

  #keepInView(): void {
    const cell = people.value.find(one => one.person === following.value)?.cell ?? null;
    if (cell !== null) document.getElementById(`cell-${cell}`)?.scrollIntoView({ block: "center" });
  }
}
