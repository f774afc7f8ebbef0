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
/** The text of RequireJS. */
declare module "requirejs/require.js" {
  const text: string;
  export default text;
}
declare module "jquery" {
  const jQuery: unknown;
  export default jQuery;
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
declare module "leaflet" {
  const L: { Icon: { Default: { imagePath: string; mergeOptions(options: { [name: string]: string }): void } } };
  export default L;
}
declare module "leaflet.awesome-markers";
declare module "leaflet.heat";
declare module "leaflet.markercluster";
declare module "bootstrap/dist/js/bootstrap.bundle.js";
/** A picture as its address, with the content inside. */
declare module "*.png" {
  const address: string;
  export default address;
}
