/**
 * When the views are updated: what happens once in the next frame, output that keeps coming at a pace at which it can be read along,
 * and while the person types seldom and in a pause, because a frame that paints new output cannot show the key that was just pressed.
 *
 *     soon     the next frame, at most every 50 ms: a run that starts or ends, cells that come and go, answers to what the person did
 *     flowing  the same; for 0.6 s after each typed letter at most every 250 ms, right after a letter has been shown, which is the
 *              longest time until the next one, and when the browser has nothing else to do
 *
 * What is asked for while something is scheduled is shown with it; only a call for `soon` does not wait for what may take longer.
 */

/** The views are updated at most so often. */
export const FLUSH_MS = 50;
/** The same for output while the person types: as often as a number that changes can be read. */
export const TYPING_FLUSH_MS = 250;
/** After a letter, the person is taken to type on for so long. */
const TYPING_MS = 600;
/** The next letter is waited for so long, and then a moment in which the browser has nothing else to do. */
const LETTER_MS = 200;
const PAUSE_MS = 100;

export type Urgency = "soon" | "flowing";

export class FlushScheduler {
  #scheduled: Urgency | null = null;
  #ran = Number.NEGATIVE_INFINITY;
  #typed = Number.NEGATIVE_INFINITY;
  #awaitsLetter = false;
  #cancel: () => void = () => {};

  constructor(readonly run: () => void) {}

  /** Notices what the person types, anywhere in the page, and when they look away; the function that it returns stops it. */
  watch(): () => void {
    const typed = (): void => {
      this.#typed = performance.now();
      if (this.#awaitsLetter) this.#afterLetter();
    };
    const hidden = (): void => {
      if (document.hidden && this.#scheduled !== null) this.run(); // the frame that it waits for would not come
    };
    addEventListener("beforeinput", typed, { capture: true, passive: true });
    document.addEventListener("visibilitychange", hidden);
    return () => {
      removeEventListener("beforeinput", typed, { capture: true });
      document.removeEventListener("visibilitychange", hidden);
    };
  }

  /** Schedules an update of the views: one for any number of calls. */
  ask(urgency: Urgency): void {
    if (urgency === "soon") this.#typed = Number.NEGATIVE_INFINITY; // what begins now is shown at once, its output too
    if (this.#scheduled === "soon" || this.#scheduled === urgency) return;
    this.#cancel();
    this.#scheduled = urgency;
    const now = performance.now();
    // A hidden page gets no animation frames, but its title still shows whether the kernel is busy.
    if (document.hidden) this.#later(this.run, 2 * FLUSH_MS);
    else if (now - this.#typed < TYPING_MS) this.#later(() => this.#awaitLetter(), this.#ran + TYPING_FLUSH_MS - now);
    else this.#later(() => this.#nextFrame(), this.#ran + FLUSH_MS - now);
  }

  /** Notes that the views were updated, scheduled or not. */
  ran(): void {
    this.cancel();
    this.#ran = performance.now();
  }

  /** Forgets what was asked for. */
  cancel(): void {
    this.#cancel();
    this.#awaitsLetter = false;
    this.#scheduled = null;
  }

  #later(run: () => void, ms: number): void {
    if (ms <= 0) {
      run();
      return;
    }
    const timer = setTimeout(run, ms);
    this.#stopBy(() => clearTimeout(timer));
  }

  #nextFrame(): void {
    const frame = requestAnimationFrame(() => this.run());
    this.#stopBy(() => cancelAnimationFrame(frame));
  }

  #awaitLetter(): void {
    this.#later(() => this.#inPause(), LETTER_MS);
    this.#awaitsLetter = true;
  }

  #afterLetter(): void {
    this.#cancel();
    const frame = requestAnimationFrame(() => this.#inPause());
    this.#stopBy(() => cancelAnimationFrame(frame));
  }

  #inPause(): void {
    this.#stopBy(whenIdle(this.run, PAUSE_MS));
  }

  #stopBy(cancel: () => void): void {
    this.#awaitsLetter = false;
    this.#cancel = cancel;
  }
}

/** Runs something when the browser has nothing better to do (Safari does not report when that is), or after `timeout` ms. */
export function whenIdle(run: () => void, timeout = 1000): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(run, 30);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(run, { timeout });
  return () => cancelIdleCallback(handle);
}
