/**
 * Outputs whose code others of the notebook build on: `output_notebook()`, `init_notebook_mode()`, `window.colours = ...`. Frames share nothing, so
 * each frame runs first, out of sight, those of them that its output needs:
 *
 *     cell 1   <script>window.colours = [...]</script>      makes colours
 *     cell 3   <script>draw(colours)</script>               uses colours: its frame runs cell 1, then cell 3
 *
 * It follows from what the notebook shows, not from what was drawn when: it is the same after a reload, in any order of views, after a cell ran again.
 * An output that makes all that it uses runs alone. Earlier is what stands above, and what ran before.
 *
 * Rejected: one frame for the whole notebook, over the page (it lags behind the text that moves under it, lies over menus, has no order of focus).
 */
import type { Piece } from "../frame/protocol.ts";
import { figureOf } from "../model/figure_forms.ts";
import { formText } from "../model/mime.ts";
import type { Model, RichOutput, Run } from "../model/types.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { largeOf } from "./large.ts";
import { fetchLarge, isFetched } from "./large_values.ts";
import { idsOf, isSilent, type Names, namesOf, scriptsOf } from "./script_names.ts";
import type { Guest } from "./sealed_frame.ts";

export { isSilent };

/** Where an output stands. */
export interface Place {
  readonly run: string;
  /** Of the output in its run. */
  readonly key: number;
}

interface Known {
  readonly piece: Piece;
  readonly names: Names;
}

const LOADS = ["application/vnd.bokehjs_load.v0+json", "application/vnd.holoviews_load.v0+json"];
const SCRIPT = "application/javascript";
/** More than this is not run before an output. */
const MOST_PIECES = 50;

const known = new WeakMap<JsonMap, Known | null>();
const isBuiltIn = (name: string): boolean => name in window || ["element", "arguments", "undefined", "this"].includes(name);

const asScript = (text: string) => [{ text, loads: false, isModule: false, isGlobal: false }];

/** What of an output others can build on; null when it has no code. */
function pieceOf(data: JsonMap): Known | null {
  const load = LOADS.find(type => data[type] !== undefined);
  if (load !== undefined) {
    const body = formText(data, SCRIPT) || formText(data, load);
    return { piece: { type: SCRIPT, body }, names: { makes: new Set(), uses: new Set(), isLibrary: true } };
  }
  if (figureOf(data) !== null) return null;
  const html = formText(data, "text/html");
  const scripts = html === "" ? asScript(formText(data, SCRIPT)) : scriptsOf(html);
  if (scripts.every(one => one.text === "" && !one.loads)) return null;
  const piece: Piece = html === "" ? { type: SCRIPT, body: formText(data, SCRIPT) } : { type: "text/html", body: html };
  return { piece, names: namesOf(scripts, isBuiltIn, idsOf(html)) };
}

function knownOf(data: JsonMap): Known | null {
  let found = known.get(data);
  if (found === undefined) {
    found = pieceOf(data);
    known.set(data, found);
  }
  return found;
}

/** The rich outputs that are earlier than one, in the order in which they came. */
export function earlier(model: Model, place: Place): RichOutput[] {
  const runs = [...model.runs.values()];
  const own = runs.findIndex(run => run.id === place.run);
  const at = (run: Run | undefined): number => (run?.cell == null ? -1 : model.order.indexOf(run.cell));
  const ownCell = at(runs[own]);
  const isShown = (run: Run): boolean => run.cell === null || model.cells.get(run.cell)?.run === run.id;
  const found: RichOutput[] = [];
  for (const [index, run] of runs.entries()) {
    const cell = at(run);
    if (!isShown(run) || (index > own && (cell < 0 || cell >= ownCell))) continue;
    for (const output of run.outputs) {
      if (index === own && output.key >= place.key) break;
      if (output.kind === "rich") found.push(output);
    }
  }
  return found;
}

/** The output with the large values that it needs here, when they can be had. */
async function whole(session: string, { data, metadata }: RichOutput): Promise<JsonMap> {
  const large = largeOf(metadata).filter(one => isFetched(one) && /html|javascript|load/.test(one.type));
  if (large.length === 0) return data;
  const key = large.map(one => one.sha256).join();
  let fetched = largeData.get(key);
  if (fetched === undefined) {
    fetched = Promise.all(large.map(async one => [one.type, await fetchLarge(session, one)] as const)).then(more => ({
      ...data,
      ...Object.fromEntries(more),
    }));
    largeData.set(key, fetched);
    fetched.catch(() => largeData.delete(key));
  }
  return await fetched;
}
/** By what they hold; a notebook has few. */
const largeData = new Map<string, Promise<JsonMap>>();

/**
 * Of outputs in their order those that one builds on.
 *
 * Args:
 *   own: the names of the output itself.
 *   before: what comes before it.
 */
export function needed(own: Names, before: readonly Known[]): Piece[] {
  const wanted = new Set([...own.uses].filter(name => !own.makes.has(name)));
  const taken = new Set<Known>();
  for (const one of [...before].reverse()) {
    if (![...one.names.makes].some(name => wanted.has(name))) continue;
    taken.add(one);
    for (const name of one.names.uses) wanted.add(name);
  }
  const made = new Set([...own.makes, ...[...taken].flatMap(one => [...one.names.makes])]);
  const isMissing = [...wanted].some(name => !made.has(name));
  if (isMissing && !own.isLibrary) for (const one of before) if (one.names.isLibrary) taken.add(one);
  const bodies = new Map<string, Piece>();
  for (const one of before) if (taken.has(one)) bodies.set(one.piece.body, one.piece);
  return [...bodies.values()].slice(-MOST_PIECES);
}

const ownKnown = new WeakMap<Guest, Names | null>();

function readNames({ type, body }: Guest): Names | null {
  if (typeof body !== "string") return null;
  if (type === SCRIPT) return namesOf(asScript(body), isBuiltIn);
  return type === "text/html" ? namesOf(scriptsOf(body), isBuiltIn, idsOf(body)) : null;
}

function ownNames(guest: Guest): Names | null {
  let names = ownKnown.get(guest);
  if (names === undefined) {
    names = readNames(guest);
    ownKnown.set(guest, names);
  }
  return names;
}

export interface Before {
  /** What runs before an output, in this order. */
  readonly pieces: readonly Piece[];
  /** Whether the output uses a name that no earlier one is known to make; a library among them may do so. */
  readonly isMissing: boolean;
}

/** What a frame runs before its output. */
export async function piecesBefore(model: Model, session: string, place: Place, guest: Guest): Promise<Before> {
  const own = ownNames(guest);
  if (own === null || own.uses.size === 0) return { pieces: [], isMissing: false };
  const found: Known[] = [];
  for (const output of earlier(model, place)) {
    const one = knownOf(await whole(session, output));
    if (one !== null) found.push(one);
  }
  const isMade = (name: string): boolean => own.makes.has(name) || found.some(({ names }) => names.makes.has(name));
  return { pieces: needed(own, found), isMissing: ![...own.uses].every(isMade) };
}
