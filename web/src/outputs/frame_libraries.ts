/** The libraries of sealed frames. A frame has an opaque origin, and so no cache of its own: the page loads each file once and hands it to all frames. */

import type { LibraryName } from "../frame/protocol.ts";
import { inside } from "../rpc/base_url.ts";

/** Where the build has put them; as text, since esbuild gives a value that is no text to the page as a whole. */
const ADDRESSES = JSON.parse(FRAME_LIBRARIES) as Readonly<Record<string, string>>;

const loaded = new Map<LibraryName, Promise<Blob | null>>();

async function load(name: LibraryName): Promise<Blob | null> {
  try {
    const response = await fetch(inside(ADDRESSES[name] ?? "/"));
    if (response.ok) return await response.blob();
  } catch {
    // out of reach: asked for again when the next frame wants it
  }
  loaded.delete(name);
  return null;
}

export function library(name: LibraryName): Promise<Blob | null> {
  let one = loaded.get(name);
  if (one === undefined) {
    one = load(name);
    loaded.set(name, one);
  }
  return one;
}
