/** Which of the forms of an output is shown: the first of this list that it has and that we can show. */
import type { JsonMap } from "../rpc/schema.ts";

export const RANKING = [
  "application/javascript",
  "text/html",
  "text/markdown",
  "text/latex",
  "image/svg+xml",
  "image/avif",
  "image/webp",
  "image/png",
  "image/jpeg",
  "image/gif",
  "video/mp4",
  "video/webm",
  "audio/mpeg",
  "audio/ogg",
  "audio/wav",
  "audio/x-wav",
  "application/pdf",
  "application/json",
  "text/plain",
] as const;
export type Shown = (typeof RANKING)[number];

/** The form to show, or null when none can be; an empty form is only taken when there is no other. */
export function best(data: JsonMap): Shown | null {
  const there = RANKING.filter(type => data[type] !== undefined && data[type] !== null);
  return there.find(type => data[type] !== "") ?? there[0] ?? null;
}

/** The text of a form: nbformat allows lists of lines. */
export function formText(data: JsonMap, type: string): string {
  const value = data[type];
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(String).join("");
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** The width and height that the metadata of an image asks for, in CSS pixels. */
export function imageSize(metadata: JsonMap, type: string): { width?: number; height?: number } {
  const own = metadata[type];
  const facts = typeof own === "object" && own !== null && !Array.isArray(own) ? own : metadata;
  const size: { width?: number; height?: number } = {};
  if (typeof facts.width === "number" && facts.width > 0) size.width = facts.width;
  if (typeof facts.height === "number" && facts.height > 0) size.height = facts.height;
  return size;
}
