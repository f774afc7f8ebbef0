/** Draws Vega and Vega-Lite charts, and is `vega`, `vegaLite` and `vegaEmbed` for HTML outputs that would load them from elsewhere. */
import * as vega from "vega";
import vegaEmbed, { type EmbedOptions, type VisualizationSpec } from "vega-embed";
import * as vegaLite from "vega-lite";
import type { Json } from "../rpc/schema.ts";
import type { Surroundings } from "./guest.ts";

Object.assign(window, { vega, vegaLite, vegaEmbed });

window.webipy.vega = {
  async show(type: string, body: Json, { root, isDark, onDark }: Surroundings): Promise<void> {
    const place = document.createElement("div");
    root.append(place);
    const draw = async (): Promise<void> => {
      const options: EmbedOptions = {
        mode: type === "vega" ? "vega" : "vega-lite",
        actions: { export: true, source: false, compiled: false, editor: false },
        renderer: "svg",
        tooltip: true,
        logLevel: vega.Error,
        ...(isDark() ? { theme: "dark" } : {}),
        config: isDark() ? { background: "transparent" } : {},
      };
      await vegaEmbed(place, structuredClone(body) as unknown as VisualizationSpec, options);
    };
    await draw();
    onDark(draw);
  },
};
