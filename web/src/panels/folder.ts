/** One folder below the root as this page shows it: its entries, kept up with the server by its word that the folder has changed. */
import { signal } from "@preact/signals";
import type { Connection } from "../rpc/connection.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { File } from "../rpc/schema.ts";
import { complain } from "../ui/notices.ts";

const PAGE = 1000;

/** How many lists of this page show a folder: the server knows one watch of it for them all. */
const shownBy = new Map<string, number>();

export class Folder {
  readonly entries = signal<readonly File[] | null>(null);
  /** Entries of the folder, more than were listed perhaps. */
  readonly total = signal(0);
  /** Why it cannot be shown. */
  readonly problem = signal<string | null>(null);
  #wanted = PAGE;
  #asked = 0;
  #again = false;
  #stops: (() => void)[] = [];

  constructor(
    readonly connection: Connection,
    readonly path: string,
  ) {}

  open(): void {
    shownBy.set(this.path, (shownBy.get(this.path) ?? 0) + 1);
    this.#stops = [
      this.connection.onPhase(phase => {
        if (phase === "live") this.#live();
      }),
      this.connection.onNotification(({ method, params }) => {
        if (method === "folder_changed" && (params as { path: string }).path === this.path) this.refresh();
      }),
    ];
    if (this.connection.phase === "live") this.#live();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    const others = (shownBy.get(this.path) ?? 1) - 1;
    if (others > 0) {
      shownBy.set(this.path, others);
      return;
    }
    shownBy.delete(this.path);
    if (this.connection.phase !== "live") return;
    this.connection.call("file.unwatch", { path: this.path }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure || error instanceof LineLost)) throw error; // the folder or the line is gone: nothing is watched any more
    });
  }

  #live(): void {
    this.connection.call("file.watch", { path: this.path }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure || error instanceof LineLost)) throw error; // the listing reports what is wrong with the folder
    });
    this.refresh();
  }

  /** Lists the folder again; while a listing is under way, once more after it. */
  refresh(): void {
    if (this.#asked > 0) {
      this.#again = true;
      return;
    }
    void this.#list();
  }

  more(): void {
    this.#wanted += 10 * PAGE;
    this.refresh();
  }

  async #list(): Promise<void> {
    this.#asked++;
    try {
      const entries: File[] = [];
      let total = 0;
      do {
        const limit = Math.min(10_000, this.#wanted - entries.length);
        const part = await this.connection.call("file.list", { path: this.path, offset: entries.length, limit });
        entries.push(...part.entries);
        total = part.total;
        if (part.entries.length === 0) break;
      } while (entries.length < Math.min(total, this.#wanted));
      this.entries.value = entries;
      this.total.value = total;
      this.problem.value = null;
    } catch (error) {
      if (error instanceof RpcFailure) this.problem.value = error.message;
      else if (!(error instanceof LineLost)) complain(error); // the next line lists again
    }
    this.#asked--;
    if (!this.#again || this.#stops.length === 0) return;
    this.#again = false;
    void this.#list();
  }
}

export const ORDERS = ["name", "modified", "size"] as const;
export type Order = (typeof ORDERS)[number];

const natural = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** A test of names by one word of a filter: what has it in it, or, with a star or a question mark, what is like it as a whole. */
function fits(word: string): (name: string) => boolean {
  if (!/[*?]/.test(word)) return name => name.includes(word);
  const source = word
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const like = new RegExp(`^${source}$`, "s");
  return name => like.test(name);
}

/** The entries whose name fits each word of the filter, in an order; folders stay first. */
export function arranged(entries: readonly File[], filter: string, order: Order, down: boolean): File[] {
  const tests = filter
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== "")
    .map(fits);
  const found = entries.filter(entry => tests.every(test => test(entry.name.toLowerCase())));
  const compare = (a: File, b: File): number => {
    if (order === "size" && a.kind !== "folder") return a.size - b.size;
    if (order === "modified") return a.modified < b.modified ? -1 : a.modified > b.modified ? 1 : 0;
    return natural.compare(a.name, b.name);
  };
  const first = (file: File): number => (file.kind === "folder" ? 0 : 1);
  return found.sort((a, b) => first(a) - first(b) || (down ? -compare(a, b) : compare(a, b)) || natural.compare(a.name, b.name));
}
