/**
 * How the page is laid out: rooms in an order in which imports go down only, modules without circles, files that can be read in one sitting, and
 * none that nothing needs.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "src");

/** The rooms: each may import those before it, and nothing of those behind it. */
const ROOMS = [
  "rpc",
  "text",
  "model",
  "ui",
  "session",
  "worker",
  "frame",
  "jupyter",
  "outputs",
  "cells",
  "code",
  "panels",
  "people",
  "home",
  "app",
];

/** The frames of outputs are a program of their own. The two share what they say to each other, and frames what needs no page. */
const SHARED_BY_FRAMES = "frame/protocol.ts";
const OPEN_TO_FRAMES = ["rpc", "model", "ui"];

/** Where programs begin (build.mjs); everything else is needed by something. */
const ENTRIES = [
  "app/main.tsx",
  "frame/guest.ts",
  "frame/plotly.ts",
  "frame/vega.ts",
  "frame/math.ts",
  "frame/mermaid.ts",
  "frame/jquery.ts",
  "frame/leaflet.ts",
  "frame/bootstrap.ts",
  "frame/require.ts",
  "frame/widgets/widgets.ts",
  "outputs/exported_texts.ts",
  "jupyter/lab.ts",
  "worker/start.ts",
];

/** Rooms without views: each of their modules has a test of its own. */
const TESTED = ["rpc", "model", "session"];
/** Types and signals alone: there is nothing to test. */
const UNTESTED = [
  "rpc/schema.ts",
  "model/types.ts",
  "session/cell_editing.ts",
  "session/connection.ts",
  "session/draft.ts",
  "session/frame_keys.ts",
  "session/selection.ts",
];

const MOST_LINES = 400;
/** Made by docs/generate.py. */
const GENERATED = "rpc/schema.ts";

const names = readdirSync(ROOT, { recursive: true, encoding: "utf-8" }).filter(name => /\.tsx?$/.test(name));
const files = names.filter(name => !/\.(test|d)\.tsx?$/.test(name));
const texts = new Map(files.map(name => [name, readFileSync(join(ROOT, name), "utf-8")]));

/** What a module imports, at once or later, values or types. */
const imports = new Map(
  [...texts].map(([name, text]) => {
    const found = [...text.matchAll(/(?:from |import |import\()"(\.[^"]+\.tsx?)"/g)];
    return [name, found.map(([, path]) => normalize(join(dirname(name), path ?? "")))];
  }),
);

const roomOf = (name: string): string => name.split("/")[0] ?? "";

/** A way from a module back to itself, or null. */
function circle(): string[] | null {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (name: string): string[] | null => {
    const at = way.indexOf(name);
    if (at >= 0) return [...way.slice(at), name];
    if (done.has(name)) return null;
    way.push(name);
    for (const next of imports.get(name) ?? []) {
      const found = visit(next);
      if (found !== null) return found;
    }
    way.pop();
    done.add(name);
    return null;
  };
  for (const name of files) {
    const found = visit(name);
    if (found !== null) return found;
  }
  return null;
}

describe("modules", () => {
  test("all stand in a room", () => expect(files.filter(name => !ROOMS.includes(roomOf(name)))).toEqual([]));

  test("import no module that imports them", () => expect(circle()).toBe(null));

  test("import what exists", () => {
    const missing = [...imports].flatMap(([name, paths]) => paths.filter(path => !texts.has(path)).map(path => `${name}: ${path}`));
    expect(missing).toEqual([]);
  });

  test("import from their room and those before it", () => {
    const up = [...imports].flatMap(([name, paths]) =>
      paths.filter(path => ROOMS.indexOf(roomOf(path)) > ROOMS.indexOf(roomOf(name))).map(path => `${name} -> ${path}`),
    );
    expect(up).toEqual([]);
  });

  test("of frames and of the page share no more than what they say to each other", () => {
    const wrong = [...imports].flatMap(([name, paths]) =>
      paths
        .filter(path =>
          roomOf(name) === "frame"
            ? roomOf(path) !== "frame" && !OPEN_TO_FRAMES.includes(roomOf(path))
            : roomOf(path) === "frame" && path !== SHARED_BY_FRAMES,
        )
        .map(path => `${name} -> ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test("have at most so many lines", () => {
    const long = [...texts].filter(([name, text]) => name !== GENERATED && text.split("\n").length - 1 > MOST_LINES);
    expect(long.map(([name]) => name)).toEqual([]);
  });

  test("are needed by something", () => {
    const needed = new Set([...ENTRIES, ...[...imports.values()].flat()]);
    expect(files.filter(name => !needed.has(name))).toEqual([]);
  });

  test("without views have tests under their own path, at least half as long as they are", () => {
    const modules = files.filter(name => TESTED.includes(roomOf(name)) && !UNTESTED.includes(name));
    const testOf = (name: string): string => join(import.meta.dirname, name.replace(/\.ts$/, ".test.ts"));
    expect(modules.filter(name => !existsSync(testOf(name)))).toEqual([]);
    const lines = (text: string): number => text.split("\n").length;
    const ofCode = modules.reduce((sum, name) => sum + lines(texts.get(name) ?? ""), 0);
    const ofTests = modules.reduce((sum, name) => sum + lines(readFileSync(testOf(name), "utf-8")), 0);
    expect(ofTests).toBeGreaterThanOrEqual(ofCode / 2);
  });
});
