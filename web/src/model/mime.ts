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
  "application/geo+json",
  "text/plain",
] as const;
export type Shown = (typeof RANKING)[number];

/** The form to show, or null when none can be; an empty form is only taken when there is no other. */
export function best(data: JsonMap): Shown | null {
  const there = RANKING.filter(type => data[type] !== undefined && data[type] !== null);
  return there.find(type => data[type] !== "") ?? there[0] ?? null;
}

/** A form that no part of the page draws and that can be read: data, or text; null when there is none. */
export function readable(data: JsonMap): string | null {
  return (
    Object.keys(data).find(type => /\+json$/.test(type) && typeof data[type] === "object") ??
    Object.keys(data).find(type => type.startsWith("text/")) ??
    null
  );
}

const NAMESPACES = [
  ["xmlns", /\sxmlns\s*=/, "http://www.w3.org/2000/svg"],
  ["xmlns:xlink", /\sxmlns:xlink\s*=/, "http://www.w3.org/1999/xlink"],
] as const;

/** A drawing as a document of its own: with the namespaces that it may leave out inside of HTML. */
function drawingOf(svg: string): string {
  const [root = ""] = /<svg\b[^>]*/i.exec(svg) ?? [];
  const missing = NAMESPACES.filter(([name, given]) => !given.test(root) && (name === "xmlns" || svg.includes("xlink:")));
  if (root === "" || missing.length === 0) return svg;
  const names = missing.map(([name, , address]) => ` ${name}="${address}"`).join("");
  return svg.replace(root, () => root.slice(0, 4) + names + root.slice(4));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(String).join("");
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** The text of a form: nbformat allows lists of lines. */
export function formText(data: JsonMap, type: string): string {
  const text = textOf(data[type]);
  return type === "image/svg+xml" ? drawingOf(text) : text;
}

/** What the metadata of an output says about one of its forms alone; null when it says nothing. */
function factsOf(metadata: JsonMap, type: string): JsonMap | null {
  const own = metadata[type];
  return typeof own === "object" && own !== null && !Array.isArray(own) ? own : null;
}

/** The ground that an image needs, as its program says; null when it says nothing. */
export function groundOf(metadata: JsonMap, type: string): "light" | "dark" | null {
  const ground = factsOf(metadata, type)?.needs_background ?? metadata.needs_background;
  return ground === "light" || ground === "dark" ? ground : null;
}

/** The width and height that the metadata of an image asks for, in CSS pixels. */
export function imageSize(metadata: JsonMap, type: string): { width?: number; height?: number } {
  const facts = factsOf(metadata, type) ?? metadata;
  const size: { width?: number; height?: number } = {};
  if (typeof facts.width === "number" && facts.width > 0) size.width = facts.width;
  if (typeof facts.height === "number" && facts.height > 0) size.height = facts.height;
  return size;
}
