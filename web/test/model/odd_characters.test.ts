import { expect, test } from "vitest";
import { oddIn } from "../../src/model/odd_characters.ts";

const odd = (text: string): string[] => oddIn(text).map(one => one.character);

test.each([
  ["control characters, but no tab and no line feed", "a\tb\n\0\f\x1b\x7f\x85", ["\0", "\f", "\x1b", "\x7f", "\x85"]],
  ["a carriage return alone, and in ends of several kinds", "a\rb\r\nc\n", ["\r", "\r"]],
  ["no carriage return that ends a line as all do", "a\r\nb\r\n", []],
  ["spaces that no key makes", "a\u00a0b\u2003c\u3000", ["\u00a0", "\u2003", "\u3000"]],
  ["marks that turn text around", "\u202e\u2066\u2069\u200f", ["\u202e", "\u2066", "\u2069", "\u200f"]],
  ["what has no width", "a\u200bb\ufeff\u2060\u00ad", ["\u200b", "\ufeff", "\u2060", "\u00ad"]],
  ["ends of lines that are none", "\u2028\u2029", ["\u2028", "\u2029"]],
  [
    "a joiner between plain letters, not one between pictures or in a script that needs it",
    "a\u200db 👩\u200d💻 نمی\u200cدانم",
    ["\u200d"],
  ],
  [
    "a letter that passes for a Latin one, not words of its own script",
    "p\u0430y \u043f\u0430\u0440\u0430 \u0391\u03b8\u03ae\u03bd\u03b1 \u0394x",
    ["\u0430"],
  ],
  ["tags, not those of a flag", "x\u{e0041} 🏴\u{e0067}\u{e0062}\u{e007f}", ["\u{e0041}"]],
  ["nothing in texts of the world", "naïve 中文 “quotes” – emoji ☺️ ok", []],
])("odd are %s", (_name, text, found) => expect(odd(text)).toEqual(found));
