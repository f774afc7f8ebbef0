/** Questions to a kernel that come by themselves, while somebody types: one at a time, and none that is not wanted any more when its turn comes. */
import type { SessionStore } from "../session/store.ts";

class Gate {
  #asked: Promise<unknown> | null = null;

  /**
   * Asks when the question before has its answer.
   *
   * Args:
   *   isWanted: whether the answer is wanted when its turn comes.
   *   question: asks.
   *
   * Returns: the answer; null when it was not asked.
   */
  async ask<T>(isWanted: () => boolean, question: () => Promise<T>): Promise<T | null> {
    while (this.#asked !== null) await this.#asked;
    if (!isWanted()) return null;
    const answer = question();
    this.#asked = answer.then(
      () => {},
      () => {}, // whoever asked has the failure
    );
    try {
      return await answer;
    } finally {
      this.#asked = null;
    }
  }
}

const gates = new WeakMap<SessionStore, Gate>();

/** The gate of a session. */
export function gateOf(store: SessionStore): Gate {
  const gate = gates.get(store) ?? new Gate();
  gates.set(store, gate);
  return gate;
}
