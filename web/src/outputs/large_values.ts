/** Fetching large values of outputs, and offering them. */
import { ask, refusalOf } from "../rpc/http.ts";
import type { Json } from "../rpc/schema.ts";
import type { Large } from "./large.ts";

/** Up to so many bytes a value is fetched without being asked for. */
export const AT_ONCE = 8_000_000;

/** Whether a value is fetched by itself: no text, whose start is there, and nothing that takes long. */
export const isFetched = ({ type, size }: Large): boolean => size <= AT_ONCE && !/^text\/(plain|markdown|latex)$/.test(type);

const isBase64 = (type: string): boolean => (/^(image|audio|video)\//.test(type) || type === "application/pdf") && !type.endsWith("+xml");

/** How large it is for a person: a picture counts as its own bytes. */
export const shownSize = ({ type, size }: Large): number => (isBase64(type) ? Math.floor((size * 3) / 4) : size);

const ENDING = /^[a-z]+\/(?:x-)?([a-z0-9]{2,5})(?:\+xml)?$/;

/** Where it can be downloaded, as what it is. */
export function downloadOf(session: string, { type, sha256 }: Large): { address: string; name: string } {
  const ending = type === "text/plain" ? "txt" : type.endsWith("json") ? "json" : (ENDING.exec(type)?.[1] ?? "bin");
  const name = `output.${ending}`;
  const query = new URLSearchParams({ type, name });
  return { address: `/outputs/${encodeURIComponent(session)}/${sha256}?${query}`, name };
}

/** Fetches a value. Rejects with a sentence when it cannot be had. */
export async function fetchLarge(session: string, { sha256, json }: Large): Promise<Json> {
  const response = await ask(`/outputs/${encodeURIComponent(session)}/${sha256}`);
  if (!response.ok) throw new Error(await refusalOf(response));
  const text = await response.text();
  return json ? (JSON.parse(text) as Json) : text;
}
