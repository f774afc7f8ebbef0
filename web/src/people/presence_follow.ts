/**
 * What is done while others are here: they are shown and announced, our place is sent to them, and they are followed, also when they ask for it.
 *
 * Our place is sent at most every 100 ms, and only while somebody is there to see it. What the server then reports of us is compared with what we
 * sent, so that nothing has to be remembered over connections that break: whatever differs is sent again.
 */
import { effect, signal } from "@preact/signals";
import { grouped, keptMarks, marksOf, type Someone } from "../model/people.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Presence, SetPresence, View } from "../rpc/schema.ts";
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
  #lead: string | null = null;
  #you: string | null = null;
  /** Whether our place is followed by somebody: only then what the page shows is sent. */
  readonly #followed = signal(false);
  readonly #view = signal<View | null>(null);
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
    const scrolled = (): void => {
      if (this.#followed.peek()) this.#view.value = shownView();
    };
    addEventListener("scroll", scrolled, { capture: true, passive: true });
    this.#stops.push(() => removeEventListener("scroll", scrolled, { capture: true }));
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
    const mine = presence.people.find(one => one.id === presence.you);
    this.#you = mine?.person ?? null;
    this.#beLed(presence, all);
    this.#seen(presence);
    const wanted = JSON.stringify(this.#place());
    const { cell = null, selection = null, view = null, follows = null } = mine ?? {};
    if (others && JSON.stringify({ cell, selection, view, follows }) !== wanted) this.#schedule();
  }

  /** Follows whoever asks everybody to, once for each time that they ask; whoever is typing is only shown the offer. */
  #beLed(presence: Presence, all: readonly Someone[]): void {
    const wanted = presence.lead ?? null;
    const leader = all.find(one => one.person === wanted);
    if (wanted !== this.#lead && leader !== undefined && !leader.isYou && mode.peek() !== "edit") {
      following.value = wanted;
      say(`${s.ledBy(leader.name)} ${s.leaveHint}`);
    }
    if (wanted === null && this.#lead !== null && following.value === this.#lead) following.value = null;
    if (wanted === null || leader !== undefined) this.#lead = wanted;
    const followed = following.value;
    if (followed !== null && followed !== wanted && !all.some(one => one.person === followed)) following.value = null;
  }

  /** Notes whether somebody looks at what this page shows. */
  #seen({ people: pages, lead }: Presence): void {
    const you = this.#you;
    this.#followed.value = you !== null && (lead === you || pages.some(page => page.follows === you));
    this.#view.value = this.#followed.value ? shownView() : null;
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

  #place(): Required<Omit<SetPresence, "session">> {
    const cell = selected.value;
    const selection = cell !== null && mode.value === "edit" ? ownSelection.value : null;
    return { cell, selection, view: this.#view.value, follows: following.value };
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
    const one = people.value.find(({ person }) => person === following.value);
    if (one === undefined || one.follows === this.#you) return; // of two who follow each other, neither is moved
    const { cell, view } = one;
    if (view !== null && showView(view)) return;
    if (cell !== null) document.getElementById(`cell-${cell}`)?.scrollIntoView({ block: "center" });
  }
}

/** The cell in the middle of the page, and how far down it that is; null where no cell is. */
export function shownView(): View | null {
  const page = document.getElementById("main");
  if (page === null) return null;
  const box = page.getBoundingClientRect();
  const middle = (box.top + box.bottom) / 2;
  const cells = page.querySelectorAll(".cell[id^=cell-]");
  let [low, high] = [0, cells.length - 1];
  while (low < high) {
    const at = (low + high) >> 1;
    if ((cells[at]?.getBoundingClientRect().bottom ?? 0) < middle) low = at + 1;
    else high = at;
  }
  const cell = cells[low];
  if (cell === undefined) return null;
  const { top, height } = cell.getBoundingClientRect();
  const part = height === 0 ? 0 : Math.min(1, Math.max(0, (middle - top) / height));
  return { cell: cell.id.slice("cell-".length), part: Math.round(part * 1000) / 1000 };
}

/** Scrolls so that the same is in the middle of this page; false where there is no such cell. */
function showView({ cell, part }: View): boolean {
  const page = document.getElementById("main");
  const there = document.getElementById(`cell-${cell}`);
  if (page === null || there === null) return false;
  const box = page.getBoundingClientRect();
  const { top, height } = there.getBoundingClientRect();
  page.scrollTop += top + part * height - (box.top + box.bottom) / 2;
  return true;
}
