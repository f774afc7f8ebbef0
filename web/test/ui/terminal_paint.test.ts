// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { paintText, repaint } from "../../src/ui/terminal_paint.ts";

/** The links in a text: where each leads, and what it says. */
function links(text: string): [string, string][] {
  const holder = document.createElement("div");
  holder.append(paintText(text));
  for (const link of holder.querySelectorAll("a")) expect([link.target, link.rel]).toEqual(["_blank", "noopener noreferrer"]);
  return [...holder.querySelectorAll("a")].map(link => [link.href, link.textContent ?? ""]);
}

describe("links in the text of a terminal", () => {
  test.each([
    ["See https://example.org/a?b=c, and more.", [["https://example.org/a?b=c", "https://example.org/a?b=c"]]],
    ["(http://127.0.0.1:8888/lab?token=x)", [["http://127.0.0.1:8888/lab?token=x", "http://127.0.0.1:8888/lab?token=x"]]],
    ["\x1b[31mhttps://a.org/x\x1b[0m.", [["https://a.org/x", "https://a.org/x"]]],
    [
      "\x1b]8;;https://example.org/\x1b\\a link\x1b]8;;\x1b\\ https://b.org/",
      [
        ["https://example.org/", "a link"],
        ["https://b.org/", "https://b.org/"],
      ],
    ],
    ["\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07 ftp://x javascript:alert(1)", []],
  ] as [string, [string, string][]][])("%j", (text, found) => expect(links(text)).toEqual(found));

  test("the text is what it was", () => {
    const holder = document.createElement("div");
    holder.append(paintText("a https://b.org/c, d\n\x1b]8;;https://e.org\x07f\x1b]8;;\x07"));
    expect(holder.textContent).toBe("a https://b.org/c, d\nf");
  });
});

describe("text that is painted again", () => {
  test("keeps the nodes that did not change, and lets a text grow", () => {
    const element = document.createElement("pre");
    repaint(element, paintText("one\n\u001b[31mred\u001b[0m\ntw"));
    const before = [...element.childNodes];
    repaint(element, paintText("one\n\u001b[31mred\u001b[0m\ntwo\nthree"));
    expect(element.textContent).toBe("one\nred\ntwo\nthree");
    expect([...element.childNodes].slice(0, before.length)).toEqual(before);
    expect(before.every((node, at) => node === element.childNodes[at])).toBe(true);
    repaint(element, paintText("one\nother"));
    expect(element.textContent).toBe("one\nother");
    expect(element.firstChild).toBe(before[0]);
  });
});
