// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { freeName } from "../../src/session/pictures.ts";

describe("pictures", () => {
  test("a picture gets a name that is not taken", () => {
    expect(freeName("dot.png", {})).toBe("dot.png");
    expect(freeName("dot.png", { "dot.png": {}, "dot-2.png": {} })).toBe("dot-3.png");
    expect(freeName("", { "image.png": {} })).toBe("image-2.png");
    expect(freeName("plain", { plain: {} })).toBe("plain-2");
  });
});
