// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { contrast, intern, legible, linked, PLAIN, paletteRgb, rendition, styleOf } from "../../src/model/ansi.ts";

describe("the graphic rendition", () => {
  const styled = (...codes: string[]) => styleOf(codes.reduce(rendition, 0));
  test.each([
    ["31", { fg: { palette: 1 } }],
    ["97", { fg: { palette: 15 } }],
    ["44", { bg: { palette: 4 } }],
    ["103", { bg: { palette: 11 } }],
    ["38;5;208", { fg: { palette: 208 } }],
    ["48;2;1;2;3", { bg: { rgb: [1, 2, 3] } }],
    ["38:2::255:0:0", { fg: { rgb: [255, 0, 0] } }],
    ["1;3;4;9", { bold: true, italic: true, underline: true, strike: true }],
    ["38;5;208;1", { fg: { palette: 208 }, bold: true }],
    ["38;2;300;-1;0", { fg: { rgb: [255, 0, 0] } }],
  ])("%s", (code, part) => {
    expect(styled(code)).toEqual({ ...PLAIN, ...part });
  });
  test("an empty one resets", () => expect(styled("1;31", "")).toEqual(PLAIN));
  test("single ones are taken back", () => expect(styled("1;2;3;4;7;8;9;31;42", "22;23;24;27;28;29;39;49")).toEqual(PLAIN));
  test("equal styles are one number", () => expect(intern({ ...PLAIN, bold: true })).toBe(rendition(0, "1")));
  test("the palette of 256", () => {
    expect([paletteRgb(9), paletteRgb(16), paletteRgb(208), paletteRgb(231), paletteRgb(232), paletteRgb(255)]).toEqual([
      null,
      [0, 0, 0],
      [255, 135, 0],
      [255, 255, 255],
      [8, 8, 8],
      [238, 238, 238],
    ]);
  });
});

describe("colours of output", () => {
  test("are made legible on their ground, and left alone where they are", () => {
    expect(legible([255, 255, 0], [250, 249, 246])).not.toEqual([255, 255, 0]);
    expect(contrast(legible([255, 255, 0], [250, 249, 246]), [250, 249, 246])).toBeGreaterThanOrEqual(4.5);
    expect(contrast(legible([0, 0, 90], [19, 21, 23]), [19, 21, 23])).toBeGreaterThanOrEqual(4.5);
    expect(legible([0, 0, 90], [250, 249, 246])).toEqual([0, 0, 90]);
  });
});

describe("links of terminals", () => {
  test("begin with an address, end without one, and outlive a reset of colours", () => {
    const red = rendition(linked(0, "id=1;https://example.org/a;b"), "31");
    expect(styleOf(red)).toMatchObject({ link: "https://example.org/a;b", fg: { palette: 1 } });
    expect(styleOf(rendition(red, "0"))).toEqual({ ...PLAIN, link: "https://example.org/a;b" });
    expect(styleOf(linked(red, ";")).link).toBeNull();
  });
  test.each([";javascript:alert(1)", ";file:///etc/passwd", ";data:text/html,x", `;https://x/${"a".repeat(3000)}`])("%s is none", content =>
    expect(styleOf(linked(0, content)).link).toBeNull(),
  );
});
