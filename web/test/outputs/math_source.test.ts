import { describe, expect, test } from "vitest";
import { HiddenFormulas, parts } from "../../src/outputs/math_source.ts";

/** What is found in a text: formulas as their source, those of their own lines with a mark. */
const found = (text: string, markdown = true): string[] =>
  parts(text, markdown).flatMap(part => (typeof part === "string" ? [] : [(part.display ? "D:" : "") + part.tex]));

describe("formulas in a text", () => {
  test.each<[string, string[]]>([
    ["$x$ and $ y $, \\(a\\), \\\\(b\\\\)", ["x", " y ", "a", "b"]],
    ["$$a$$ \\[b\\] \\\\[c\\\\]", ["D:a", "D:b", "D:c"]],
    ["$$\na\n\nb\n$$", ["D:\na\n\nb\n"]],
    ["\\begin{align}a&=b\\\\\nc&=d\\end{align} t", ["D:\\begin{align}a&=b\\\\\nc&=d\\end{align}"]],
    ["\\begin{cases}\\begin{cases}a\\end{cases}\\end{cases}", ["D:\\begin{cases}\\begin{cases}a\\end{cases}\\end{cases}"]],
    ["By \\eqref{a_b}, \\ref{c}", ["\\eqref{a_b}", "\\ref{c}"]],
    ["$\\text{if $x$}$ $a\\$b$ $\\{$", ["\\text{if $x$}", "a\\$b", "\\{"]],
    ["costs $5 and $10, or $HOME and $PATH, \\$3", []],
    ["`$a$` ``$b`$`` $c$", ["c"]],
    ["```\n$a$\n```\n$b$\n~~~ python\n$c$\n~~~", ["b"]],
    ["- item\n  ```\n  $a$\n  ```\n  $b$", ["b"]],
    ["$10, `$code$`", []],
    ["$a\n\nb$", []],
    ["$$ $$ $ $", []],
  ])("%j has %j", (text, formulas) => expect(found(text)).toEqual(formulas));

  test("in HTML, backticks are no code", () => expect(found("`$a$`", false)).toEqual(["a"]));

  test("whatever is cut, the parts make the text again, and it takes no long time", () => {
    for (const text of [
      "$".repeat(20_000),
      "\\begin{a}".repeat(3000),
      `${"`".repeat(9999)}$x$`,
      "$a{".repeat(5000),
      "$$x\n".repeat(4000),
    ]) {
      const whole = parts(text, true).map(part => (typeof part === "string" ? part : part.raw));
      expect(whole.join("")).toBe(text);
    }
  }, 60_000);
});

test("hidden formulas come back where they stood", () => {
  const hidden = new HiddenFormulas("zmathz $|x|$ and $y$");
  expect(hidden.text).not.toContain("|");
  expect(hidden.restore(hidden.text)).toBe("zmathz $|x|$ and $y$");
  expect(hidden.find(hidden.text).filter(part => typeof part !== "string")).toHaveLength(2);
});
