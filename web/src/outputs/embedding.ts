/** What may not stand in the page itself, and is shown in a frame or asked about first. */
import { drawing } from "../ui/drawing.ts";
import { styled } from "../ui/lazy.ts";
import type { Embedded } from "./user_links.ts";

const fetchViews = styled(() => import("./Embedded.tsx"));

/** Shows what may not stand in the page itself; gives how it is taken out again. */
export function embedding(): { embed(place: HTMLElement, what: Embedded): void; stop(): void } {
  const stops: (() => void)[] = [];
  let over = false;
  const embed = (place: HTMLElement, what: Embedded): void =>
    void drawing(fetchViews()).then(({ showEmbedded }) => {
      if (!over) stops.push(showEmbedded(place, what));
    });
  const stop = (): void => {
    over = true;
    for (const one of stops) one();
  };
  return { embed, stop };
}
