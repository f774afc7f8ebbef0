/**
 * Which models belong together: the ones that a view shows, and links between them. A frame gets no others.
 *
 * What counts is the kernel's word. A frame may change the state of its models, and the kernel echoes that and holds it from then on; so what a frame
 * says may name only models that the frame has anyway (widgets.ts), and by its own messages it never comes to reach another.
 */

import type { Part } from "../../frame/protocol.ts";
import type { Json } from "../../rpc/schema.ts";
import type { Comm, Comms } from "./comms.ts";

const REFERENCE = /"(?:IPY_MODEL_|anywidget:)([^"\\]+)"|"model_id":"([^"\\]+)"/g;
const known = new WeakMap<Part, readonly string[]>();

/** The models that a value names: by reference, or as an output that shows one. */
export const namesIn = (value: Json): string[] => [...JSON.stringify(value).matchAll(REFERENCE)].map(match => match[1] ?? match[2] ?? "");

function named(part: Part): readonly string[] {
  let ids = known.get(part);
  if (ids === undefined) {
    ids = namesIn(part.value);
    known.set(part, ids);
  }
  return ids;
}

function referred(comm: Comm): string[] {
  return comm.keys().flatMap(key => {
    const part = comm.shown(key);
    return part === undefined ? [] : named(part);
  });
}

/** Models without a view that are there for others: links. */
const isLink = (comm: Comm): boolean => (comm.shown("_view_name")?.value ?? null) === null;

/** The models that a view of `root` can come to need. */
export function reachable({ all }: Comms, root: string): Set<string> {
  const found = new Set<string>();
  const waiting = [root];
  const links = [...all.values()].filter(isLink).map(comm => ({ comm, refers: referred(comm) }));
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const comm = all.get(id);
    if (comm === undefined || found.has(id)) continue;
    found.add(id);
    waiting.push(...referred(comm));
    for (const { comm: link, refers } of links) if (refers.includes(id)) waiting.push(link.id);
  }
  return found;
}
