// @vitest-environment happy-dom
import { completionStatus, startCompletion } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, runScopeHandlers } from "@codemirror/view";
import { beforeEach, expect, test, vi } from "vitest";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";

let helping: typeof import("../../src/code/helping.ts");
let permissions: typeof import("../../src/session/permissions.ts");

beforeEach(async () => {
  vi.resetModules();
  helping = await import("../../src/code/helping.ts");
  permissions = await import("../../src/session/permissions.ts");
  document.body.replaceChildren();
});

const READY = numbered([
  { type: "session_created", session: "s", title: "t" },
  { type: "kernel_started", kernel: "k", kernelspec: "python3", display_name: "Python", language: "python", url_without_key: "" },
  { type: "kernel_state_changed", state: "idle" },
]);

async function editor(doc = "", opened = openSession([])): Promise<EditorView> {
  const { store } = await opened;
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

test.each([
  ["greet(", true],
  ["greet('a', other(1), ", true],
  ["greet(1) + (", false],
  ["greet(1)", false],
])("of what is typed before, a call is explained when the code has come: %s", async (code, isCall) => {
  permissions.setRight("execute");
  const session = openSession(READY);
  const view = await editor("", session);
  for (const letter of code) type(view, letter);
  const { calls } = await session;
  expect(calls("inspection.get")).toEqual([]);
  await helping.fetchHelp();
  expect(calls("inspection.get")).toEqual(isCall ? [expect.objectContaining({ code, cursor: 5 })] : []);
  permissions.setRight(null);
});

test("a key that asks for help is kept until its code has come; Tab indents elsewhere", async () => {
  permissions.setRight("execute");
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
  permissions.setRight(null);
});
