// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { plainId, scopeIds } from "../../src/outputs/scoped_ids.ts";

/** The markup with the ids of one text. */
function scoped(markup: string): string {
  const template = document.createElement("template");
  template.innerHTML = markup;
  scopeIds(template.content);
  return template.innerHTML.replaceAll(/user-content-\d+-/g, "N-");
}

describe("ids in a text", () => {
  test("get a prefix, and references follow", () => {
    expect(
      scoped('<svg><linearGradient id="user-content-g"></linearGradient><rect fill="url(#g)"></rect><use href="#g"></use></svg>'),
    ).toBe('<svg><linearGradient id="N-g"></linearGradient><rect fill="url(#N-g)"></rect><use href="#N-g"></use></svg>');
    expect(scoped('<b id="user-content-a"></b><i aria-labelledby="a b" title="#a">x</i>')).toBe(
      '<b id="N-a"></b><i aria-labelledby="N-a N-b" title="#a">x</i>',
    );
  });
  test("of two texts are two", () => {
    const template = document.createElement("template");
    template.innerHTML = '<b id="user-content-a"></b>';
    const other = template.content.cloneNode(true) as DocumentFragment;
    scopeIds(template.content);
    scopeIds(other);
    expect(template.content.firstElementChild?.id).not.toBe(other.firstElementChild?.id);
    expect(plainId(template.content.firstElementChild?.id ?? "")).toBe("a");
  });
  test("links stay as they are: they may go to another text", () => {
    expect(scoped('<a href="#x" id="user-content-x">x</a>')).toBe('<a href="#x" id="N-x">x</a>');
  });
});
