import { describe, expect, test } from "vitest";
import { hostsNamed, hostsOf } from "../../src/outputs/named_hosts.ts";

describe("the servers that an output names", () => {
  test("where scripts, styles, pictures and code load from", () => {
    expect(
      hostsNamed(`<script src="https://a.example.org/x.js"></script><link rel=stylesheet href=https://b.example.org/y.css>
        <style>p { background: url(https://c.example.org/z.png) }</style><script>fetch('https://d.example.org:8443/q'); x = "https:\\/\\/e.example.org"</script>`),
    ).toEqual(["a.example.org", "b.example.org", "c.example.org", "d.example.org:8443", "e.example.org"]);
  });

  test("links, formats and namespaces are no loads", () => {
    expect(
      hostsNamed(`<a href="https://a.example.org/">x</a> see https://b.example.org <svg xmlns="https://c.example.org/svg">
        <script>s = {"$schema": "https://vega.github.io/schema/v6.json", "attribution": "\\u003ca href=\\"https://d.example.org\\""}</script>`),
    ).toEqual([]);
  });

  test("in a frame of text, with the letters of a map's tiles", () => {
    const inner =
      "&lt;script src=&quot;https://a.example.org/x.js&quot;&gt; L.tileLayer(&quot;https://{s}.tile.example.org/{z}/{x}.png&quot;)";
    expect(hostsNamed(`<iframe srcdoc="${inner}">`)).toEqual([
      "a.example.org",
      "a.tile.example.org",
      "b.tile.example.org",
      "c.tile.example.org",
    ]);
  });

  test("in figures", () => {
    expect(hostsOf({ type: "vega", body: { data: { url: "https://a.example.org/x.json" } } })).toEqual(["a.example.org"]);
  });
});
