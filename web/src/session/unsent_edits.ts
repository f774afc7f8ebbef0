/** How many edits and new cells the server does not have. */
import { signal } from "@preact/signals";

/** What is being sent is shown anew when it has not changed for so long. */
const STEADY_MS = 400;

export class UnsentEdits {
  /** The number now. */
  readonly count = signal(0);
  /** The number for the eye: what is on its way for a moment at each key is shown steadily, and does not change twice a key. */
  readonly steady = signal(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  set(count: number): void {
    if (count === this.count.value) return;
    this.count.value = count;
    if (this.steady.value === 0) this.steady.value = count;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.steady.value = this.count.value;
    }, STEADY_MS);
  }

  /** Resolves when there are none. */
  async none(): Promise<void> {
    if (this.count.value === 0) return;
    await new Promise<void>(resolve => {
      const stop = this.count.subscribe(count => {
        if (count > 0) return;
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }
}
