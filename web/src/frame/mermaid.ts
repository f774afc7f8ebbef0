/** Diagrams from text. Mermaid writes markup with styles, so it runs where the page's policy does not hold: in a sealed frame. */
import mermaid from "mermaid";
import type { Surroundings } from "./guest.ts";

let drawn = 0;

async function draw(source: string, { root, isDark }: Surroundings): Promise<void> {
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", suppressErrorRendering: true, theme: isDark() ? "dark" : "default" });
  const { svg } = await mermaid.render(`diagram-${++drawn}`, source);
  root.innerHTML = svg;
}

window.webipy.mermaid = {
  async show(_, body, surroundings) {
    await draw(String(body), surroundings);
    surroundings.onDark(() => draw(String(body), surroundings));
  },
};
