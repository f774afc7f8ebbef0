/** Signals that count how often something of an id has changed; made when the first view asks for one. */
import { type Signal, signal } from "@preact/signals";

export class Versions {
  readonly #signals = new Map<string, Signal<number>>();

  of(id: string): Signal<number> {
    let version = this.#signals.get(id);
    if (version === undefined) {
      version = signal(0);
      this.#signals.set(id, version);
    }
    return version;
  }

  /** Redraws the views of an id, if there are any. */
  bump(id: string): void {
    const version = this.#signals.get(id);
    if (version !== undefined) version.value++;
  }
}
