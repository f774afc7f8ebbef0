// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { type Beside, setExportedAddresses, setPlaces } from "../../src/outputs/exported_addresses.ts";

const NOTHING: Beside = { addresses: [], contentOf: () => null };

function shown(html: string, beside: Beside = NOTHING): string {
  const template = document.createElement("template");
  template.innerHTML = html;
  setExportedAddresses(template.content, beside);
  return template.innerHTML;
}

describe("addresses in an exported text", () => {
  test("of pictures that came along are their content, in code what was written", () => {
    const beside: Beside = { addresses: ["a.png", "b.png"], contentOf: number => `data:,${number}` };
    expect(shown('<img src="webipy-picture-1-" alt="x">', beside)).toBe('<img src="data:,1" alt="x">');
    expect(shown('<code>![](webipy-picture-0-)</code><i title="webipy-picture-1-"></i>', beside)).toBe(
      '<code>![](a.png)</code><i title="b.png"></i>',
    );
  });

  test("of other servers load nothing: a link says where it leads", () => {
    expect(shown('<img src="https://a.example/x.png" alt="A plot">')).toMatch(
      /^<a href="https:\/\/a\.example\/x\.png"[^>]*>“A plot” from a\.example<\/a>$/,
    );
    expect(shown('<a href="#x"><img src="//a.example/x.png" alt=""></a>')).toBe('<a href="#x">Picture from a.example</a>');
    for (const html of [
      '<video src="http://a.example/x" autoplay></video>',
      '<audio><source src="https://a.example/x"></audio>',
      '<video poster="https://a.example/x"></video>',
      '<iframe src="https://a.example/"></iframe>',
      '<svg><image href="https://a.example/x"></image></svg>',
    ])
      expect(shown(html)).not.toMatch(/(?:src|poster|<image href)="https?:/);
  });

  test("beside the document stay as they are", () => {
    expect(shown('<img src="sub/a.png"><a href="b.csv">b</a>')).toBe('<img src="sub/a.png"><a href="b.csv">b</a>');
  });
});

describe("places in exported texts", () => {
  beforeEach(() => document.body.replaceChildren());

  test("have the names that Jupyter and GitHub give them, and links lead there", () => {
    document.body.innerHTML =
      '<div class="t"><h2 id="user-content-1-The-End">The End</h2><a id="user-content-1-own"></a><h2 id="user-content-1-The-End">again</h2></div>' +
      '<div class="t"><a href="#The-End">1</a><a href="#the-end">2</a><a href="#own">3</a><a href="#none">4</a><a href="#%E0%A4%A">5</a></div>';
    setPlaces([...document.querySelectorAll<HTMLElement>(".t")]);
    expect([...document.querySelectorAll("h2")].map(one => one.id)).toEqual(["The-End", "user-content-1-The-End"]);
    expect([...document.querySelectorAll("a[href]")].map(one => one.getAttribute("href"))).toEqual([
      "#The-End",
      "#The-End",
      "#user-content-1-own",
      "#none",
      "#%E0%A4%A",
    ]);
  });
});
