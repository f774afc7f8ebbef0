// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { separate } from "../../src/outputs/sanitize.ts";

describe("styles in markup", () => {
  test("are put aside before anything parses them", () => {
    expect(separate('<style scoped>a > b {x:1}</style><p style="color:red" title="a style=b">x</p>')).toEqual({
      markup: '<p data-webipy-style="color:red" title="a style=b">x</p>',
      sheets: "a > b {x:1}",
    });
  });
  test("event handlers are taken out, text stays", () => {
    expect(separate("<b onclick='f(1)' id=x>on style=1 < 2</b>").markup).toBe("<b  id=x>on style=1 < 2</b>");
  });
  test("hostile markup does not make it slow", () => {
    const started = performance.now();
    separate('<a "'.repeat(50_000));
    separate("<style>".repeat(200_000));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
