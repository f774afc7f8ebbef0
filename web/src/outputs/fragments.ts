/**
 * Places in a notebook that links go to: headings by the ids that Jupyter and GitHub make of their words, elements by the ids that their authors
 * wrote, equations by their labels, cells by their own ids. Going to one adds to the history of the browser; Back and Forward follow.
 */
import { decoded } from "../model/paths.ts";
import { cellIn } from "../session/cell_link.ts";
import { open } from "../session/open_session.ts";
import { slug } from "./heading_ids.ts";
import { plainId } from "./scoped_ids.ts";

const PLACES = ".md [id], .md a[name]";

/** The element that an id stands for, or null. */
export function placeOf(id: string): Element | null {
  const cell = cellIn(id);
  if (cell !== null) return document.getElementById(`cell-${cell}`);
  if (id.startsWith("cell-")) return document.getElementById(id);
  const places = [...document.querySelectorAll(PLACES)];
  const idOf = (one: Element): string => plainId(one.id || (one.getAttribute("name") ?? ""));
  const found = places.find(one => idOf(one) === id) ?? places.find(one => /^H[1-6]$/.test(one.tagName) && slug(idOf(one)) === slug(id));
  if (found !== undefined) return found;
  for (const host of document.querySelectorAll(".html")) {
    const inside = host.shadowRoot?.getElementById(id);
    if (inside != null) return inside;
  }
  return null;
}

/** Whether the fragment of an address names a place; others carry secrets. */
const isPlace = (fragment: string): boolean => fragment !== "" && !/^(?:code|share)=/.test(fragment);

/** Brings a place into sight; false when there is none of that name. */
export function showPlace(id: string): boolean {
  const place = placeOf(id);
  if (place === null) return false;
  const around = place.getRootNode() instanceof ShadowRoot ? (place.getRootNode() as ShadowRoot).host : place;
  const cell = around.closest(".cell")?.id.slice("cell-".length);
  if (cell !== undefined) open.value?.actions.sections.reveal(cell);
  if (cell !== undefined && cellIn(id) !== null) open.value?.actions.select(cell);
  for (let at = place.closest("details"); at !== null; at = at.parentElement?.closest("details") ?? null) at.open = true;
  requestAnimationFrame(() => place.scrollIntoView({ block: "start" }));
  return true;
}

const scroller = (): Element => document.getElementById("main") ?? document.documentElement;

/** Goes to a place, as a link does. */
export function goToPlace(id: string): void {
  history.replaceState({ top: scroller().scrollTop }, "");
  if (!showPlace(id)) return;
  history.pushState(null, "", `#${encodeURIComponent(id)}`);
}

/** The place that the address names and that has not been there yet. */
let awaited = isPlace(location.hash.slice(1)) ? decoded(location.hash.slice(1)) : "";

/** Goes to a place as soon as a text has it. */
export function awaitPlace(id: string): void {
  awaited = id;
}

/** A text has been shown, or cells have come: what the address names may be in it. */
export function placesCame(): void {
  if (awaited !== "" && showPlace(awaited)) awaited = "";
}

function returned(event: PopStateEvent): void {
  const state: unknown = event.state;
  const top = typeof state === "object" && state !== null && "top" in state ? Number(state.top) : Number.NaN;
  const fragment = location.hash.slice(1);
  if (!Number.isNaN(top)) requestAnimationFrame(() => scroller().scrollTo(0, top));
  else if (isPlace(fragment)) showPlace(decoded(fragment));
}

addEventListener("popstate", returned);
for (const kind of ["wheel", "pointerdown", "keydown"])
  addEventListener(
    kind,
    () => {
      awaited = ""; // somebody has gone elsewhere
    },
    { capture: true, passive: true },
  );
