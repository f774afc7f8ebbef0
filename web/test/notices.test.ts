import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const { Notices } = await import(new URL("../notices.mjs", import.meta.url).href);
let root = "";

const put = async (path: string, text: string) => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "notices-"));
});
afterEach(() => rm(root, { recursive: true }));

const textOf = (...inputs: string[]): Promise<string> => {
  const notices = new Notices(root);
  notices.add({ inputs: Object.fromEntries(inputs.map(name => [name, {}])) });
  return notices.text();
};

test("each bundled package is named once, with its licence text", async () => {
  await put("node_modules/@a/b/package.json", '{"name": "@a/b", "version": "1.2.3", "license": "MIT"}');
  await put("node_modules/@a/b/LICENSE.md", "Do as you like.\n");
  await put("node_modules/@a/b/one.js", "1;");
  await put("node_modules/@a/b/two.js", "2;");
  const text = await textOf("node_modules/@a/b/one.js", "node_modules/@a/b/two.js", "src/main.ts");
  expect(text).toBe("@a/b 1.2.3 (MIT)\n\nDo as you like.\n");
});

test("a package inside another one has its own notice", async () => {
  await put("node_modules/a/node_modules/b/package.json", '{"name": "b", "version": "2.0.0", "license": "ISC"}');
  await put("node_modules/a/node_modules/b/COPYING", "Text of b");
  await put("node_modules/a/node_modules/b/i.js", "");
  expect(await textOf("node_modules/a/node_modules/b/i.js")).toBe("b 2.0.0 (ISC)\n\nText of b\n");
});

test("without a licence file the author and the address stand there", async () => {
  await put(
    "node_modules/a/package.json",
    '{"name": "a", "version": "1.0.0", "license": "MIT", "author": {"name": "Ada"}, "homepage": "https://a.example"}',
  );
  await put("node_modules/a/i.js", "");
  expect(await textOf("node_modules/a/i.js")).toBe("a 1.0.0 (MIT)\n\nMIT\nAda\nhttps://a.example\n");
});

test("a package that names no licence has its text alone", async () => {
  await put("node_modules/a/package.json", '{"name": "a", "version": "1.0.0"}');
  await put("node_modules/a/LICENSE", "Text");
  await put("node_modules/a/i.js", "");
  expect(await textOf("node_modules/a/i.js")).toBe("a 1.0.0\n\nText\n");
});

test("the notices of code that a package carries inside are kept", async () => {
  await put("node_modules/a/package.json", '{"name": "a", "version": "1.0.0", "license": "MIT"}');
  await put("node_modules/a/LICENSE", "Text");
  await put("node_modules/a/i.js", "/* plain */ f(); /*! by Grace */ g(); /** x\n * @license BSD */ h(); /* end */");
  expect(await textOf("node_modules/a/i.js")).toBe("a 1.0.0 (MIT)\n\nText\n\n/*! by Grace */\n\n/** x\n * @license BSD */\n");
});
