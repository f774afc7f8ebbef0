// @vitest-environment happy-dom
import { render } from "preact";
import { expect, test } from "vitest";
import { fetchActs, forActs, LazyModule, lazily } from "../../src/ui/lazy.ts";

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

test("what acts need is fetched all at once, and each part once", async () => {
  const fetched: string[] = [];
  const part = (name: string) =>
    forActs(async () => {
      fetched.push(name);
      return name;
    });
  const [one] = [part("one"), part("two")];
  await one.fetch();
  expect(fetched).toEqual(["one"]);
  await fetchActs();
  await fetchActs();
  expect(fetched).toEqual(["one", "two"]);
});

test("a part that cannot be had now is asked for again", async () => {
  let tries = 0;
  const part = forActs(async () => {
    tries++;
    if (tries === 1) throw new Error("out of reach");
    return "there";
  });
  await expect(fetchActs()).rejects.toThrow("out of reach");
  await fetchActs();
  expect(part.loaded).toBe("there");
});

test("what a browser says of a file that is not there is said in words", async () => {
  const gone = new LazyModule(() => Promise.reject(new TypeError("Failed to fetch dynamically imported module: http://x/static/a-1.js")));
  await expect(gone.fetch()).rejects.toThrow("reload the page");
});
