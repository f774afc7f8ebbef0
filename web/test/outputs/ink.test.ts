import { describe, expect, test } from "vitest";
import { groundFor } from "../../src/outputs/ink.ts";

/** Pixels of these colours, each a tenth of the picture. */
const pixels = (...colours: readonly (readonly number[])[]): Uint8ClampedArray => new Uint8ClampedArray(colours.flat());
const BLACK = [0, 0, 0, 255];
const WHITE = [255, 255, 255, 255];
const OPEN = [0, 0, 0, 0];

describe("the ground that a picture needs", () => {
  test("dark ink on nothing needs a light one", () => expect(groundFor(pixels(BLACK, OPEN, OPEN, OPEN))).toBe("light"));
  test("light ink on nothing needs a dark one", () => expect(groundFor(pixels(WHITE, OPEN, OPEN, OPEN))).toBe("dark"));
  test("a picture with a ground of its own needs none", () => expect(groundFor(pixels(BLACK, WHITE, WHITE, WHITE))).toBeNull());
  test("round corners are no ground", () => expect(groundFor(pixels(...Array.from({ length: 20 }, () => BLACK), OPEN))).toBeNull());
  test("nothing at all needs none", () => expect(groundFor(pixels(OPEN, OPEN))).toBeNull());
});
