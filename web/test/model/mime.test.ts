// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { best, formText, imageSize } from "../../src/model/mime.ts";

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
  test("sizes come from the metadata of the type", () => {
    expect(imageSize({ "image/png": { width: 10, height: 20 } }, "image/png")).toEqual({ width: 10, height: 20 });
    expect(imageSize({ width: -1 }, "image/png")).toEqual({});
  });
});
