import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contrast, type Rgb } from "../../src/model/ansi.ts";

const css = (name: string): string => readFileSync(new URL(`../../src/css/${name}.css`, import.meta.url), "utf8");
const hex = (text: string): Rgb => [1, 3, 5].map(at => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Rgb;
const tokens = new Map(
  [...css("tokens").matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name = "", ...both]) => [name, both.map(hex)]),
);
const token = (name: string, theme: number): Rgb => tokens.get(name)?.[theme] ?? [0, 0, 0];
const mixed = (share: number, one: Rgb, other: Rgb): Rgb =>
  one.map((part, at) => part * share + (other[at] ?? 0) * (1 - share)) as unknown as Rgb;
const share = (source: string, pattern: RegExp): number => Number(pattern.exec(source)?.[1]) / 100;

const terminal = css("terminal_text");
/** How much of a colour there is in its ground, in the two themes. */
const GROUNDS = [...terminal.matchAll(/var\(--back\) (\d+)%/g)].map(([, percent]) => Number(percent) / 100);
const INK = share(terminal, /var\(--front, var\(--ink\)\) (\d+)%/);
const MARKED = share(css("cells"), /\.tb-line\.hl \{\s*background: color-mix\(in srgb, var\(--bad\) (\d+)%/);
/** Inks without a hue, which are those of the page on a ground. */
const PLAIN = [...(/:is\(([^)]*)\)\.a-on/.exec(terminal)?.[1]?.matchAll(/af(\d+)/g) ?? [])].map(([, n]) => `a${n}`);
const SIXTEEN = [...Array(16).keys()];
const LEAST = 4.5;

/** What text of a terminal stands on: the page, a log, a traceback and the marked line of one. */
function grounds(theme: number): Rgb[] {
  const failed = token("bad-soft", theme);
  return [...["paper", "surface", "sunken"].map(name => token(name, theme)), failed, mixed(MARKED, token("bad", theme), failed)];
}

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("the sixteen colours of a terminal, %s", (_, theme) => {
  const inks = ["ink", ...SIXTEEN.map(n => `a${n}`)].map(name => [name, token(name, theme)] as const);

  test("each can be read on all that text stands on", () => {
    const faint = inks.flatMap(([name, ink]) => grounds(theme).map(ground => [name, contrast(ink, ground)] as const));
    expect(faint.filter(([, found]) => found < LEAST)).toEqual([]);
  });

  test("each can be read on each as a ground", () => {
    const faint = inks.flatMap(([name, ink]) =>
      SIXTEEN.flatMap(back =>
        grounds(theme).map(ground => {
          const on = mixed(GROUNDS[theme] ?? 1, token(`a${back}`, theme), ground);
          return [`${name} on ${back}`, contrast(mixed(PLAIN.includes(name) ? 0 : INK, ink, token("ink", theme)), on)] as const;
        }),
      ),
    );
    expect(faint).toHaveLength(17 * 16 * 5);
    expect(faint.filter(([, found]) => found < LEAST)).toEqual([]);
  });
});
