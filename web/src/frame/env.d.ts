/** What the build puts in (build.mjs). */
declare const PLOTLY_NAME: "plotly" | "plotly-all";
/** One of the two bundles of plotly.js. */
declare module "plotly" {
  const Plotly: {
    newPlot(place: HTMLElement, data: unknown[], layout: unknown, config: unknown): Promise<unknown>;
    react(place: HTMLElement, data: unknown[], layout: unknown, config: unknown): Promise<unknown>;
    addFrames(place: HTMLElement, frames: unknown[]): Promise<unknown>;
  };
  export default Plotly;
}
/** The text of a style sheet, with what it imports. */
declare module "*/widgets.css" {
  const text: string;
  export default text;
}
/** KaTeX's style sheet with its fonts inside. */
declare module "*/math.css" {
  const text: string;
  export default text;
}
