/** What a kernel's answer offers, as options of the list. Pure. */
import type { Completion } from "@codemirror/autocomplete";
import { unitsBefore } from "../model/source_text.ts";
import type { JsonMap, Completion as Reply } from "../rpc/schema.ts";
import { wordBefore } from "./completion_place.ts";

/** The kinds that ipykernel sends (`_jupyter_types_experimental`): one for each match, or nothing. */
export function kinds(metadata: JsonMap): Map<string, { type: string; signature: string }> {
  const known = new Map<string, { type: string; signature: string }>();
  const list = metadata._jupyter_types_experimental;
  if (!Array.isArray(list)) return known;
  for (const one of list) {
    if (typeof one !== "object" || one === null || Array.isArray(one)) continue;
    const type = one.type === "<unknown>" ? "" : String(one.type ?? "");
    known.set(String(one.text ?? ""), { type, signature: String(one.signature ?? "") });
  }
  return known;
}

/** The length of what all matches begin with and stands before the word: some kernels repeat `np.` in each of them. */
function repeated(before: string, matches: readonly string[]): number {
  const stem = before.slice(0, before.length - wordBefore(before).length);
  return !stem.endsWith("%") && matches.every(one => one.startsWith(stem)) ? stem.length : 0;
}

/**
 * The options of a reply.
 *
 * Args:
 *   code: what was asked about.
 *   pos: where, in UTF-16 units.
 *   reply: the answer.
 *
 * Returns: the options, with the range in UTF-16 units that they take the place of.
 */
export function options(code: string, pos: number, reply: Reply): { from: number; to: number; options: Completion[] } {
  const known = kinds(reply.metadata);
  const from = unitsBefore(code, reply.cursor_start);
  const skipped = repeated(code.slice(from, pos), reply.matches);
  return {
    from: from + skipped,
    to: unitsBefore(code, reply.cursor_end),
    options: reply.matches.map((match, at) => {
      const kind = known.get(match);
      const option: Completion = { label: match.slice(skipped), boost: -at / Math.max(1, reply.matches.length) };
      if (kind !== undefined && kind.type !== "") option.detail = kind.type;
      if (kind !== undefined && kind.signature !== "") option.info = kind.signature;
      return option;
    }),
  };
}
