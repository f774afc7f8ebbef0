/**
 * Where a name of one cell is defined among the cells of a notebook, without asking anybody.
 *
 * A name that its own cell does not bind before is that of another cell: the one that ran last and bound it, before this cell ran if it ran
 * as it stands; if none ran, the nearest above, then the first below. What leads out of the notebook (`np.mean`, an import that is followed
 * further) is for the kernel.
 */
import { type Binding, type Kind, Names, type Scope, type Spot } from "./python_scopes.ts";

export interface CodeCell {
  readonly id: string;
  readonly source: string;
}

/** Code of a cell that the kernel has run. */
export interface Ran {
  readonly cell: string;
  readonly code: string;
}

export interface NotebookCode {
  /** The code cells, in their order. */
  readonly cells: readonly CodeCell[];
  /** The runs of cells, the oldest first. */
  readonly runs: readonly Ran[];
}

export interface Place {
  readonly cell: string;
  readonly from: number;
  readonly to: number;
  readonly kind: Kind;
  /** The cell was changed since it ran, and what was defined in it then is not there any more: the place is the nearest that is known. */
  readonly gone: boolean;
}

export type Answer =
  | { readonly at: "cell"; readonly spot: Spot; readonly place: Place }
  /** The name stands where it is defined. */
  | { readonly at: "itself"; readonly spot: Spot; readonly kind: Kind }
  /** Only a kernel knows. */
  | { readonly at: "kernel"; readonly spot: Spot }
  | { readonly at: "nothing" };

/** Bases of classes are followed so far. */
const MOST_PARENTS = 8;

/** What was read of each cell, kept until its text changes. */
const read = new Map<string, Names>();
const MOST_READ = 500;

export function namesOf(cell: CodeCell): Names {
  const known = read.get(cell.id);
  if (known !== undefined && known.source === cell.source) return known;
  const names = new Names(cell.source);
  if (read.size >= MOST_READ) read.clear();
  read.set(cell.id, names);
  return names;
}

interface Found {
  readonly cell: CodeCell;
  readonly binding: Binding;
  readonly gone: boolean;
}

const whole = (cell: CodeCell, binding: Binding): Found => ({ cell, binding, gone: false });

/** The last binding of a name in the outermost scope of a cell. */
function lastIn(cell: CodeCell, name: string): Binding | null {
  return cell.source.includes(name) ? (namesOf(cell).module.named(name).at(-1) ?? null) : null;
}

/** The line (from 0) that a place is in. */
const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length - 1;

/** The place of a line (from 0) in a text: where its first letter is. */
export function startOfLine(text: string, line: number): number {
  const lines = text.split("\n");
  const at = Math.min(Math.max(0, line), lines.length - 1);
  const before = lines.slice(0, at).reduce((sum, one) => sum + one.length + 1, 0);
  return before + ((lines[at] ?? "").length - (lines[at] ?? "").trimStart().length);
}

/** The line of a text (from 0) that an old text had as this line: the same words if they are there, or as far down. */
export function lineNow(old: string, line: number, now: string): number {
  const words = old.split("\n")[line]?.trim() ?? "";
  const same = now.split("\n").flatMap((one, at) => (one.trim() === words ? [at] : []));
  const nearest = same.sort((a, b) => Math.abs(a - line) - Math.abs(b - line))[0];
  return nearest ?? line;
}

class Search {
  constructor(
    readonly notebook: NotebookCode,
    readonly home: CodeCell,
  ) {}

  #cell(id: string): CodeCell | undefined {
    return this.notebook.cells.find(one => one.id === id);
  }

  /** The runs to look through, the newest first: those before this cell's own, if it ran as it stands, and then all others. */
  #ran(from: CodeCell): Ran[] {
    const { runs } = this.notebook;
    const own = runs.findLastIndex(one => one.cell === from.id && one.code === from.source);
    const before = runs.slice(0, Math.max(0, own));
    const after = runs.slice(own < 0 ? 0 : own + 1);
    return [...before.reverse(), ...after.reverse()];
  }

  /** The cell that gave a name of the outermost scope its meaning. */
  elsewhere(name: string, from: CodeCell): Found | null {
    for (const run of this.#ran(from)) {
      const cell = run.cell === from.id ? undefined : this.#cell(run.cell);
      if (cell === undefined || !run.code.includes(name)) continue;
      const binding = run.code === cell.source ? lastIn(cell, name) : (new Names(run.code).module.named(name).at(-1) ?? null);
      if (binding === null) continue;
      const now = lastIn(cell, name);
      return now !== null ? whole(cell, now) : { cell, binding: moved(binding, run.code, cell.source), gone: true };
    }
    const at = this.notebook.cells.findIndex(one => one.id === from.id);
    const others = [...this.notebook.cells.slice(0, Math.max(0, at)).reverse(), ...this.notebook.cells.slice(at + 1)];
    for (const cell of others) {
      const binding = lastIn(cell, name);
      if (binding !== null) return whole(cell, binding);
    }
    return null;
  }

  /** What a plain name means at a place of a cell. */
  name(name: string, scope: Scope, at: number, cell: CodeCell): Found | null {
    const { binding, later } = namesOf(cell).meaning(name, scope, at);
    if (binding !== null && !later) return whole(cell, binding);
    return this.elsewhere(name, cell) ?? (binding === null ? null : whole(cell, binding));
  }

  /** The class that a name stands for, or that its value was made of. */
  #classOf(chain: readonly string[], scope: Scope, at: number, cell: CodeCell): Found | null {
    const [head] = chain;
    if (head === undefined || chain.length > 1) return null;
    const owner = namesOf(cell).selfOf(head, scope);
    if (owner !== null) {
      const own = namesOf(cell).classWith(owner);
      return own === null ? null : whole(cell, own);
    }
    const found = this.name(head, scope, at, cell);
    if (found === null || found.gone) return null;
    if (found.binding.kind === "class") return found;
    const { maker } = found.binding;
    const made = maker.length === 1 ? this.name(maker[0] ?? "", found.binding.scope, found.binding.from, found.cell) : null;
    return made?.binding.kind === "class" && !made.gone ? made : null;
  }

  /** An attribute of a class of this notebook, or of a class of this notebook that it is made from. */
  #memberOf(found: Found, name: string, depth = 0): Found | null {
    const { body } = found.binding;
    if (body === null || depth > MOST_PARENTS) return null;
    const own = namesOf(found.cell).member(body, name);
    if (own !== null) return whole(found.cell, own);
    for (const parent of body.parents) {
      const base = this.#classOf(parent, found.binding.scope, found.binding.from, found.cell);
      const there = base === null || base.binding === found.binding ? null : this.#memberOf(base, name, depth + 1);
      if (there !== null) return there;
    }
    return null;
  }

  #member({ chain, hasHead, scope, from }: Spot): Found | null {
    const owner = hasHead ? this.#classOf(chain.slice(0, -1), scope, from, this.home) : null;
    return owner === null ? null : this.#memberOf(owner, chain.at(-1) ?? "");
  }

  /** The parameter of a function that an argument is for, or the function. */
  #argument(spot: Spot): Found | null {
    const callee = spot.chain.length > 1 ? this.#member(spot) : this.name(spot.chain[0] ?? "", spot.scope, spot.from, this.home);
    const named = callee?.binding.body?.named(spot.name).find(one => one.kind === "parameter");
    return callee !== null && named !== undefined ? whole(callee.cell, named) : callee;
  }

  /** What stands at a place of the cell. */
  spot(spot: Spot): Found | null {
    if (spot.form === "imported") return null;
    if (spot.form === "member") return this.#member(spot);
    return spot.form === "keyword" ? this.#argument(spot) : this.name(spot.name, spot.scope, spot.from, this.home);
  }
}

function moved(binding: Binding, old: string, now: string): Binding {
  const from = startOfLine(now, lineNow(old, lineAt(old, binding.from), now));
  return { ...binding, from, to: from };
}

const answer = (spot: Spot, { cell, binding, gone }: Found): Answer => ({
  at: "cell",
  spot,
  place: { cell: cell.id, from: binding.from, to: binding.to, kind: binding.kind, gone },
});

/** Where the name at a place of a cell is defined. */
export function look(notebook: NotebookCode, id: string, pos: number): Answer {
  const home = notebook.cells.find(one => one.id === id);
  const spot = home === undefined ? null : namesOf(home).spotAt(pos);
  if (home === undefined || spot === null) return { at: "nothing" };
  const search = new Search(notebook, home);
  const bound = namesOf(home).bindingAt(spot.from);
  if (bound !== null) return bound.kind === "import" ? { at: "kernel", spot } : { at: "itself", spot, kind: bound.kind };
  const found = search.spot(spot);
  return found === null ? { at: "kernel", spot } : answer(spot, found);
}

/** The place in a cell of what, by the kernel, was defined in a line (from 1) of code of it that ran. */
export function placeOfRun(cell: CodeCell, ran: string, line: number, name: string): Place {
  const now = lineNow(ran, line - 1, cell.source);
  const nearest = namesOf(cell)
    .everywhere(name)
    .sort((a, b) => Math.abs(lineAt(cell.source, a.from) - now) - Math.abs(lineAt(cell.source, b.from) - now))[0];
  if (nearest !== undefined) return { cell: cell.id, from: nearest.from, to: nearest.to, kind: nearest.kind, gone: false };
  const from = startOfLine(cell.source, now);
  return { cell: cell.id, from, to: from, kind: "variable", gone: ran !== cell.source };
}
