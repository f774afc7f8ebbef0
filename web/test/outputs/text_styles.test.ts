import { expect, test } from "vitest";
import { selectorsOf, weightOf } from "../../src/outputs/text_styles.ts";

test("the more particular selector weighs more", () => {
  const order = ["*", "p", "ul li", ".a", "p.a", "p:first-child .a", "#a", "#a .b"];
  const weights = order.map(weightOf);
  expect(weights).toEqual([...weights].sort((one, other) => one - other));
  expect(new Set(weights).size).toBe(order.length);
  expect(weightOf("p::before")).toBe(weightOf("p"));
});

test("a list is parted between its selectors alone", () => {
  expect(selectorsOf("a, p:is(b, c), [x='1,2']")).toEqual(["a", " p:is(b, c)", " [x='1,2']"]);
});
