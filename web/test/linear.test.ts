/**
 * What comes from outside costs what it is long: every regular expression of the page, against texts that are made of the characters and
 * words in it, again and again, which is what makes one go back and forth. What is quadratic takes ten times as long as it may.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "rolldown/parseAst";
import { describe, expect, test } from "vitest";
import { clean, emptyModel, reduce } from "../src/model/reduce.ts";
import { outline } from "../src/model/select.ts";
import type { AnyEvent } from "../src/rpc/schema.ts";

const LENGTH = 40_000;
const MOST_SECONDS = 0.4;
/** Of an expression: one that lists hundreds of characters is no slower for each of them. */
const MOST_CHARACTERS = 40;
const ALWAYS = [" ", "a", "1", "\n", "<", '"', "\\", "[", "(", "\t", "_", "#", "="];

interface Node {
  readonly type?: string;
  readonly regex?: { readonly pattern: string; readonly flags: string };
}

function* literals(node: unknown): Generator<{ pattern: string; flags: string }> {
  if (Array.isArray(node)) for (const one of node) yield* literals(one);
  else if (typeof node === "object" && node !== null) {
    const { type, regex } = node as Node;
    if (type === "Literal" && regex) yield regex;
    else for (const child of Object.values(node)) yield* literals(child);
  }
}

/** Every regular expression that stands in the sources. */
function expressions(): [string, RegExp][] {
  const root = join(import.meta.dirname, "..", "src");
  const files = readdirSync(root, { recursive: true, encoding: "utf-8" }).filter(file => /\.tsx?$/.test(file));
  return files.flatMap(file => {
    const tree = parseAst(readFileSync(join(root, file), "utf-8"), { lang: file.endsWith("x") ? "tsx" : "ts" });
    return [...literals(tree)].map(({ pattern, flags }): [string, RegExp] => {
      const all = flags.includes("g") ? flags : `${flags}g`;
      return [`${file}: ${pattern}`, new RegExp(pattern, all.replace("y", ""))];
    });
  });
}

/** Texts of an expression's own characters and words: something once, something again and again, and an end that fits nothing. */
function* hostile(pattern: RegExp): Generator<(length: number) => string> {
  const source = pattern.source.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  const words = [...new Set(source.match(/[A-Za-z<>"'`$:;=/!&#%@,~-]{2,}/g) ?? [])].slice(0, 5);
  const characters = [...new Set([...ALWAYS, ...source.replace(/[\\()[\]{}|^*+?]/g, "")])].slice(0, MOST_CHARACTERS);
  const starts = ["", ...words, ...characters, ...[...words, ...characters].flatMap(one => [`${one} `, `${one} a`])];
  for (const start of starts)
    for (const piece of [...words, ...characters, ...words.flatMap(word => [`${word} `, `${word}"`])])
      yield length => `${start}${piece.repeat(Math.ceil(length / piece.length))}${piece.includes(" ") || piece === "\n" ? "\0b" : " b"}`;
}

/** Seconds of the processor that something takes. */
function seconds(work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user } = process.cpuUsage(begun);
  return user / 1e6;
}

/** Whether one of the texts takes too long. The whole of it is tried where a tenth takes long for what is linear, and the worst ends soon, too. */
function isSlow(pattern: RegExp): boolean {
  for (const text of hostile(pattern)) {
    if (seconds(() => text(600).replace(pattern, "")) > MOST_SECONDS) return true;
    const tenth = seconds(() => text(LENGTH / 10).replace(pattern, ""));
    if (tenth > MOST_SECONDS || (tenth > 0.001 && seconds(() => text(LENGTH).replace(pattern, "")) > MOST_SECONDS)) return true;
  }
  return false;
}

describe("regular expressions", () => {
  test("take hostile texts in their stride", { timeout: 300_000 }, () => {
    const all = expressions();
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(([, pattern]) => isSlow(pattern)).map(([where]) => where)).toEqual([]);
  });
  test("what is quadratic is found", { timeout: 60_000 }, () => {
    expect(isSlow(/[\w.]*$/g)).toBe(true);
  });
});

describe("what is known of a session", () => {
  test("headings of any spaces", () => {
    const model = emptyModel();
    const source = `# a${" ".repeat(50_000)}b ##\n# [C#](x) **d** #\n# ${"[".repeat(50_000)}`;
    const inserted = { type: "cell_inserted", seq: 1, time: "", cell: "c", cell_type: "markdown", source, after: null };
    reduce(model, inserted as unknown as AnyEvent, clean());
    const found: string[] = [];
    expect(seconds(() => found.push(...outline(model).map(heading => heading.text)))).toBeLessThan(MOST_SECONDS);
    expect(found.slice(0, 2)).toEqual([`a${" ".repeat(50_000)}b`, "C# d"]);
  });
});
