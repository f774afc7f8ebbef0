/** Taking an output out of the page: onto the clipboard, into a file, onto the whole screen. */

import { figureOf } from "../model/figure_forms.ts";
import { best, formText } from "../model/mime.ts";
import type { JsonMap } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { complain, toast } from "../ui/notices.ts";
import { plainText } from "../ui/terminal_paint.ts";
import { csvOf } from "./tables.ts";

interface File {
  readonly name: string;
  readonly type: string;
  readonly content: BlobPart;
}

const ENDINGS: { readonly [type: string]: string } = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/avif": "avif",
  "image/svg+xml": "svg",
  "video/mp4": "mp4",
  "video/webm": "webm",
  "audio/mpeg": "mp3",
  "audio/ogg": "ogg",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "application/pdf": "pdf",
  "text/html": "html",
  "text/markdown": "md",
  "text/latex": "tex",
  "text/plain": "txt",
  "application/json": "json",
  "application/javascript": "js",
};

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64.replace(/\s+/g, "")), one => one.charCodeAt(0));
}

/** The form that is shown, as a file. */
export function fileOf(data: JsonMap, name: string): File | null {
  const figure = figureOf(data);
  if (figure !== null && figure.kind !== "bokeh" && figure.kind !== "widget") {
    const content = JSON.stringify(data[figure.type], null, 2);
    return { name: `${name}.${figure.kind}.json`, type: "application/json", content };
  }
  const type = best(data);
  if (type === null) return null;
  const text = type === "application/json" ? JSON.stringify(data[type], null, 2) : formText(data, type);
  const binary = /^(image|audio|video|application\/pdf)/.test(type) && type !== "image/svg+xml";
  const content = binary ? bytes(text) : type === "text/plain" ? plainText(text) : text;
  return { name: `${name}.${ENDINGS[type] ?? "txt"}`, type, content };
}

/** A name for a file that code has named: without folders, signs that cannot be seen, and dots in front; not longer than a line. */
export function savedName(name: string): string {
  const plain = name.replace(/[\p{C}\p{Zl}\p{Zp}/\\:]+/gu, "_").replace(/^[.\s]+/, "");
  const ending = /\.\w{1,10}$/.exec(plain)?.[0] ?? "";
  return plain.length <= 100 ? plain || "file" : plain.slice(0, 100 - ending.length) + ending;
}

export function saveFile({ name, type, content }: File): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(t.copied);
  } catch {
    toast(t.copyRefused, { bad: true });
  }
}

/** A picture as PNG, the one form that clipboards take. */
async function asPng(picture: HTMLImageElement): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth || picture.width;
  canvas.height = picture.naturalHeight || picture.height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) => canvas.toBlob(blob => (blob === null ? reject(new Error(t.copyRefused)) : resolve(blob))));
}

async function write(item: { [type: string]: Blob | Promise<Blob> }): Promise<void> {
  try {
    await navigator.clipboard.write([new ClipboardItem(item)]);
    toast(t.copied);
  } catch {
    toast(t.copyRefused, { bad: true });
  }
}

const tableIn = (element: Element): HTMLTableElement | null => element.querySelector(".html")?.shadowRoot?.querySelector("table") ?? null;

/** Copies what is shown: pictures as pictures, tables as tables, everything else as its text. */
export async function copyOutput(data: JsonMap, element: Element): Promise<void> {
  const picture = element.querySelector<HTMLImageElement>("img.image");
  const table = tableIn(element);
  if (picture !== null) await write({ "image/png": asPng(picture) });
  else if (table !== null) {
    const html = new XMLSerializer().serializeToString(table);
    await write({ "text/html": new Blob([html], { type: "text/html" }), "text/plain": new Blob([tabbed(table)], { type: "text/plain" }) });
  } else {
    const file = fileOf(data, "");
    if (typeof file?.content === "string") await copyText(file.content);
    else toast(r.nothingToCopy);
  }
}

const tabbed = (table: HTMLTableElement): string =>
  [...table.rows].map(row => [...row.cells].map(cell => (cell.textContent ?? "").trim().replace(/\s+/g, " ")).join("\t")).join("\n");

export function saveOutput(data: JsonMap, name: string): void {
  const file = fileOf(data, name);
  if (file === null) toast(r.nothingToCopy);
  else saveFile(file);
}

export async function copyCsv(element: Element): Promise<void> {
  const table = tableIn(element);
  if (table !== null) await copyText(csvOf(table));
}

export function saveCsv(element: Element, name: string): void {
  const table = tableIn(element);
  if (table !== null) saveFile({ name: `${name}.csv`, type: "text/csv", content: csvOf(table) });
}

/** Fills the screen with an output, or leaves full screen. */
export function fullScreen(element: Element): void {
  if (document.fullscreenElement === element) document.exitFullscreen().catch(complain);
  else element.requestFullscreen().catch(complain);
}
