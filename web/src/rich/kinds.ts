/** The forms of an output that need a library of their own, in the order in which they are taken. They stand before every other form. */
import type { JsonMap } from "../api/schema.ts";

export type FigureKind = "widget" | "plotly" | "vega" | "vega-lite" | "bokeh";

const FORMS: readonly (readonly [RegExp, FigureKind])[] = [
  [/^application\/vnd\.jupyter\.widget-view\+json$/, "widget"],
  [/^application\/vnd\.plotly\.v1\+json$/, "plotly"],
  [/^application\/vnd\.vegalite\.v\d+(\+json|\.json)$/, "vega-lite"],
  [/^application\/vnd\.vega\.v\d+(\+json|\.json)$/, "vega"],
  [/^application\/vnd\.bokehjs_exec\.v0\+json$/, "bokeh"],
];

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
  return null;
}
