// @vitest-environment happy-dom
import { completionStatus, startCompletion } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, runScopeHandlers } from "@codemirror/view";
import { beforeEach, expect, test, vi } from "vitest";
import { setRight } from "../../src/session/permissions.ts";
import { openSession } from "../stores.ts";

let helping: typeof import("../../src/code/helping.ts");

beforeEach(async () => {
  vi.resetModules();
  helping = await import("../../src/code/helping.ts");
  document.body.replaceChildren();
});

async function editor(doc = ""): Promise<EditorView> {
  const { store } = await openSession([]);
  const extensions = [helping.helping(store, "a"), keymap.of([...helping.helpKeys])];
  return new EditorView({ state: EditorState.create({ doc, extensions, selection: { anchor: doc.length } }), parent: document.body });
}

const type = (view: EditorView, text: string): void => view.dispatch({ ...view.state.replaceSelection(text), userEvent: "input.type" });
const isEquipped = (view: EditorView): boolean => startCompletion(view);

test("an editor has help when its code comes, whenever that is", async () => {
  const [before, gone] = [await editor(), await editor()];
  gone.destroy();
  expect(isEquipped(before)).toBe(false);
  await helping.fetchHelp();
  expect(isEquipped(before)).toBe(true);
  const after = await editor();
  expect(isEquipped(after)).toBe(true);
});

test("a state that was made before the code came has help in its next editor", async () => {
  const early = await editor();
  const { state } = early;
  early.destroy();
  await helping.fetchHelp();
  const view = new EditorView({ state, parent: document.body });
  await expect.poll(() => isEquipped(view)).toBe(true);
});

test("what is typed before is completed when the code has come", async () => {
  const view = await editor();
  type(view, "na");
  await expect.poll(() => completionStatus(view.state)).toBe("pending");
});

test("a key that asks for help is kept until its code has come; Tab indents elsewhere", async () => {
  setRight("execute");
  const view = await editor("  ");
  const press = (key: string): boolean => runScopeHandlers(view, new KeyboardEvent("keydown", { key }), "editor");
  expect(press("Tab")).toBe(true);
  expect(view.state.doc.toString()).toBe("    ");
  expect(completionStatus(view.state)).toBeNull();
  type(view, "na");
  view.dispatch({ selection: { anchor: view.state.doc.length } });
  expect(press("Tab")).toBe(true);
  expect(view.state.doc.toString()).toBe("    na");
  await expect.poll(() => completionStatus(view.state)).toBe("pending");
  setRight(null);
});
