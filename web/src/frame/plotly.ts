/** Draws plotly figures. Built twice: with the bundle of the usual charts, and with all that plotly has. */
import Plotly from "plotly";
import type { Json } from "../rpc/schema.ts";
import type { Surroundings } from "./guest.ts";

interface Figure {
  data?: unknown[];
  layout?: { template?: unknown; width?: number; height?: number; [key: string]: unknown };
  config?: { [key: string]: unknown };
  frames?: unknown[];
}

/** plotly's own margins leave half of a small figure empty. */
const margin = { t: 50, b: 50, l: 60, r: 30 };
const LIGHT = { layout: { margin } };

/** The height that plotly gives to a figure without one. */
const USUAL_HEIGHT_PX = 450;

/** In the dark theme a figure that chose no template of its own stands on the page's ground. */
const DARK = {
  layout: {
    margin,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: "#e8eaec" },
    colorway: ["#63c7cd", "#f0b357", "#7fca97", "#ff928a", "#8db8f7", "#d3a0ee", "#f0b284", "#b3bac1"],
    xaxis: { gridcolor: "#2b3035", linecolor: "#3c4248", zerolinecolor: "#3c4248", automargin: true },
    yaxis: { gridcolor: "#2b3035", linecolor: "#3c4248", zerolinecolor: "#3c4248", automargin: true },
  },
};

(window as unknown as { Plotly: unknown }).Plotly = Plotly;

window.webipy[PLOTLY_NAME] = {
  async show(_type: string, body: Json, { root, isDark, onDark }: Surroundings): Promise<void> {
    const { data = [], layout = {}, config = {}, frames } = body as Figure;
    const place = document.createElement("div");
    const own = layout.template !== undefined;
    // A width without a height is given up when the frame has another width: then the figure would not be the same after a reload.
    const size = layout.width === undefined ? {} : { height: layout.height ?? USUAL_HEIGHT_PX };
    const styled = (): Figure["layout"] => ({ ...layout, ...size, ...(own ? {} : { template: isDark() ? DARK : LIGHT }) });
    place.style.height = `${layout.height ?? USUAL_HEIGHT_PX}px`; // after a resize, plotly is as high as its place
    if (own) place.className = "plain-ground";
    root.append(place);
    await Plotly.newPlot(place, data, { autosize: true, ...styled() }, { responsive: true, displaylogo: false, ...config });
    if (frames !== undefined) await Plotly.addFrames(place, frames);
    if (!own) onDark(() => Plotly.react(place, data, { autosize: true, ...styled() }, { responsive: true, displaylogo: false, ...config }));
  },
};
