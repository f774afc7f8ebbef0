// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { KeptKeys, pressAgain } from "../../src/app/kept_keys.ts";
import { dialog } from "../../src/ui/page_state.ts";

/** A key of a keyboard: what scripts dispatch is never trusted. */
const typed = (key: string, more: KeyboardEventInit = {}): KeyboardEvent =>
  Object.defineProperty(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }), "isTrusted", { value: true });

const settled = () => new Promise(resolve => setTimeout(resolve, 100));

beforeEach(() => {
  dialog.value = null;
  document.body.replaceChildren();
});

/** A dialog that is there, with a field; what is pressed in it. */
function opened(): { field: HTMLInputElement; pressed: string[] } {
  document.body.innerHTML = "<dialog open><form><input></form></dialog>";
  const field = document.querySelector("input") as HTMLInputElement;
  const pressed: string[] = [];
  field.addEventListener("keydown", event => pressed.push(`${event.ctrlKey ? "Ctrl+" : ""}${event.key}`));
  field.focus();
  return { field, pressed };
}

test("keys are left alone while no dialog is asked for, or while it is there", () => {
  const keys = new KeptKeys();
  expect(keys.keep(typed("a"))).toBe(false);
  dialog.value = "palette";
  opened();
  expect(keys.keep(typed("a"))).toBe(false);
});

test("what is pressed while a dialog comes is pressed in it, in order", async () => {
  const keys = new KeptKeys();
  dialog.value = "palette";
  const events = ["s", "e", "x", "Backspace", "t", "ArrowDown"].map(key => typed(key));
  for (const event of [...events, typed(",", { ctrlKey: true })]) expect(keys.keep(event)).toBe(true);
  expect(events.every(event => event.defaultPrevented)).toBe(true);
  const { field, pressed } = opened();
  await expect.poll(() => pressed.length).toBe(7);
  expect(pressed).toEqual(["s", "e", "x", "Backspace", "t", "ArrowDown", "Ctrl+,"]);
  expect(field.value).toBe("set");
  await settled();
  expect(keys.keep(typed("a"))).toBe(false);
});

test("what a script presses is never kept", () => {
  dialog.value = "palette";
  expect(new KeptKeys().keep(new KeyboardEvent("keydown", { key: "a" }))).toBe(false);
});

test("Escape gives the dialog up, and what was pressed", async () => {
  const keys = new KeptKeys();
  dialog.value = "palette";
  keys.keep(typed("d"));
  keys.keep(typed("Escape"));
  expect(dialog.value).toBeNull();
  const { field } = opened();
  await settled();
  expect(field.value).toBe("");
});

test("Enter sends a form and presses a button, unless somebody has a use for it", () => {
  document.body.innerHTML = "<form><input></form><button type=button>b</button>";
  const [field, button] = [document.querySelector("input") as HTMLInputElement, document.querySelector("button") as HTMLButtonElement];
  const done: string[] = [];
  document.querySelector("form")?.addEventListener("submit", event => {
    event.preventDefault();
    done.push("sent");
  });
  button.addEventListener("click", () => done.push("pressed"));
  field.focus();
  pressAgain(typed("Enter"));
  button.focus();
  pressAgain(typed("Enter"));
  expect(done).toEqual(["sent", "pressed"]);
  button.addEventListener("keydown", event => event.preventDefault());
  pressAgain(typed("Enter"));
  expect(done).toEqual(["sent", "pressed"]);
});
