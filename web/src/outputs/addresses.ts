/**
 * What an address means that somebody wrote in a text or an output: it is read from the folder of its notebook, whatever page shows it. Pure.
 *
 *     other.ipynb, ../data/a.csv#x, /img/a.png, /files/img/a.png     a file below the root
 *     attachment:a.png                                               an attachment of the cell
 *     #heading                                                       a place in the notebook
 *     https://elsewhere/…, //elsewhere/…                             another server
 *     data:…, blob:…                                                 the content itself
 *     mailto:…, /s/…, ?x, and all others                             left to the browser
 *
 * An address that begins with the base URL means what stands behind it.
 */
import { decoded } from "../model/paths.ts";
import { outOf } from "../rpc/base_url.ts";

export type Address =
  | { readonly kind: "file"; readonly path: string; readonly fragment: string }
  | { readonly kind: "attachment"; readonly name: string }
  | { readonly kind: "fragment"; readonly id: string }
  | { readonly kind: "remote"; readonly url: URL }
  | { readonly kind: "content" }
  | { readonly kind: "other" };

const OTHER: Address = { kind: "other" };
/** Pages of ours, which are no files. */
const PAGES = /^\/(?:s|n|exports|outputs|static)\//;

/** A path below the root: dots are followed, and none leads out of it. */
function pathOf(parts: readonly string[]): string {
  const found: string[] = [];
  for (const part of parts)
    if (part === "..") found.pop();
    else if (part !== "." && part !== "") found.push(part);
  return found.join("/") + (/^(?:|\.|\.\.)$/.test(parts.at(-1) ?? "") && found.length > 0 ? "/" : "");
}

/** A path without the base URL that stands before one of our own addresses. Alone, its letters may be those of a folder. */
function belowBase(path: string): string {
  const rest = outOf(path);
  return rest !== null && (rest === "/" || rest.startsWith("/files/") || PAGES.test(rest)) ? rest : path;
}

/** The file that a path of this server, percent-encoded, stands for. */
function fileAt(path: string, folder: string): Address {
  const [whole = "", fragment = ""] = path.split(/#(.*)/s);
  const bare = belowBase(whole.replace(/\?.*$/s, ""));
  if (bare === "" || PAGES.test(bare)) return OTHER;
  const relative = decoded(bare.replace(/^\/files\//, "/"));
  const found = pathOf((relative.startsWith("/") ? relative : folder + relative).split("/"));
  return found === "" ? OTHER : { kind: "file", path: found, fragment: decoded(fragment) };
}

/**
 * The meaning of an address.
 *
 * Args:
 *   written: as it stands in the text.
 *   folder: of the notebook, with its slash; empty for the root.
 *   origin: of the page.
 */
export function addressOf(written: string, folder: string, origin: string): Address {
  const text = written.trim();
  if (text.startsWith("#")) return { kind: "fragment", id: decoded(text.slice(1)) };
  if (/^attachment:/i.test(text)) return { kind: "attachment", name: decoded(text.slice("attachment:".length)) };
  if (/^(?:data|blob):/i.test(text)) return { kind: "content" };
  if (/^(?:https?:)?\/\//i.test(text)) {
    if (!URL.canParse(text, origin)) return OTHER;
    const url = new URL(text, origin);
    if (url.origin !== origin) return { kind: "remote", url };
    const path = outOf(url.pathname);
    return path === null ? OTHER : fileAt(path + url.hash, ""); // another server may be beside ours
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) || text === "") return OTHER;
  return fileAt(text, folder);
}
