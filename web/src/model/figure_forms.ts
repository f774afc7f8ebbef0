/** The forms of an output that need a library of their own, in the order in which they are taken. They stand before every other form. */
import type { JsonMap } from "../rpc/schema.ts";

export type FigureKind = "widget" | "plotly" | "vega" | "vega-lite" | "bokeh" | "bokeh-load" | "mermaid";

const FORMS: readonly (readonly [RegExp, FigureKind])[] = [
  [/^application\/vnd\.jupyter\.widget-view\+json$/, "widget"],
  [/^application\/vnd\.plotly\.v1\+json$/, "plotly"],
  [/^application\/vnd\.vegalite\.v\d+(\+json|\.json)$/, "vega-lite"],
  [/^application\/vnd\.vega\.v\d+(\+json|\.json)$/, "vega"],
  [/^application\/vnd\.bokehjs_exec\.v0\+json$/, "bokeh"],
  [/^application\/vnd\.(?:bokehjs|holoviews)_load\.v0\+json$/, "bokeh-load"],
  [/^text\/vnd\.mermaid$/, "mermaid"],
];

/** What Bokeh shows while a front end loads its code: here each figure brings it along. */
const isBokehWaiting = (html: unknown): boolean => typeof html === "string" && html.slice(0, 200).includes(".bk-notebook-logo {");

export interface Figure {
  readonly kind: FigureKind;
  readonly type: string;
}

/** The best of those forms that an output has. */
export function figureOf(data: JsonMap): Figure | null {
  const types = Object.keys(data);
  for (const [pattern, kind] of FORMS) {
    const type = types.find(one => pattern.test(one));
    if (type !== undefined) return { kind, type };
  }
  return isBokehWaiting(data["text/html"]) ? { kind: "bokeh-load", type: "text/html" } : null;
}
