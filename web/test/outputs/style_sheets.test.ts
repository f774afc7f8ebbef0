import { describe, expect, test } from "vitest";
import { confinedSelector } from "../../src/outputs/style_sheets.ts";

describe("selectors of an output's style sheet", () => {
  test.each([
    ["#T_1 td", "#T_1 td"],
    [":host", ":host > *"],
    [":root, .x:hover", ":host > *, .x:hover"],
    [":host .dark b", ":host > * .dark b"],
    [":is(:host, b)", ":is(:host > *, b)"],
    [":host-x", null],
    [":host(.x)", null],
    [":host-context(body)", null],
    [":scope", null],
    ["&", null],
  ])("%s becomes %s", (selector, confined) => expect(confinedSelector(selector, false)).toBe(confined));
  test("below another rule, & has a meaning", () => expect(confinedSelector("& b", true)).toBe("& b"));
});
