// @vitest-environment happy-dom

import { CompletionContext } from "@codemirror/autocomplete";
import { python } from "@codemirror/lang-python";
import { EditorState } from "@codemirror/state";
import { afterEach, describe, expect, test } from "vitest";
import { completeTyped } from "../../src/code/complete_typing.ts";
import { placeHelp } from "../../src/code/completion_help.ts";
import { options } from "../../src/code/completion_options.ts";
import { typedName } from "../../src/code/completion_place.ts";
import { gateOf } from "../../src/code/kernel_gate.ts";
import { notebookNames } from "../../src/code/notebook_names.ts";
import { typingCompletion } from "../../src/ui/settings.ts";
import { numbered } from "../log.ts";
import { openSession } from "../stores.ts";

const pythonState = (doc: string): EditorState => EditorState.create({ doc, extensions: python() });

describe("where the list opens by itself", () => {
  const opens: Record<string, string> = {
    "two letters": "pr",
    "letters of any script": "größ",
    "behind a dot": "frame.",
    "behind a dot after a call": "f(x).",
    "behind a dot after a string": "'a'.",
    "a part of a name behind a dot": "frame.he",
    "what an f-string computes": "f'{wa",
    "behind a sign": "x=ab",
    "in a cell that IPython times": "%%time\nab",
  };
  for (const [what, doc] of Object.entries(opens)) test(what, () => expect(typedName(pythonState(doc), doc.length, true)).not.toBeNull());
  const calm: Record<string, string> = {
    "one letter": "p",
    "a string": "x = 'pri",
    "a string of several lines": "x = '''\npri",
    "the text of an f-string": "f'wa",
    "a comment": "# pri",
    "a new function": "def pri",
    "a new class": "class Pri",
    "a new name of an import": "import numpy as np",
    "a number": "1.",
    "an exponent": "1e",
    "a magic": "%ma",
    "a command of the system": "!ls ab",
    "a cell of another language": "%%bash\nab",
    "behind three dots": "...",
  };
  for (const [what, doc] of Object.entries(calm))
    test(`not in ${what}`, () => expect(typedName(pythonState(doc), doc.length, true)).toBeNull());
  test("in other languages, by their quotes and comments", () => {
    const at = (doc: string) => typedName(EditorState.create({ doc }), doc.length, false);
    expect(at("x <- me")).toMatchObject({ word: "me", from: 5, isMember: false });
    for (const doc of ['x <- "me', "# me", "// me", "x = 'it\\'s me"]) expect(at(doc), doc).toBeNull();
    expect(at('x = "a" + me')).not.toBeNull();
  });
});

describe("the options of an answer", () => {
  const reply = (matches: string[], cursor_start: number, cursor_end: number, metadata = {}) => ({
    matches,
    cursor_start,
    cursor_end,
    metadata,
  });
  test("are counted in characters by the kernel, in units here", () => {
    expect(options("'😀'; pri", 9, reply(["print"], 5, 8))).toMatchObject({ from: 6, to: 9, options: [{ label: "print" }] });
  });
  test("lose what a kernel repeats before the word", () => {
    expect(options("np.ar", 5, reply(["np.array", "np.arange"], 0, 5))).toMatchObject({
      from: 3,
      options: [{ label: "array" }, { label: "arange" }],
    });
    expect(options("%ma", 3, reply(["%matplotlib"], 0, 3))).toMatchObject({ from: 0, options: [{ label: "%matplotlib" }] });
  });
  test("tell their kinds and signatures", () => {
    const metadata = { _jupyter_types_experimental: [{ text: "print", type: "function", signature: "(*values)" }] };
    expect(options("pri", 3, reply(["print"], 0, 3, metadata)).options[0]).toMatchObject({ detail: "function", info: "(*values)" });
  });
});

const LOG = numbered([
  { type: "session_created", session: "s", title: "t" },
  { type: "cell_inserted", cell: "a", after: null, cell_type: "code", source: "import wardrobe\ndef warm(warp):\n    war_inside = 1" },
  { type: "cell_inserted", cell: "b", after: "a", cell_type: "markdown", source: "warning" },
  { type: "cell_inserted", cell: "c", after: "b", cell_type: "code", source: "def f(wares):\n    wa" },
]);

describe("names that the cells bind", () => {
  test("are the outermost of other cells and all of the own one", async () => {
    const { store } = await openSession(LOG);
    const names = await notebookNames(store, "c", { from: 18, to: 20 }, () => true);
    expect(names.map(one => one.label)).toEqual(["f", "wares", "wardrobe", "warm"]);
    expect(names.at(-1)).toEqual({ label: "warm", kind: "function", line: "def warm(warp):" });
  });
});

describe("completing what is typed", () => {
  afterEach(() => {
    typingCompletion.value = true;
  });
  test("needs no kernel, and asks none that does not run", async () => {
    const { store, calls } = await openSession(LOG);
    const state = pythonState("def f(wares):\n    wa");
    const result = await completeTyped(store, "c", new CompletionContext(state, 20, false));
    expect(result).toMatchObject({ from: 18, options: [{ label: "wares" }, { label: "wardrobe" }, { label: "warm" }] });
    expect(calls("completion.get")).toEqual([]);
  });
  test("is a setting", async () => {
    typingCompletion.value = false;
    const { store } = await openSession(LOG);
    expect(await completeTyped(store, "c", new CompletionContext(pythonState("wa"), 2, false))).toBeNull();
  });
});

describe("questions that come by themselves", () => {
  test("are asked one at a time, and not at all when nobody wants the answer any more", async () => {
    const { store } = await openSession(LOG);
    const gate = gateOf(store);
    const asked: string[] = [];
    let answer = (_: string): void => {};
    const ask = (name: string) => () => {
      asked.push(name);
      return new Promise<string>(resolve => {
        answer = resolve;
      });
    };
    const first = gate.ask(() => true, ask("first"));
    const second = gate.ask(() => false, ask("second"));
    const third = gate.ask(() => true, ask("third"));
    expect(asked).toEqual(["first"]);
    answer("one");
    expect([await first, await second]).toEqual(["one", null]);
    await Promise.resolve();
    expect(asked).toEqual(["first", "third"]);
    answer("three");
    expect(await third).toBe("three");
    await expect(
      gate.ask(
        () => true,
        () => Promise.reject(new Error("no")),
      ),
    ).rejects.toThrow("no");
    await expect(
      gate.ask(
        () => true,
        () => Promise.resolve(4),
      ),
    ).resolves.toBe(4);
  });
});

describe("help beside the list", () => {
  const space = (right: number) => ({ left: 0, top: 0, right, bottom: 800 });
  const list = { left: 100, right: 350, top: 100, bottom: 200 };
  const info = { left: 0, right: 300, top: 0, bottom: 100 };
  const place = (right: number, at = list, height = 100) => placeHelp(null as never, at, at, { ...info, bottom: height }, space(right));
  test("stands where it has room", () => {
    expect(place(1280).class).toBe("cm-completionInfo-right");
    expect(place(900, { ...list, left: 600, right: 850 }).class).toBe("cm-completionInfo-left");
    expect(place(390).style).toMatch(/^top: .*; left: -100px; width: 382px/);
    expect(place(390, { ...list, top: 600, bottom: 750 }).style).toMatch(/^bottom: /);
    expect(place(390, { ...list, top: 80, bottom: 780 }, 300).style).toBe("visibility: hidden");
  });
});
