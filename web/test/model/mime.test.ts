// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { best, formText, groundOf, imageSize } from "../../src/model/mime.ts";

describe("the form that is shown", () => {
  test.each([
    [{ "text/plain": "x", "text/html": "<b>" }, "text/html"],
    [{ "text/plain": "x", "image/png": "" }, "text/plain"],
    [{ "text/plain": "$x$", "text/latex": "$x$", "image/png": "aa" }, "text/latex"],
    [{ "application/vnd.plotly.v1+json": {}, "text/html": "<div>" }, "text/html"],
    [{ "image/svg+xml": "<svg/>", "image/png": "aa" }, "image/svg+xml"],
    [{ "application/x-unknown": "x" }, null],
    [{ "text/plain": "" }, "text/plain"],
  ])("%j is %s", (data, type) => {
    expect(best(data)).toBe(type);
  });
  test("lists of lines are joined", () => expect(formText({ "text/plain": ["a\n", "b"] }, "text/plain")).toBe("a\nb"));
  test("a drawing gets the namespaces that it may leave out in HTML", () => {
    const drawn = (svg: string) => formText({ "image/svg+xml": svg }, "image/svg+xml");
    expect(drawn("<svg width='1'/>")).toBe("<svg xmlns=\"http://www.w3.org/2000/svg\" width='1'/>");
    expect(drawn("<?xml?><svg xmlns='x'><use xlink:href='#a'/></svg>")).toBe(
      "<?xml?><svg xmlns:xlink=\"http://www.w3.org/1999/xlink\" xmlns='x'><use xlink:href='#a'/></svg>",
    );
    expect(drawn("no drawing")).toBe("no drawing");
  });
  test("sizes come from the metadata of the type", () => {
    expect(imageSize({ "image/png": { width: 10, height: 20 } }, "image/png")).toEqual({ width: 10, height: 20 });
    expect(imageSize({ width: -1 }, "image/png")).toEqual({});
  });
});

describe("the ground that an image needs", () => {
  test("is told for its form or for the output", () => {
    expect(groundOf({ "image/png": { needs_background: "light" } }, "image/png")).toBe("light");
    expect(groundOf({ needs_background: "dark" }, "image/png")).toBe("dark");
    expect(groundOf({ "image/png": { width: 3 }, needs_background: "light" }, "image/png")).toBe("light");
    expect(groundOf({ needs_background: "red" }, "image/png")).toBeNull();
  });
});
