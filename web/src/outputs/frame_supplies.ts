/**
 * What the page has for an address that an output names: so that it works without a network, and shows what lies beside the notebook.
 *
 *     a library that the page has itself      its name: the frame has that already, or asks for it
 *     a file of a package of the kernel       a copy, in the version that the address names (`/libraries`)
 *     a file beside the notebook              a copy, by the rights of who looks; only one whose address stands in the output as its author wrote it,
 *                                            or in a file that the output names so
 */
import type { LibraryName, Supply } from "../frame/protocol.ts";
import { folderOf } from "../model/paths.ts";
import { ask, fileAddress } from "../rpc/http.ts";
import { open } from "../session/open_session.ts";
import { addressOf } from "./addresses.ts";
import { isWritten, standsIn } from "./frame_links.ts";
import type { Guest } from "./sealed_frame.ts";

export const NOTHING: Supply = { content: null, library: null };

/** Public places of libraries that the page has, in the versions that go with it. */
const OURS: readonly (readonly [RegExp, LibraryName])[] = [
  [/^https:\/\/[^/]+\/(?:npm\/|ajax\/libs\/)?vega(?:-lite|-embed)?[@/]/, "vega"],
  [/^https:\/\/cdn\.plot\.ly\/plotly-/, "plotly-all"],
  [/^https:\/\/[^/]+\/(?:npm\/|ajax\/libs\/)?plotly\.js(?:-dist|-dist-min)?[@/]/, "plotly-all"],
  [
    /^https:\/\/[^?#]*\/jquery(?:@|\/|[-.])[123]?[^?#]*\.js$|^https:\/\/code\.jquery\.com\/jquery-[123]\.[\d.]+(?:\.slim)?(?:\.min)?\.js$/,
    "jquery",
  ],
  [/^https:\/\/[^?#]*\/(?:require(?:js)?(?:@|\/)[\d.]+\/)?require(?:\.min)?\.js$/, "require"],
  [/^https:\/\/[^?#]*(?:font-?awesome)[^?#]*\.css$/i, "icons"],
  [/^https:\/\/[^/]+\/(?:npm\/)?leaflet(?:@[01](?:\.\d+)*)?\/?$/, "leaflet"],
  [
    /^https:\/\/(?![^?#]*\/leaflet[@/]2)[^?#]*\/leaflet(?:-src|\.awesome-markers|\.markercluster(?:-src)?|[_-]heat)?(?:\.min)?\.js$/i,
    "leaflet",
  ],
  [/^https:\/\/(?![^?#]*\/leaflet[@/]2)[^?#]*\/leaflet(?:\.min)?\.css$/i, "leaflet-css"],
  [/^https:\/\/[^?#]*\/(?:leaflet\.awesome-markers|markercluster(?:\.default)?)(?:\.min)?\.css$/i, "leaflet-markers"],
  [/^https:\/\/[^?#]*\/bootstrap[@/]5[\w.-]*\/(?:dist\/)?js\/bootstrap(?:\.bundle)?(?:\.min)?\.js$/, "bootstrap"],
  [/^https:\/\/[^?#]*\/bootstrap[@/]5[\w.-]*\/(?:dist\/)?css\/bootstrap(?:\.min)?\.css$/, "bootstrap-css"],
  [/^https:\/\/[^?#]*\/bootstrap-glyphicons(?:\.min)?\.css$/, "glyphicons"],
  [/^https:\/\/[^?#]*\/bootstrap[@/]3[\w.-]*\/(?:dist\/)?js\/bootstrap(?:\.min)?\.js$/, "bootstrap-3"],
  [/^https:\/\/[^?#]*\/bootstrap[@/]3[\w.-]*\/(?:dist\/)?css\/bootstrap(?:\.min)?\.css$/, "bootstrap-3-css"],
  [/^https:\/\/[^?#]*\/bootstrap[@/]3[\w.-]*\/(?:dist\/)?css\/bootstrap-theme(?:\.min)?\.css$/, "bootstrap-3-theme"],
];
/** Places whose files packages of the kernel have. */
const PACKAGES = /^https:\/\/(?:cdn\.bokeh\.org|cdn\.holoviz\.org|unpkg\.com|cdn\.jsdelivr\.net)\//;
/** Sets formulas in figures, which do without it. */
const MATHJAX = /^https:\/\/[^?#]*\/mathjax[@/][^?#]*\.js/i;
/** Turns the icons of folium's markers, which frame/leaflet.ts does. */
const TURNED = /^https:\/\/[^?#]*\/leaflet\.awesome\.rotate(?:\.min)?\.css$/;

const loaded = new Map<string, Promise<Blob | null>>();

async function fetched(address: string): Promise<Blob | null> {
  try {
    const response = await ask(address);
    return response.ok ? await response.blob() : null;
  } catch {
    return null; // out of reach: as if it were not there
  }
}

/** A file of the kernel's packages. Those of a kernel do not change while it runs; what was not there is asked for again. */
async function packageFile(address: string): Promise<Blob | null> {
  const store = open.value?.store;
  if (store === undefined) return null;
  const query = `/libraries/${encodeURIComponent(store.id)}?${new URLSearchParams({ address })}`;
  let one = loaded.get(query);
  if (one === undefined) {
    one = fetched(query);
    loaded.set(query, one);
    if ((await one) === null) loaded.delete(query);
  }
  return await one;
}

/** The library of ours that an address means. */
export const ourLibrary = (address: string): LibraryName | null => OURS.find(([pattern]) => pattern.test(address))?.[1] ?? null;

/** What the page has for a public address. */
export async function supplyPublic(address: string, guest: Guest): Promise<Supply> {
  const whole = address.startsWith("//") ? `https:${address}` : address;
  const library = ourLibrary(whole);
  if (library !== null) return { content: null, library };
  if (TURNED.test(whole)) return { content: new Blob([]), library: null };
  if (MATHJAX.test(whole) && !JSON.stringify(guest.body).includes("$")) return { content: new Blob([]), library: null };
  return PACKAGES.test(whole) ? { content: await packageFile(whole), library: null } : NOTHING;
}

/** Files that name others: programs, style sheets, pages and specifications. */
const NAMING = /\.(?:m?js|css|html?|json|geojson|topojson)$/i;
/** A longer one names none. */
const MOST_NAMING = 2_000_000;

/**
 * The files beside the notebook that one frame may have: those whose addresses stand in its output as its author wrote them, or in such a file. Code that
 * makes an address up gets nothing.
 */
export class FilesBeside {
  readonly #texts = new Map<string, string>();

  /** For an output in that folder, with its slash; empty for the root. */
  constructor(readonly folder: string) {}

  /**
   * The path of the file that an address means; null when the frame may not have it.
   *
   * Args:
   *   written: the address as it is written.
   *   beside: of the file that it stands in; empty for the output itself. Scripts name files as if they stood in the output.
   *   guest: the output.
   */
  named(written: string, beside: string, guest: Guest): string | null {
    const from = beside === "" ? null : this.#pathOf(beside, this.folder);
    const path = this.#pathOf(written, from === null ? this.folder : folderOf(from));
    const texts = from === null ? [...this.#texts.values()] : [this.#texts.get(from) ?? ""];
    const isNamed = (from === null && isWritten(written, guest)) || texts.some(text => standsIn(written, text));
    return isNamed ? path : null;
  }

  #pathOf(written: string, folder: string): string | null {
    const meant = addressOf(written, folder, location.origin);
    return meant.kind === "file" ? meant.path : null;
  }

  /** A copy of a file below the root. */
  async supply(path: string): Promise<Supply> {
    const content = await fetched(fileAddress(path));
    if (content !== null && NAMING.test(path) && content.size <= MOST_NAMING) this.#texts.set(path, await content.text());
    return { content, library: null };
  }
}
