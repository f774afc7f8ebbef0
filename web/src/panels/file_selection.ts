/** Which entries of a list are selected, as file managers have it: one toggled, all up to one, all, none. The last one toggled is where a range begins. */
import { signal } from "@preact/signals";

export class FileSelection {
  readonly paths = signal<ReadonlySet<string>>(new Set());
  #from: string | null = null;

  has(path: string): boolean {
    return this.paths.value.has(path);
  }

  toggle(path: string): void {
    const paths = new Set(this.paths.value);
    if (!paths.delete(path)) paths.add(path);
    this.#from = path;
    this.paths.value = paths;
  }

  /** Selects all from where the range begins up to a path; `order` is how they are listed. */
  extend(order: readonly string[], to: string): void {
    const end = order.indexOf(to);
    const begin = this.#from === null ? -1 : order.indexOf(this.#from);
    if (begin < 0) this.#from = to;
    const [first, last] = begin < 0 ? [end, end] : [Math.min(begin, end), Math.max(begin, end)];
    this.paths.value = new Set(order.slice(first, last + 1));
  }

  /** Where a range begins that keys extend, unless there is one. */
  begin(path: string): void {
    if (this.paths.value.size === 0) this.#from = path;
  }

  all(order: readonly string[]): void {
    this.paths.value = new Set(order);
  }

  clear(): void {
    this.#from = null;
    if (this.paths.value.size > 0) this.paths.value = new Set();
  }

  /** Forgets what is not listed any more. */
  keep(listed: readonly string[]): void {
    const there = new Set(listed);
    const kept = [...this.paths.value].filter(path => there.has(path));
    if (kept.length < this.paths.value.size) this.paths.value = new Set(kept);
  }
}
