import { describe, expect, test } from "vitest";
import { idsOf, isSilent, namesOf, scriptsOf } from "../../src/outputs/script_names.ts";

const BUILT_IN = new Set(["document", "console", "window", "setTimeout", "Object"]);
const names = (html: string) => {
  const { makes, uses, isLibrary } = namesOf(scriptsOf(html), name => BUILT_IN.has(name), idsOf(html));
  return { makes: [...makes].sort(), uses: [...uses].sort(), isLibrary };
};

describe("the global names of scripts", () => {
  test("what is declared at the top, set on the window or nowhere declared is made", () => {
    expect(
      names(`<script>var a = 1; let { b, c: [d] } = {}; function e() { var local = 2; f = local } class g {}
        (function (root) { root.h = 1; window["i"] = 2 })(window)</script>`).makes,
    ).toEqual(["a", "b", "d", "e", "f", "g", "h", "i"]);
  });

  test("what is declared nowhere is used, and what is read from the window, whatever is local", () => {
    expect(
      names(`<script>(function (root) { const Bokeh = root.Bokeh; Plotly.newPlot(Bokeh, document) })(window)</script>
        <button onclick="go(&quot;x&quot;)">x</button>`).uses,
    ).toEqual(["Bokeh", "Plotly", "go"]);
  });

  test("what is changed counts as made", () => {
    expect(names("<script>require.config({}); list.push(1); a.b.c = 2; n++; define('x', [])</script>").makes).toEqual([
      "a",
      "list",
      "n",
      "require",
    ]);
  });

  test("elements of the output are its own, unless a global takes their name", () => {
    const html = `<p id=a></p><p id="b"></p><p id='c' class=x></p><script>a.hidden = true; b.push(1); paint(a, b, c); window.c = 1; d.e = "<p id=d>"</script>`;
    expect(names(html)).toEqual({ makes: ["c", "d"], uses: ["d", "paint"], isLibrary: false });
  });

  test("long scripts and files are libraries, well-known ones by their name", () => {
    expect(names("<script src='https://x.example/lib.js'></script>").isLibrary).toBe(true);
    expect(names(`<script>${"x;".repeat(200_000)}</script>`)).toEqual({ makes: [], uses: [], isLibrary: true });
    expect(names("<script src=https://cdn.plot.ly/plotly-3.0.0.min.js></script>")).toEqual({
      makes: ["Plotly"],
      uses: [],
      isLibrary: false,
    });
    expect(names('<script type="module">import "https://cdn.plot.ly/plotly-3.0.0.min"</script>').makes).toEqual(["Plotly"]);
  });

  test("what is no script, or none that can be read, has no names", () => {
    expect(names("<script type=application/json>{a: b}</script><script>if (</script>")).toEqual({ makes: [], uses: [], isLibrary: false });
  });
});

describe("an output that is a library", () => {
  test("is silent when there is nothing to look at", () => {
    const library = `<script>${"x;".repeat(200_000)}</script>`;
    expect(isSilent(`  <script>window.PlotlyConfig = {}</script> ${library}\n`)).toBe(true);
    expect(isSilent(`${library}<p>x</p>`)).toBe(false);
    expect(isSilent(`${library}<script>document.body.append("x")</script>`)).toBe(false);
    expect(isSilent("<script src='https://x.example/widget.js'></script>")).toBe(false);
    expect(isSilent("<script>a = 1</script>")).toBe(false);
  });
});
