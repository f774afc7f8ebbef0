// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import {
  cellOfFocus,
  focusCell,
  focused,
  isInSelectedCell,
  keyPlace,
  leavesEditor,
  settleFocus,
  takesSelection,
} from "../../src/session/key_place.ts";
import { mode, selected } from "../../src/session/selection.ts";
import { closeDialog, isReturning } from "../../src/ui/focus_return.ts";
import { dialog, finding } from "../../src/ui/page_state.ts";

const PAGE = `
  <div class="app">
    <button id="button">b</button> <input id="field"> <a id="link" href="#">l</a>
    <span class="menu-root"><button id="menu" aria-expanded="true">m</button></span>
    <div class="cell" id="cell-a" tabindex="0"><pre class="src" id="source" tabindex="0">text</pre><button id="fold" tabindex="-1">f</button><div id="host"></div></div>
    <div class="cell" id="cell-b" tabindex="-1"><div class="cm-editor"><div class="cm-content" id="editor" tabindex="0"></div></div></div>
  </div>`;

const at = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (element === null) throw new Error(id);
  return element;
};

/** Where keys go when an element has the focus. */
function placeAt(id: string) {
  at(id).focus();
  return keyPlace();
}

describe("where a key goes", () => {
  beforeEach(() => {
    document.body.innerHTML = PAGE;
    selected.value = "a";
    mode.value = "command";
    dialog.value = null;
    finding.value = null;
    getSelection()?.removeAllRanges();
  });

  test("follows the focus, and not what is selected", () => {
    expect(keyPlace()).toBe("nowhere");
    const places = ["cell-a", "cell-b", "editor", "source", "button", "link", "field", "menu"].map(placeAt);
    expect(places).toEqual(["cell", "page", "editor", "page", "page", "page", "own", "own"]);
    selected.value = "c"; // not drawn yet
    expect(placeAt("cell-a")).toBe("cell");
  });

  test("is nowhere of the page's while a dialog or the bar that finds is there, or on its way", () => {
    at("cell-a").focus();
    dialog.value = "palette";
    expect(keyPlace()).toBe("own");
    dialog.value = null;
    finding.value = { replace: false, text: "" };
    expect(keyPlace()).toBe("own");
    finding.value = null;
    document.body.append(document.createElement("dialog"));
    expect(keyPlace()).toBe("cell");
    document.querySelector("dialog")?.setAttribute("open", "");
    expect(keyPlace()).toBe("own");
  });

  test("goes with the selection: a cell that gets the focus is selected, but not while the selected one is yet to come", () => {
    expect([takesSelection("a", null), takesSelection("b", null)]).toEqual([false, true]);
    selected.value = "c";
    expect(takesSelection("a", null)).toBe(false);
    selected.value = null;
    expect(takesSelection("a", null)).toBe(true);
    const question = document.createElement("form");
    question.className = "stdin";
    question.append(document.createElement("input"));
    expect(takesSelection("a", question.firstChild)).toBe(false);
  });

  test("is no editor any more when something else in its cell has the focus", () => {
    expect(leavesEditor(at("source"))).toBe(false);
    mode.value = "edit";
    expect(leavesEditor(at("source"))).toBe(true);
    at("editor").closest(".cm-editor")?.classList.add("live");
    expect(leavesEditor(at("editor"))).toBe(false);
  });

  test("comes back behind a dialog, to the cell that is selected then", () => {
    at("cell-a").focus();
    expect(cellOfFocus()).toBe("a");
    selected.value = "b";
    const shown = document.createElement("dialog");
    let meanwhile = false;
    shown.close = () => {
      meanwhile = isReturning() && !takesSelection("a", null); // what the browser focuses now selects nothing
    };
    closeDialog(shown, at("cell-a"));
    expect([focused()?.id, meanwhile, isReturning()]).toEqual(["cell-b", true, false]);
    closeDialog(shown, at("source"));
    expect(focused()?.id).toBe("cell-b");
    closeDialog(shown, at("link"));
    expect(focused()?.id).toBe("link");
    expect(cellOfFocus()).toBeNull();
  });

  test("is the text as long as some is selected", () => {
    at("cell-a").focus();
    getSelection()?.selectAllChildren(at("source"));
    expect(keyPlace()).toBe("text");
    focusCell();
    expect(keyPlace()).toBe("cell");
  });

  test("is found in shadow roots, too", () => {
    const root = at("host").attachShadow({ mode: "open" });
    root.innerHTML = `<input id="inner">`;
    const inner = root.getElementById("inner");
    inner?.focus();
    expect(focused()).toBe(inner);
    expect([keyPlace(), isInSelectedCell()]).toEqual(["own", true]);
  });

  test("is the cell after a click on what can only be read", () => {
    at("source").focus();
    settleFocus(at("cell-a"));
    expect(focused()?.id).toBe("cell-a");
    at("fold").focus();
    settleFocus(at("cell-b"));
    expect(focused()?.id).toBe("cell-a");
    at("button").focus();
    settleFocus(at("cell-a"));
    expect(focused()?.id).toBe("button");
    mode.value = "edit";
    at("source").focus();
    settleFocus(at("cell-a"));
    expect(focused()?.id).toBe("source");
  });
});
