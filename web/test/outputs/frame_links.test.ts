// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { destinationOf, isWritten, misleads } from "../../src/outputs/frame_links.ts";

const ORIGIN = "https://here.example";
const to = (written: string) => destinationOf(written, "a/b/", ORIGIN);

describe("where links of outputs lead", () => {
  test("to other servers, to files from the notebook's folder, and to pages of this server", () => {
    expect(to(" https://x.example/a?b=c#d ")).toEqual({ address: "https://x.example/a?b=c#d" });
    expect(to("//x.example/a")).toEqual({ address: "https://x.example/a" });
    expect(to("../c.ipynb#part")).toEqual({ address: "/n/a/c.ipynb#part" });
    expect(to("c.html")).toEqual({ address: "/?open=a/b/c.html" });
    expect(to("c.zip")).toEqual({ address: "/files/a/b/c.zip", saved: "c.zip" });
    expect(to("/s/1")).toEqual({ address: `${ORIGIN}/s/1` });
    expect(to("mailto:a@b.example")).toEqual({ address: "mailto:a@b.example" });
  });

  test("nowhere else", () => {
    for (const one of ["#x", "data:text/html,x", "javascript:1", "file:///etc/passwd", "vbscript:x", "", "blob:x", "attachment:x"])
      expect(to(one)).toBeNull();
  });

  test("an address counts as written when its author wrote it, with whatever escapes", () => {
    const address = "https://x.example/?a=1&b=2";
    const html = (body: string) => ({ type: "text/html", body });
    expect(isWritten(address, html(`<a href="${address.replace("&", "&amp;")}">`))).toBe(true);
    expect(isWritten(address, html(`<iframe srcdoc="<a href=&quot;${address.replace("&", "&amp;amp;")}&quot;>">`))).toBe(true);
    expect(isWritten(address, { type: "vega", body: { url: address } })).toBe(true);
    expect(
      isWritten(address, {
        type: "text/html",
        body: "",
        before: [{ type: "application/javascript", body: `x = "${address.replace("&", "\\u0026")}"` }],
      }),
    ).toBe(true);
    expect(isWritten(`${address}&secret=1`, html(address))).toBe(false);
  });

  test("a link that reads as the address of another server misleads", () => {
    const address = "https://x.example.org/path";
    for (const text of ["More", "x.example.org", "https://x.example.org", "www.x.example.org/a", "data.csv", "report.html", ""])
      expect(misleads(text, address)).toBe(false);
    for (const text of ["https://bank.example", "www.bank.example", "bank.com/login", "http://x.example.org.evil.com"])
      expect(misleads(text, address)).toBe(true);
  });
});
