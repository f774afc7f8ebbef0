// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { frames, isArrow, repeats } from "../../src/outputs/traceback_frames.ts";

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
  test("a frame in the words of Python alone is understood, too", () => {
    const [frame] = frames(
      ["Traceback (most recent call last):\n", "  File /lib/python3/site-packages/a.py:7 in run\n    exec(x)\n"],
      "E",
      "e",
    );
    expect([frame?.place, frame?.library, frame?.text]).toEqual(["/lib/python3/site-packages/a.py, line 7, in run", true, "    exec(x)"]);
  });
  test("another shape is shown as it is", () => {
    expect(frames(["Error in f(): no"], "Error", "no").map(frame => frame.text)).toEqual(["Error in f(): no"]);
    expect(frames([], "Error", "no")).toEqual([]);
  });
  test("frames of an endless recursion repeat, its beginning and its end do not", () => {
    const own = (place: string) => ({ place, text: "", cellCount: null, line: null, library: false });
    const all = ["a", ...Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? "f" : "g")), "h"].map(own);
    const shown = all.filter((_, at) => repeats(all)[at] === false).map(({ place }) => place);
    expect(shown).toEqual(["a", "f", "g", "f", "g", "f", "g", "g", "h"]);
  });
  test("the failing line has an arrow", () =>
    expect([isArrow("----> 2 f()"), isArrow("--> 961 x"), isArrow("      1 x")]).toEqual([true, true, false]));
});
