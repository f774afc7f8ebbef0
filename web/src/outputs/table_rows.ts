/**
 * The rows of a large table, by their numbers: fetched in pages when they are seen, the last ones kept.
 *
 *     seen rows ──► pages that are missing ──► the source (a file, or a value of a kernel) ──► `version` counts up
 *
 * Another order or filter begins anew; what comes for an earlier one is dropped. Where the source has not counted all rows yet, it is asked on.
 */
import { signal } from "@preact/signals";

export interface TableQuery {
  readonly offset: number;
  readonly limit: number;
  /** The column, from 0, that rows are sorted by. */
  readonly sort: number | null;
  readonly descending: boolean;
  readonly filter: string;
  /** Whether long values are wanted whole. */
  readonly whole?: boolean;
}

export interface TablePart {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly total: number;
  readonly isWhole: boolean;
  readonly canSort: boolean;
  readonly canFilter: boolean;
  /** The name of each row, if rows have names. */
  readonly labels?: readonly string[];
}

export interface TableSource {
  /** Rejects with a sentence. */
  read(query: TableQuery): Promise<TablePart>;
}

export const PAGE = 200;
const MOST_PAGES = 60;
/** A value of so many characters may have been cut. */
const CUT = 2000;

interface Page {
  readonly rows: readonly (readonly string[])[];
  readonly labels: readonly string[] | undefined;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class TableRows {
  readonly columns = signal<readonly string[]>([]);
  /** The most values that a row was seen to have. */
  readonly width = signal(0);
  readonly total = signal(0);
  readonly isWhole = signal(false);
  readonly canSort = signal(false);
  readonly canFilter = signal(false);
  readonly problem = signal<string | null>(null);
  /** Whether something was shown yet. */
  readonly began = signal(false);
  readonly busy = signal(false);
  /** Counts what came. */
  readonly version = signal(0);
  sort: number | null = null;
  descending = false;
  filter = "";
  readonly #pages = new Map<number, Page>();
  readonly #asked = new Set<number>();
  /** Whether the pages are those of an earlier order, shown until the first of this one comes. */
  #isStale = false;
  #turn = 0;
  #over = false;

  constructor(readonly source: TableSource) {}

  /** Begins, or begins anew: with other rows, or in another order. */
  start(): void {
    this.#turn++;
    this.#isStale = true;
    this.#asked.clear();
    this.problem.value = null;
    this.isWhole.value = false;
    this.version.value++;
    void this.#fetch(0);
  }

  stop(): void {
    this.#over = true;
  }

  /** Other rows, or another order of them. */
  order(change: { sort?: number | null; descending?: boolean; filter?: string }): void {
    Object.assign(this, change);
    this.start();
  }

  /** The next order by a column: up, down, and as it was. */
  turn(column: number): void {
    if (this.sort !== column) this.order({ sort: column, descending: false });
    else if (!this.descending) this.order({ descending: true });
    else this.order({ sort: null, descending: false });
  }

  /** The values of a row, or null until they have come. */
  row(at: number): readonly string[] | null {
    return this.#pages.get(Math.floor(at / PAGE))?.rows[at % PAGE] ?? null;
  }

  /** The name of a row: its number, where it has no other. */
  label(at: number): string {
    return this.#pages.get(Math.floor(at / PAGE))?.labels?.[at % PAGE] ?? String(at + 1);
  }

  /** Fetches what is missing of rows that are seen, from `first` up to, not including, `end`. */
  see(first: number, end: number): void {
    if (this.#isStale) return;
    const last = Math.min(end, this.total.value);
    for (let page = Math.floor(first / PAGE); page * PAGE < last; page++)
      if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#fetch(page);
  }

  /** Rows with whole values for whoever wants them all, in order, some at a time. Rejects as the source. */
  async *each(first: number, end: number): AsyncGenerator<readonly [readonly string[], string]> {
    let at = first;
    while (at < end) {
      const known = this.row(at);
      if (known?.every(value => value.length < CUT) === true) {
        yield [known, this.label(at)];
        at++;
        continue;
      }
      const part = await this.source.read({ ...this.#query(at, Math.min(5 * PAGE, end - at)), whole: true });
      if (part.rows.length === 0) return;
      for (const [n, row] of part.rows.entries()) yield [row, part.labels?.[n] ?? String(at + n + 1)];
      at += part.rows.length;
    }
  }

  #query(offset: number, limit: number): TableQuery {
    return { offset, limit, sort: this.sort, descending: this.descending, filter: this.filter };
  }

  #met(part: TablePart): void {
    this.columns.value = part.columns;
    const before = this.#isStale ? 0 : this.width.value;
    this.width.value = part.rows.reduce((most, row) => Math.max(most, row.length), Math.max(before, part.columns.length));
    this.total.value = part.total;
    this.isWhole.value = part.isWhole;
    this.canSort.value = part.canSort;
    this.canFilter.value = part.canFilter;
  }

  async #fetch(page: number): Promise<void> {
    const turn = this.#turn;
    const isCurrent = (): boolean => turn === this.#turn && !this.#over;
    this.#asked.add(page);
    this.busy.value = true;
    try {
      const rows: (readonly string[])[] = [];
      let labels: readonly string[] | undefined;
      while (rows.length < PAGE) {
        const part = await this.source.read(this.#query(page * PAGE + rows.length, PAGE - rows.length));
        if (!isCurrent()) return;
        this.#met(part);
        rows.push(...part.rows);
        labels = part.labels === undefined ? undefined : [...(labels ?? []), ...part.labels];
        if (part.rows.length === 0 || page * PAGE + rows.length >= part.total) break;
      }
      this.#keep(page, { rows, labels });
      if (page === 0) void this.#count(turn);
    } catch (error) {
      if (isCurrent()) this.problem.value = message(error);
    } finally {
      if (isCurrent()) {
        this.#asked.delete(page);
        this.busy.value = this.#asked.size > 0;
        this.began.value = true;
        this.version.value++;
      }
    }
  }

  #keep(page: number, found: Page): void {
    if (this.#isStale) this.#pages.clear();
    this.#isStale = false;
    this.#pages.delete(page);
    this.#pages.set(page, found);
    for (const old of this.#pages.keys()) {
      if (this.#pages.size <= MOST_PAGES) return;
      this.#pages.delete(old);
    }
  }

  /** Asks until all rows are counted. */
  async #count(turn: number): Promise<void> {
    try {
      while (turn === this.#turn && !this.#over && !this.isWhole.value) {
        const part = await this.source.read(this.#query(0, 0));
        if (turn !== this.#turn || this.#over) return;
        this.#met(part);
        this.version.value++;
      }
    } catch (error) {
      if (turn === this.#turn && !this.#over) this.problem.value = message(error);
    }
  }
}
