// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { lineNow, look, type NotebookCode, type Ran } from "../../src/code/notebook_symbols.ts";

function ask(sources: readonly string[], runs: readonly Ran[] = []): string {
  const at = sources.findIndex(one => one.includes("|"));
  const bare = (text: string): string => text.replace(/[|«]/g, "");
  const pos = bare(sources[at]?.split("|")[0] ?? "").length;
  const cells = sources.map((source, n) => ({ id: `c${n}`, source: bare(source) }));
  const answer = look({ cells, runs } satisfies NotebookCode, `c${at}`, pos);
  if (answer.at !== "cell") return answer.at;
  const { place } = answer;
  const marked = sources.findIndex(one => one.includes("«"));
  const wanted = marked < 0 ? -1 : bare(sources[marked]?.split("«")[0] ?? "").length;
  if (place.cell === `c${marked}` && place.from === wanted) return place.gone ? "there, as it was" : "there";
  const text = cells.find(one => one.id === place.cell)?.source ?? "";
  return `${place.cell}:${text.slice(place.from, place.from + 12)}`;
}

describe("within a cell", () => {
  const cases: Record<string, string> = {
    "a variable": "«x = 1\nprint(|x)",
    "the last assignment before": "x = 1\n«x = 2\nprint(|x)\nx = 3",
    "the one before, on the right side of an assignment": "«x = 1\nx = |x + 1",
    "a parameter": "x = 1\ndef f(«x, y=2):\n    return |x",
    "a parameter behind *": "def f(*«rest, **more):\n    return |rest",
    "a default, which is outside": "«x = 1\ndef f(x=|x):\n    return x",
    "a parameter of a lambda": "x = 1\nf = lambda «x: |x + 1",
    "the name of a comprehension": "x = 1\n[|x for «x in range(3)]",
    "its second loop": "{k: |v for k, row in d for «v in row}",
    "what a comprehension goes through": "«x = [1]\n[x for x in |x]",
    "a local variable of a function": "x = 1\ndef f():\n    «x = 2\n    return |x",
    "a global one from within a function, wherever it stands": "def f():\n    return |x\n«x = 2",
    "what `global` says": "«x = 1\ndef f():\n    global x\n    return |x",
    "a class is passed over by its methods": "«x = 1\nclass A:\n    x = 2\n    def m(self):\n        return |x",
    "the code of a class sees its own names": "x = 1\nclass A:\n    «x = 2\n    y = |x",
    "a function in a function": "def f():\n    def «g(): pass\n    return |g()",
    "a loop": "for i, «row in rows:\n    print(|row)",
    with: "with open(p) as «file:\n    |file.read()",
    except: "try: pass\nexcept OSError as «error:\n    print(|error)",
    "a walrus": "if (n := 1) and («m := n):\n    |m",
    "a pattern": "match p:\n    case [a, *«rest]:\n        |rest",
    "an import": "from math import pi as «p\n|p",
    "the first part of a module": "import «os.path\n|os.path.join",
    "a decorator": "def «twice(f): return f\n@|twice\ndef g(): pass",
    "an annotation": "class «A: pass\ndef f(a: |A) -> A: pass",
    "a formatted text": '«x = 1\nf"{|x}"',
    unpacking: "a, (b, *«c) = d\n|c",
    "a name with others around it": "%matplotlib inline\n!ls -l\n«x = 1\n|x",
    "behind a timing magic": "%%time\n«x = 1\n|x",
    "after broken code": "for in :\n  pass\nif = = 2\n«x = 1\n|x",
    "a generator in a call": "x = 1\nsum(|x for «x in y)",
  };
  for (const [title, source] of Object.entries(cases)) test(title, () => expect(ask([source])).toBe("there"));
  test("a name that stands where it is defined", () => {
    expect(ask(["|x = 1"])).toBe("itself");
    expect(ask(["def |f(): pass"])).toBe("itself");
    expect(ask(["def f(|a): pass"])).toBe("itself");
  });
  test("no name at all", () => {
    expect(ask(["'|text'"])).toBe("nothing");
    expect(ask(["# |note"])).toBe("nothing");
    expect(ask(["1 |+ 2"])).toBe("nothing");
    expect(ask(["%%bash\n|x"])).toBe("nothing");
  });
});

describe("members", () => {
  const cases: Record<string, string> = {
    "a method by self": "class A:\n    def «m(self): pass\n    def n(self):\n        self.|m()",
    "an attribute by self": "class A:\n    def __init__(self):\n        self.«size = 1\n    def n(self):\n        return self.|size",
    "a method of a class": "class A:\n    def «m(self): pass\nA.|m",
    "a method of an instance": "class A:\n    def «m(self): pass\na = A()\na.|m()",
    "one of a base": "class A:\n    def «m(self): pass\nclass B(A): pass\nb = B()\nb.|m()",
    "a field": "class A:\n    «size: int = 1\na = A()\na.|size",
    "a named argument": "def f(a, «b): pass\nf(1, |b=2)",
    "a named argument of a method": "class A:\n    def m(self, «size): pass\na = A()\na.m(|size=2)",
  };
  for (const [title, source] of Object.entries(cases)) test(title, () => expect(ask([source])).toBe("there"));
  test("across cells", () => {
    expect(ask(["class A:\n    def «m(self): pass", "a = A()", "a.|m()"])).toBe("there");
  });
  test("what only a kernel knows", () => {
    expect(ask(["import numpy as np\nnp.linalg.|norm(x)"])).toBe("kernel");
    expect(ask(["f().|real"])).toBe("kernel");
    expect(ask(["class A(Foreign): pass\nA().|m", "a.|m"])).toBe("kernel");
    expect(ask(["|print(1)"])).toBe("kernel");
    expect(ask(["import numpy as |np"])).toBe("kernel");
    expect(ask(["from math import |pi"])).toBe("kernel");
    expect(ask(["import os\nos.|path"])).toBe("kernel");
    expect(ask(["json = 1\nc = 2", "from |json import c as d"])).toBe("kernel");
    expect(ask(["json = 1\nc = 2", "from json import |c as d"])).toBe("kernel");
    expect(ask(["path = 1", "import os.|path"])).toBe("kernel");
  });
});

describe("across cells", () => {
  test("the nearest above, when nothing ran", () => {
    expect(ask(["x = 1", "«x = 2", "|x", "x = 3"])).toBe("there");
  });
  test("one below, when there is none above", () => {
    expect(ask(["|x", "«x = 3", "x = 4"])).toBe("there");
  });
  test("that of its own cell further down, when there is no other", () => {
    expect(ask(["print(|x)\n«x = 1"])).toBe("there");
    expect(ask(["«x = 0", "print(|x)\nx = 1"])).toBe("there");
  });
  test("an alias", () => {
    expect(ask(["import numpy as «np", "|np.mean"])).toBe("there");
  });
  test("a name that a parameter hides is not that of another cell", () => {
    expect(ask(["x = 1", "def f(«x): return |x"])).toBe("there");
  });
  test("the run that came last counts, wherever its cell stands", () => {
    const runs = [
      { cell: "c0", code: "x = 1" },
      { cell: "c2", code: "x = 3" },
    ];
    expect(ask(["x = 1", "|x", "«x = 3"], runs)).toBe("there");
    expect(ask(["«x = 1", "|x", "x = 3"], [...runs].reverse())).toBe("there");
  });
  test("for a cell that ran as it stands, the run that came last before it", () => {
    const runs = [
      { cell: "c0", code: "x = 1" },
      { cell: "c1", code: "x" },
      { cell: "c2", code: "x = 3" },
    ];
    expect(ask(["«x = 1", "|x", "x = 3"], runs)).toBe("there");
    expect(ask(["x = 1", "|x + 1", "«x = 3"], runs)).toBe("there");
  });
  test("a cell that was edited since it ran is still the one", () => {
    expect(ask(["y = 0\n\n\n«x = 5", "|x", "x = 2"], [{ cell: "c0", code: "x = 1" }])).toBe("there");
    expect(ask(["a = 1\n«y = 2", "|x"], [{ cell: "c0", code: "a = 1\nx = 2" }])).toBe("there, as it was");
  });
  test("what ran in a cell that is gone is looked for in those that are there", () => {
    expect(ask(["|x", "«x = 1"], [{ cell: "gone", code: "x = 9" }])).toBe("there");
  });
});

test("a line is found again by its words, the nearest, or by its number", () => {
  expect(lineNow("a\nb\nc", 1, "x\na\nb")).toBe(2);
  expect(lineNow("a\nb\nc", 1, "x\ny\nz")).toBe(1);
  expect(lineNow("a\nb", 1, "b\n\n\nb")).toBe(0);
});
