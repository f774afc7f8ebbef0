// @vitest-environment happy-dom
import { render } from "preact";
import { expect, test } from "vitest";
import { LazyModule, lazily } from "../../src/ui/lazy.ts";

const settled = () => new Promise(resolve => setTimeout(resolve, 50));

test("a component is drawn when another one's fetch ends between its drawing and its effects", async () => {
  const module = new LazyModule(() => Promise.resolve(() => <b>there</b>));
  const Late = lazily(module);
  const root = document.createElement("div");
  document.body.append(root);
  render(<Late />, root);
  await module.fetch(); // before the effects of the drawing have run
  await settled();
  expect(root.textContent).toBe("there");
});
