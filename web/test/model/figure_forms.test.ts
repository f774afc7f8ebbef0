import { describe, expect, test } from "vitest";
import { figureOf } from "../../src/model/figure_forms.ts";

describe("figures", () => {
  test("a form that needs a library comes before all others", () => {
    const table: [string, string | undefined][] = [
      ["application/vnd.plotly.v1+json", "plotly"],
      ["application/vnd.vegalite.v5+json", "vega-lite"],
      ["application/vnd.vegalite.v6.json", "vega-lite"],
      ["application/vnd.vega.v6+json", "vega"],
      ["application/vnd.jupyter.widget-view+json", "widget"],
      ["application/vnd.bokehjs_exec.v0+json", "bokeh"],
      ["application/vnd.vega.x+json", undefined],
      ["text/html", undefined],
    ];
    for (const [type, kind] of table) expect(figureOf({ "text/plain": "x", [type]: {} })?.kind).toBe(kind);
  });
});
