// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import { textsIn } from "../../src/outputs/find_outputs.ts";
import { provideLog } from "../../src/outputs/log_texts.ts";

afterEach(() => document.body.replaceChildren());

function outputs(html: string): HTMLElement {
  const root = document.createElement("div");
  root.innerHTML = html;
  document.body.append(root);
  return root;
}

test("texts are those that are shown, with a line for each block and each cell of a table", () => {
  const root = outputs("<p>one</p><table><tr><td>two</td><td>three</td></tr></table><button>Copy</button><b>fo</b>ur<style>x</style>");
  const [shown] = textsIn(root, () => {});
  expect(shown?.text).toBe("one\ntwo\nthree\nfour\n");
  expect(shown?.range(14, 18)?.toString()).toBe("four");
});

test("those in shadow roots are seen", () => {
  const root = outputs("<div id='host'></div>");
  const shadow = root.querySelector("#host")?.attachShadow({ mode: "open" });
  if (shadow !== undefined) shadow.innerHTML = "<div>in<b>side</b></div>";
  const [shown] = textsIn(root, () => {});
  expect(shown?.text.trim()).toBe("inside");
  expect(shown?.range(0, 6)?.startContainer.getRootNode()).toBe(shadow);
});

test("a log is all its lines, and marks what is shown of it", () => {
  const root = outputs("<p>before</p><div id='log'>row 59</div><p>behind</p>");
  const log = root.querySelector("#log");
  if (log === null) throw new Error("no log");
  const marks: unknown[] = [];
  let asked = 0;
  provideLog(log, {
    lines: () => ["row 1", "row 2", "row 59"],
    mark: (line, text) => marks.push([line, text]),
    rest: () => (asked++ === 0 ? Promise.resolve() : null),
  });
  const texts = textsIn(root, () => {});
  expect(texts.map(one => one.text.trim())).toEqual(["before", "row 1\nrow 2\nrow 59", "behind"]);
  texts[1]?.show(6, 11);
  texts[1]?.release();
  expect(marks).toEqual([
    [1, "row 2"],
    [null, ""],
  ]);
  expect(texts[1]?.range(0, 1)).toBeNull();
  provideLog(log, null);
  expect(textsIn(root, () => {})[0]?.text).toContain("row 59");
});
