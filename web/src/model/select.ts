/** Questions that the views ask the model. Pure. */
import type { Json, JsonMap } from "../api/schema.ts";
import { map, text } from "./json.ts";
import type { Cell, Model, Output, Run } from "./types.ts";

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
      const match = fenced ? null : /^(#{1,4})\s+(.*?)\s*#*\s*$/.exec(line);
      if (match !== null) found.push({ cell: id, level: match[1]?.length ?? 1, text: plainHeading(match[2] ?? "") });
    }
  }
  return found;
}

const plainHeading = (text: string): string => text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*_`]+/g, "");

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

/** The metadata of a cell with its outputs hidden or not; what was there stays. */
export function withOutputsHidden(metadata: JsonMap, hidden: boolean): JsonMap {
  const { collapsed: _, jupyter, ...others } = metadata;
  const { outputs_hidden: __, ...kept } = map(jupyter);
  const own = hidden ? { ...kept, outputs_hidden: true } : kept;
  return Object.keys(own).length === 0 ? others : { ...others, jupyter: own };
}

/** The kernelspec that the document asks for. */
export function wantedKernel(model: Model): { name: string; title: string } | null {
  const spec = map(model.metadata.kernelspec);
  return typeof spec.name === "string" && spec.name !== "" ? { name: spec.name, title: text(spec.display_name) || spec.name } : null;
}

/** The language of the code: that of the kernel, or the one that the document says; null when neither is known. */
export function languageOf(model: Model): string | null {
  const said = text(map(model.metadata.language_info).name) || text(map(model.metadata.kernelspec).language);
  return model.kernel?.language ?? (said === "" ? null : said.toLowerCase());
}

/** How many executions are before this one in the queue, the running one too; -1 when it is not in it. */
export function ahead(model: Model, run: Run): number {
  return model.queue.indexOf(run.id);
}

/** The number of executions that wait behind the running one. */
export function waitingCount(model: Model): number {
  return model.queue.filter(id => model.runs.get(id)?.status === "queued").length;
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

/** The first line of code that says something, for lists. */
export function headline(code: string): string {
  const lines = code.split("\n").map(line => line.trim());
  return lines.find(line => line !== "" && !line.startsWith("#")) ?? lines.find(line => line !== "") ?? "";
}

/** What counts as a figure when we say what arrived. */
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
  if (output.kind === "error") return output.traceback.length > 0 ? output.traceback.join("\n") : `${output.name}: ${output.value}`;
  const plain = output.data["text/plain"];
  return Array.isArray(plain) ? plain.join("") : String(plain ?? "");
}
