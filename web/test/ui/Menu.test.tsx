// @vitest-environment happy-dom
import { render } from "preact";
import { beforeEach, expect, test } from "vitest";
import { fetchActs, LazyModule } from "../../src/ui/lazy.ts";
import { Menu } from "../../src/ui/Menu.tsx";

let done: string[] = [];
const row = (title: string, disabled = false) => ({ title, disabled, run: () => void done.push(title) });

beforeEach(() => {
  done = [];
});

/** A menu in the page, and its button. */
function shown(menu: preact.JSX.Element): HTMLButtonElement {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  render(menu, root);
  return document.querySelector("button") as HTMLButtonElement;
}

const press = (key: string): boolean =>
  (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const titles = (): (string | null)[] => [...document.querySelectorAll("[role=menuitem]")].map(one => one.textContent);

test("opens with its first row in focus, goes by arrows, and gives the focus back", async () => {
  await fetchActs();
  const button = shown(
    <Menu label="m" className="" items={[row("a", true), row("b"), false, { heading: "" }, row("c")]}>
      x
    </Menu>,
  );
  button.focus();
  button.click();
  await expect.poll(titles).toEqual(["a", "b", "c"]);
  expect(document.activeElement?.textContent).toBe("b");
  press("ArrowDown");
  expect(document.activeElement?.textContent).toBe("c");
  press("ArrowDown");
  expect(document.activeElement?.textContent).toBe("b");
  press("Escape");
  await expect.poll(titles).toEqual([]);
  expect(document.activeElement).toBe(button);
});

test("keeps the keys that are pressed before its rows have come", async () => {
  let come: (() => void) | null = null;
  const code = new LazyModule(() => new Promise<object>(resolve => (come = () => resolve({}))));
  const button = shown(
    <Menu label="m" className="" code={code} items={() => [row("a"), row("b"), row("c")]}>
      x
    </Menu>,
  );
  button.focus();
  button.click();
  await expect.poll(() => button.getAttribute("aria-expanded")).toBe("true");
  for (const key of ["ArrowDown", "ArrowDown", "Enter"]) expect(press(key)).toBe(false);
  expect(titles()).toEqual([]);
  await expect.poll(() => come).not.toBeNull();
  (come as (() => void) | null)?.();
  await expect.poll(() => done).toEqual(["c"]);
});
