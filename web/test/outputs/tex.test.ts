import { describe, expect, test } from "vitest";
import { prepared, takeApart } from "../../src/outputs/tex.ts";

describe("what a formula defines", () => {
  test.each([
    ["\\newcommand{\\R}{\\mathbb{R}} x", ["\\R", "\\mathbb{R}", false]],
    ["\\newcommand\\norm[1]{\\|#1\\|} x", ["\\norm", "\\|#1\\|", false]],
    ["\\renewcommand{\\half}[2][1]{\\frac{#1}{#2}} x", ["\\half", "\\frac{#1}{#2}", true]],
    ["\\providecommand{\\a}{b} x", ["\\a", "b", false]],
    ["\\DeclareMathOperator*{\\argmin}{arg\\,min} x", ["\\argmin", "\\operatorname*{arg\\,min}", false]],
    ["\\def\\f#1{{#1}^2} x", ["\\f", "{#1}^2", false]],
    ["\\gdef\\g{h} x", ["\\g", "h", false]],
  ])("%s", (tex, [name, body, optional]) => {
    const apart = takeApart(tex);
    expect(apart.definitions.map(one => [one.name, one.body, one.optional])).toEqual([[name, body, optional]]);
    expect(apart.rest.trim()).toBe("x");
  });
  test("nothing else is taken", () => {
    expect(takeApart("a \\\\newcommand b \\newcommands \\label{x}")).toMatchObject({
      definitions: [],
      rest: "a \\\\newcommand b \\newcommands \\label{x}",
    });
    expect(takeApart("\\require{cancel}\\cancel{x}").rest).toBe("\\cancel{x}");
  });
});

describe("labels and numbers", () => {
  test("a label has the tag of its row, or is counted", () => {
    expect(takeApart("a \\label{one} \\\\ b \\tag{B}\\label{two}").labels).toEqual([
      { name: "one", tag: null },
      { name: "two", tag: "B" },
    ]);
  });
  test("equations with a label get a number, others none", () => {
    const numbers = new Map([["one", "3"]]);
    expect(prepared("\\begin{align}a\\label{one}\\\\b\\end{align}", true, numbers)).toBe("\\begin{align*}a\\tag{3}\\\\b\\end{align*}");
    expect(prepared("a\\label{one}", false, numbers)).toBe("a");
    expect(prepared("\\eqref{one} \\ref{two}", false, numbers)).toBe("\\href{#mjx-eqn:one}{\\text{(3)}} \\href{#mjx-eqn:two}{\\text{???}}");
  });
});
