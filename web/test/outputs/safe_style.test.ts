import { expect, test } from "vitest";
import { isSafe } from "../../src/outputs/safe_style.ts";

test.each([
  ["color", "red", true],
  ["background-color", "rgb(1, 2, 3)", true],
  ["margin-left", "20px", true],
  ["width", "50%", true],
  ["border-top-width", "1px", true],
  ["margin-top", "-500px", false],
  ["margin-top", "calc(0px - 5em)", false],
  ["position", "fixed", false],
  ["z-index", "9", false],
  ["inset", "0", false],
  ["background-image", "url(x)", false],
  ["background-image", "linear-gradient(90deg, rgb(1, 2, 3) 0%, #fff 100%)", true],
  ["background-image", "linear-gradient(red, blue), url(x)", false],
  ["background-image", "linear-gradient(red, var(--x))", false],
  ["list-style-image", "url(x)", false],
  ["border-image-source", "url(x)", false],
  ["cursor", "pointer", false],
  ["transform", "scale(9)", false],
  ["color", "var(--x)", false],
  ["fill", "url(https://x)", false],
  ["animation-name", "x", false],
  ["content", '"x"', false],
])("%s: %s is safe: %s", (property, value, safe) => expect(isSafe(property, value)).toBe(safe));
