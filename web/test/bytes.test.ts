import { expect, test } from "vitest";

const { costOf, holdTo } = await import(new URL("../bytes.mjs", import.meta.url).href);

const output = (bytes: number, inputs: Record<string, number>, imports: readonly [path: string, kind: string][], entryPoint?: string) => ({
  bytes,
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, bytesInOutput]) => [name, { bytesInOutput }])),
  imports: imports.map(([path, kind]) => ({ path, kind })),
  ...(entryPoint === undefined ? {} : { entryPoint }),
});

const metafile = {
  outputs: {
    "main.js": output(10, { "main.ts": 9 }, [["shared.js", "import-statement"]], "main.ts"),
    "shared.js": output(200, { "a.ts": 50, "b.ts": 140 }, [
      ["main.js", "import-statement"],
      ["later.js", "dynamic-import"],
      ["elsewhere", "import-statement"],
    ]),
    "later.js": output(4000, { "later.ts": 3990 }, [["shared.js", "import-statement"]], "later.ts"),
  },
};

test("what an entry point costs is all that it cannot start without", () => {
  expect(costOf(metafile, "main.ts")).toEqual({
    bytes: 210,
    inputs: [
      ["b.ts", 140],
      ["a.ts", 50],
      ["main.ts", 9],
    ],
  });
  expect(costOf(metafile, "later.ts").bytes).toBe(4210);
});

test("who costs too much is told what it is made of", () => {
  expect(() => holdTo(metafile, "main.ts", 210)).not.toThrow();
  expect(() => holdTo(metafile, "main.ts", 209)).toThrow(/210 bytes .* 209 are allowed[\s\S]*140 {2}b\.ts\n +50 {2}a\.ts\n +9 {2}main\.ts/);
  expect(() => holdTo(metafile, "none.ts", 1)).toThrow("none.ts is no entry point of this build.");
});
