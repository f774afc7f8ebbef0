// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { contrast, intern, legible, PLAIN, paletteRgb, rendition, styleOf } from "../src/model/ansi.ts";
import type { Line } from "../src/model/lines.ts";
import { best, formText, imageSize } from "../src/model/mime.ts";
import { Rows } from "../src/outputs/log_rows.ts";
import { separate } from "../src/outputs/sanitize.ts";
import { frames, isArrow } from "../src/outputs/traceback_frames.ts";
import { KeyMap } from "../src/panels/key_map.ts";
import { type Chunk, MOST, rechunk } from "../src/session/cell_chunks.ts";
import { t } from "../src/text/en.ts";
import { ago, duration, size } from "../src/text/format.ts";
import { keyNames, spelling } from "../src/ui/keys.ts";

describe("the graphic rendition", () => {
  const styled = (...codes: string[]) => styleOf(codes.reduce(rendition, 0));
  test.each([
    ["31", { fg: { palette: 1 } }],
    ["97", { fg: { palette: 15 } }],
    ["44", { bg: { palette: 4 } }],
    ["103", { bg: { palette: 11 } }],
    ["38;5;208", { fg: { palette: 208 } }],
    ["48;2;1;2;3", { bg: { rgb: [1, 2, 3] } }],
    ["38:2::255:0:0", { fg: { rgb: [255, 0, 0] } }],
    ["1;3;4;9", { bold: true, italic: true, underline: true, strike: true }],
    ["38;5;208;1", { fg: { palette: 208 }, bold: true }],
    ["38;2;300;-1;0", { fg: { rgb: [255, 0, 0] } }],
  ])("%s", (code, part) => {
    expect(styled(code)).toEqual({ ...PLAIN, ...part });
  });
  test("an empty one resets", () => expect(styled("1;31", "")).toEqual(PLAIN));
  test("single ones are taken back", () => expect(styled("1;2;3;4;7;8;9;31;42", "22;23;24;27;28;29;39;49")).toEqual(PLAIN));
  test("equal styles are one number", () => expect(intern({ ...PLAIN, bold: true })).toBe(rendition(0, "1")));
  test("the palette of 256", () => {
    expect([paletteRgb(9), paletteRgb(16), paletteRgb(208), paletteRgb(231), paletteRgb(232), paletteRgb(255)]).toEqual([
      null,
      [0, 0, 0],
      [255, 135, 0],
      [255, 255, 255],
      [8, 8, 8],
      [238, 238, 238],
    ]);
  });
});

describe("the form that is shown", () => {
  test.each([
    [{ "text/plain": "x", "text/html": "<b>" }, "text/html"],
    [{ "text/plain": "x", "image/png": "" }, "text/plain"],
    [{ "text/plain": "$x$", "text/latex": "$x$", "image/png": "aa" }, "text/latex"],
    [{ "application/vnd.plotly.v1+json": {}, "text/html": "<div>" }, "text/html"],
    [{ "image/svg+xml": "<svg/>", "image/png": "aa" }, "image/svg+xml"],
    [{ "application/x-unknown": "x" }, null],
    [{ "text/plain": "" }, "text/plain"],
  ])("%j is %s", (data, type) => {
    expect(best(data)).toBe(type);
  });
  test("lists of lines are joined", () => expect(formText({ "text/plain": ["a\n", "b"] }, "text/plain")).toBe("a\nb"));
  test("sizes come from the metadata of the type", () => {
    expect(imageSize({ "image/png": { width: 10, height: 20 } }, "image/png")).toEqual({ width: 10, height: 20 });
    expect(imageSize({ width: -1 }, "image/png")).toEqual({});
  });
});

describe("styles in markup", () => {
  test("are put aside before anything parses them", () => {
    expect(separate('<style scoped>a > b {x:1}</style><p style="color:red" title="a style=b">x</p>')).toEqual({
      markup: '<p data-webipy-style="color:red" title="a style=b">x</p>',
      sheets: "a > b {x:1}",
    });
  });
  test("event handlers are taken out, text stays", () => {
    expect(separate("<b onclick='f(1)' id=x>on style=1 < 2</b>").markup).toBe("<b  id=x>on style=1 < 2</b>");
  });
  test("hostile markup does not make it slow", () => {
    const started = performance.now();
    separate('<a "'.repeat(50_000));
    separate("<style>".repeat(200_000));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("colours of output", () => {
  test("are made legible on their ground, and left alone where they are", () => {
    expect(legible([255, 255, 0], [250, 249, 246])).not.toEqual([255, 255, 0]);
    expect(contrast(legible([255, 255, 0], [250, 249, 246]), [250, 249, 246])).toBeGreaterThanOrEqual(4.5);
    expect(contrast(legible([0, 0, 90], [19, 21, 23]), [19, 21, 23])).toBeGreaterThanOrEqual(4.5);
    expect(legible([0, 0, 90], [250, 249, 246])).toEqual([0, 0, 90]);
  });
});

describe("tracebacks", () => {
  const python = [
    "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
    "\x1b[31mValueError\x1b[39m                                Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[3]\x1b[39m\x1b[32m, line 2\x1b[39m\n\x1b[32m      1\x1b[39m x\n\x1b[32m----> 2\x1b[39m f()",
    "\x1b[36mFile \x1b[39m\x1b[32m/usr/lib/python3.11/site-packages/a.py:7\x1b[39m, in \x1b[36mf\x1b[39m\x1b[34m()\x1b[39m\n\x1b[32m----> 7\x1b[39m raise",
    "\x1b[31mValueError\x1b[39m: bad",
  ];
  test("frames have their place, and libraries are told apart", () => {
    expect(frames(python, "ValueError", "bad").map(frame => [frame.place, frame.cellCount, frame.line, frame.library])).toEqual([
      ["Cell In[3], line 2", 3, 2, false],
      ["/usr/lib/python3.11/site-packages/a.py, line 7, in f()", null, 7, true],
    ]);
  });
  test("a syntax error does not say its message twice", () => {
    const [frame] = frames(
      ["  Cell In[4], line 1\n    x = = 2\n        ^\nSyntaxError: invalid syntax\n"],
      "SyntaxError",
      "invalid syntax (1.py, line 1)",
    );
    expect(frame?.text).toBe("    x = = 2\n        ^");
  });
  test("another shape is shown as it is", () => {
    expect(frames(["Error in f(): no"], "Error", "no").map(frame => frame.text)).toEqual(["Error in f(): no"]);
    expect(frames([], "Error", "no")).toEqual([]);
  });
  test("the failing line has an arrow", () =>
    expect([isArrow("----> 2 f()"), isArrow("--> 961 x"), isArrow("      1 x")]).toEqual([true, true, false]));
});

describe("rows of a log", () => {
  const lines: Line[] = ["12345", "", "1234567890123"].map(text => ({ text, marks: null }));
  test("without wrapping a line is a row", () => {
    const rows = new Rows();
    rows.update(lines, 3, 0, 0);
    expect([rows.total, rows.widest, rows.at(2).line]).toEqual([3, 13, 2]);
  });
  test("wrapped lines are cut at the column", () => {
    const rows = new Rows();
    rows.update(lines, 3, 0, 5);
    expect(rows.total).toBe(5);
    expect([0, 1, 2, 3, 4].map(row => rows.at(row))).toEqual([
      { line: 0, from: 0, to: 5 },
      { line: 1, from: 0, to: 5 },
      { line: 2, from: 0, to: 5 },
      { line: 2, from: 5, to: 10 },
      { line: 2, from: 10, to: 15 },
    ]);
  });
  test("counting on from the line that changed gives the same as counting all", () => {
    const grown = new Rows();
    grown.update(lines, 2, 0, 5);
    grown.update(lines, 3, 1, 5);
    const whole = new Rows();
    whole.update(lines, 3, 0, 5);
    expect([grown.total, grown.at(4)]).toEqual([whole.total, whole.at(4)]);
  });
});

describe("chunks of cells", () => {
  let key = 1;
  const next = () => key++;
  const ids = (n: number) => Array.from({ length: n }, (_, at) => `c${at}`);
  test("hold every cell once, in order, and never too many", () => {
    let chunks: Chunk[] = [];
    let order: string[] = [];
    for (let n = 0; n < 400; n++) {
      order = [...order.slice(0, (n * 7) % (order.length + 1)), `c${n}`, ...order.slice((n * 7) % (order.length + 1))];
      chunks = rechunk(chunks, order, next);
    }
    expect(chunks.flatMap(chunk => chunk.cells)).toEqual(order);
    expect(Math.max(...chunks.map(chunk => chunk.cells.length))).toBeLessThanOrEqual(MOST);
    expect(new Set(chunks.map(chunk => chunk.key)).size).toBe(chunks.length);
  });
  test("an insertion leaves the other chunks as they are", () => {
    const order = ids(640);
    const before = rechunk([], order, next);
    const later = rechunk(before, [...order.slice(0, 10), "new", ...order.slice(10)], next);
    expect(later.slice(1)).toEqual(before.slice(1));
    expect(later.slice(1).every((chunk, at) => chunk === before[at + 1])).toBe(true);
  });
});

describe("keys", () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  });
  test("are spelled with their modifiers in one order", () => {
    expect(spelling(press("ArrowUp", { ctrlKey: true, shiftKey: true }))).toBe("Ctrl+Shift+ArrowUp");
    expect(spelling(press("D"))).toBe("d");
  });
  test("D D deletes, D alone and D later do not", () => {
    const map = new KeyMap();
    expect(map.press(press("d"), "command", 0)).toBeNull();
    expect(map.press(press("d"), "command", 1500)).toBeNull();
    expect(map.press(press("d"), "command", 1600)).toHaveProperty("id", "delete");
    expect(map.press(press("d"), "command", 1700)).toBeNull();
  });
  test("letters are commands only in command mode, running is always", () => {
    const map = new KeyMap();
    expect(map.press(press("a"), "edit", 0)).toBeNull();
    expect(map.press(press("a"), "command", 1)).toHaveProperty("id", "above");
    expect(map.press(press("Enter", { shiftKey: true }), "edit", 2)).toHaveProperty("id", "run-next");
    expect(map.press(press("b", { ctrlKey: true }), "command", 3)).toBeNull();
  });
  test("are shown as people know them", () => expect(keyNames("Ctrl+Shift+ArrowUp")).toEqual(["Ctrl", "Shift", "↑"]));
});

describe("words", () => {
  test("durations", () => {
    expect([0.003, 0.8, 41.72, 59.96, 134, 11_520, 200_000].map(duration)).toEqual([
      "3 ms",
      "0.8 s",
      "41.7 s",
      "1 m 0 s",
      "2 m 14 s",
      "3 h 12 m",
      "2 d 7 h",
    ]);
  });
  test("sizes", () => expect([0, 999, 1000, 6_100_000, 999_999].map(size)).toEqual(["0 B", "999 B", "1.0 kB", "6.1 MB", "1.0 MB"]));
  test("times past", () =>
    expect([1, 30, 60, 7200, 90_000].map(ago)).toEqual(["just now", "less than a minute ago", "1 minute ago", "2 hours ago", "1 day ago"]));
  test("what was caught up with", () => {
    expect(t.caughtUp(3412, 2)).toBe("Caught up with 3,412 lines and 2 figures. Nothing was lost.");
    expect(t.caughtUp(1, 0)).toBe("Caught up with 1 line. Nothing was lost.");
    expect(t.caughtUp(0, 0)).toBe("Nothing was missed.");
  });
  test("places in a queue", () =>
    expect([2, 3, 4, 11, 21, 112].map(t.inLine)).toEqual([
      "2nd in line",
      "3rd in line",
      "4th in line",
      "11th in line",
      "21st in line",
      "112th in line",
    ]));
});
