/** Questions that the views ask the model. Pure. */
import type { Json, JsonMap, KernelState } from "../rpc/schema.ts";
import { map, text } from "./json.ts";
import { errorLine } from "./outputs.ts";
import type { Cell, Model, Output, Prompt, Run } from "./types.ts";

export interface Heading {
  readonly cell: string;
  readonly level: number;
  readonly text: string;
}

/** The headings of the text cells, in order; fenced code is none of them. */
export function outline(model: Model): Heading[] {
  const found: Heading[] = [];
  for (const id of model.order) {
    const cell = model.cells.get(id);
    if (cell?.type !== "markdown") continue;
    let fenced = false;
    for (const line of cell.source.split("\n")) {
      if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
      const match = fenced ? null : /^(#{1,4})\s+(.*)$/.exec(line);
      if (match !== null) found.push({ cell: id, level: match[1]?.length ?? 1, text: plainHeading(match[2] ?? "") });
    }
  }
  return found;
}

/** The words of a heading: without the marks that may close it, links and emphasis. */
function plainHeading(text: string): string {
  let end = text.trimEnd().length;
  while (end > 0 && text[end - 1] === "#") end--;
  const words = text.slice(0, end).trimEnd();
  return words.replace(/\[([^[\]]*)\]\([^()]*\)/g, "$1").replace(/[*_`]+/g, "");
}

/** Whether what is shown under a cell came from another source than `source`, the one now. */
export function isStale(model: Model, cell: Cell, source: string): boolean {
  const run = cell.run === null ? undefined : model.runs.get(cell.run);
  if (cell.type !== "code" || run === undefined || source.trim() === "") return false;
  return run.kept ? cell.ranVersion !== cell.version || source !== cell.source : run.code !== source;
}

/** Whether the file holds everything; a session without one has nothing to save. */
export function isSaved(model: Model): boolean {
  return model.file === null || model.changedSeq <= model.file.savedSeq;
}

const flag = (metadata: JsonMap, group: string, name: string): boolean => map(metadata[group])[name] === true;

/** Whether the outputs of a cell are put out of sight, as Jupyter notes it. */
export function outputsHidden(cell: Cell): boolean {
  return flag(cell.metadata, "jupyter", "outputs_hidden") || cell.metadata.collapsed === true;
}

export function sourceHidden(cell: Cell): boolean {
  return flag(cell.metadata, "jupyter", "source_hidden");
}

/** Whether the outputs of a cell scroll in a box of limited height, as Jupyter notes it. */
export const isScrolled = (cell: Cell): boolean => cell.metadata.scrolled === true;

export function withScrolled(metadata: JsonMap, on: boolean): JsonMap {
  const { scrolled: _, ...others } = metadata;
  return on ? { ...others, scrolled: true } : others;
}

/** The metadata of a cell with its code or its outputs hidden or not; what was there stays. */
export function withHidden(metadata: JsonMap, part: "source" | "outputs", hidden: boolean): JsonMap {
  const { jupyter, ...others } = metadata;
  if (part === "outputs") delete others.collapsed; // how older notebooks say it
  const { [`${part}_hidden`]: _, ...kept } = map(jupyter);
  const own = hidden ? { ...kept, [`${part}_hidden`]: true } : kept;
  return Object.keys(own).length === 0 ? others : { ...others, jupyter: own };
}

/** The kernelspec that the document asks for. */
export function wantedKernel(model: Model): { name: string; title: string } | null {
  const spec = map(model.metadata.kernelspec);
  return typeof spec.name === "string" && spec.name !== "" ? { name: spec.name, title: text(spec.display_name) || spec.name } : null;
}

/** The language of the code: that of the kernel, or the one that the document says; null when neither is known. */
export function languageOf(model: Model): string | null {
  const declared = text(map(model.metadata.language_info).name) || text(map(model.metadata.kernelspec).language);
  const running = model.kernel?.language || text(map(model.kernel?.languageInfo).name).toLowerCase();
  return running || (declared === "" ? null : declared.toLowerCase());
}

/** How many executions that anybody can see are before this one in the queue, the running one too; -1 when it is not in it. */
export function ahead(model: Model, run: Run): number {
  let before = 0;
  for (const id of model.queue) {
    if (id === run.id) return before;
    if (model.runs.get(id)?.silent !== true) before++;
  }
  return -1;
}

/** The executions that have not ended and that anybody can see. */
export function underway(model: Model): Run[] {
  return model.queue.map(id => model.runs.get(id)).filter(run => run !== undefined && !run.silent) as Run[];
}

/** The number of executions that wait behind the running one. */
export function waitingCount(model: Model): number {
  return underway(model).filter(run => run.status === "queued").length;
}

/** The state of the kernel as a person sees it: a silent execution does not count as busy. */
export function kernelState(model: Model): KernelState | null {
  const state = model.kernel?.state ?? null;
  return state === "busy" && model.queue.length > 0 && underway(model).length === 0 ? "idle" : state;
}

/** Whether what is asked of the kernel is answered now: it is free, or one that answers while code runs. */
export function answersNow(model: Model): boolean {
  const state = kernelState(model);
  if (state !== "idle" && state !== "busy") return false;
  return model.kernel?.answersBeside === true || (state === "idle" && underway(model).length === 0);
}

/** What the server calls a kernel that something else started. */
const ATTACHED = "Attached kernel";

/** Whether something else started the kernel: it can be neither restarted nor started again from here. */
export function isAttached(model: Model): boolean {
  return model.kernel?.displayName === ATTACHED;
}

export type SectionState = "" | "running" | "failed";

/** For each heading, what the cells under it are doing, up to the next heading. */
export function sectionStates(model: Model, headings: readonly Heading[]): SectionState[] {
  const states: SectionState[] = headings.map(() => "");
  const places = new Map<string, number>();
  for (const [at, heading] of headings.entries()) places.set(heading.cell, at);
  let at = -1;
  for (const id of model.order) {
    at = places.get(id) ?? at;
    const run = model.runs.get(model.cells.get(id)?.run ?? "");
    if (at < 0 || run === undefined || states[at] === "running") continue;
    if (run.status === "running" || run.status === "queued") states[at] = "running";
    else if (run.status === "lost" || (run.status === "error" && !wasInterrupted(run))) states[at] = "failed";
  }
  return states;
}

/** Whether a run ended because it was interrupted. */
export function wasInterrupted(run: Run): boolean {
  return run.status === "error" && run.outputs.some(output => output.kind === "error" && output.name === "KeyboardInterrupt");
}

/** The name of the error that a run ended with. */
export function errorName(run: Run): string {
  for (const output of run.outputs) if (output.kind === "error") return output.name;
  return run.reason;
}

/** The prompts of no run that is known. */
export const promptsOfNone = (model: Model): Prompt[] =>
  [...model.prompts.values()].filter(prompt => prompt.run === null || !model.runs.has(prompt.run));

/** The run that waits for an answer of a person, if any. */
export function promptsOf(model: Model, run: string) {
  return [...model.prompts.values()].filter(prompt => prompt.run === run);
}

/** The cell that was run under an execution count, the newest first. */
export function cellOfCount(model: Model, count: number): string | null {
  for (const run of [...model.runs.values()].reverse())
    if (run.count === count && run.cell !== null && model.cells.has(run.cell)) return run.cell;
  return null;
}

/** The first line of code that is neither empty nor a comment, for lists. */
export function headline(code: string): string {
  const lines = code.split("\n").map(line => line.trim());
  return lines.find(line => line !== "" && !line.startsWith("#")) ?? lines.find(line => line !== "") ?? "";
}

/** What counts as a figure in the number of figures that arrived. */
export function isFigure(output: Json): boolean {
  if (typeof output !== "object" || output === null || Array.isArray(output)) return false;
  const kinds = output.data;
  return typeof kinds === "object" && kinds !== null && Object.keys(kinds).some(type => type.startsWith("image/"));
}

/** The line feeds in a text. */
export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

/** The text of an output as a person would copy it. */
export function plainOutput(output: Output): string {
  if (output.kind === "stream") return output.pieces.join("");
  if (output.kind === "error") return output.traceback.length > 0 ? output.traceback.join("\n") : errorLine(output);
  const plain = output.data["text/plain"];
  return Array.isArray(plain) ? plain.join("") : String(plain ?? "");
}
