/**
 * The servers that an output names as places to load from, read out of its text. It is a guess, for looks alone: so that one question names all servers,
 * and what is allowed already is there from the start. What an output may load is for its policy to say.
 *
 * Links are no loads; addresses in code are, as in `"https://{s}.tile.example.org/{z}/{x}/{y}.png"`, where `{s}` stands for a letter.
 */
import { HOST } from "../frame/protocol.ts";
import type { Guest } from "./sealed_frame.ts";

const MOST_SIGNS = 1_000_000;
const ADDRESS = /\bhttps:\/\/([a-z0-9.{}-]+(?::\d+)?)(?=[/"'`)\s\\?#]|$)/gi;
/** Names of formats, which look like addresses. */
const NO_PLACES = /^(?:www\.w3\.org|json-schema\.org|purl\.org|schema\.org)$/;
const LETTERS = ["a", "b", "c"];

/** A text without the escapes of frames of text. */
const unescaped = (text: string): string =>
  text
    .replaceAll("&amp;", "&")
    .replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("\\/", "/");

/** Whether what stands before an address makes it one that is loaded. */
function isLoad(before: string, whole: string, at: number): boolean {
  if (/\bhref\s*=\s*\\?["']?$/i.test(before)) return /<link\b[^<>]*$/i.test(whole.slice(Math.max(0, at - 300), at));
  return /["'`(=]$/.test(before) && !/(?:\bxmlns(?::\w+)?|\$schema|\baction|\bcite)["']?\s*[=:]\s*\\?["']?$/i.test(before);
}

/** The names of servers in a text that it would load something from, by https. */
export function hostsNamed(source: string): string[] {
  const text = unescaped(unescaped(source.slice(0, MOST_SIGNS)));
  const found = new Set<string>();
  for (const match of text.matchAll(ADDRESS)) {
    const name = (match[1] ?? "").toLowerCase();
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    if (!isLoad(before, text, match.index)) continue;
    const names = name.startsWith("{s}.") ? LETTERS.map(letter => letter + name.slice(3)) : [name];
    for (const one of names) if (HOST.test(one) && !NO_PLACES.test(one)) found.add(one);
  }
  return [...found];
}

/** The servers that an output names. */
export const hostsOf = ({ body }: Guest): string[] => hostsNamed(typeof body === "string" ? body : JSON.stringify(body));
