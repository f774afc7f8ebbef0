import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeText, encodeText } from "../../src/model/encodings.ts";

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test("text is known by its bytes", () => {
  expect(decodeText(utf8("ä\r\n"))).toEqual({ text: "ä\r\n", encoding: "utf-8" });
  expect(decodeText(utf8("\ufeffa"))).toEqual({ text: "\ufeffa", encoding: "utf-8" });
  expect(decodeText(bytes(0xff, 0xfe, 0x61, 0))).toEqual({ text: "\ufeffa", encoding: "utf-16le" });
  expect(decodeText(bytes(0xfe, 0xff, 0, 0x61))).toEqual({ text: "\ufeffa", encoding: "utf-16be" });
  expect(decodeText(bytes(0x67, 0x72, 0xfc, 0xdf))).toEqual({ text: "grüß", encoding: "windows-1252" });
  expect(decodeText(bytes(0x80, 0x20, 0x31))).toEqual({ text: "€ 1", encoding: "windows-1252" });
  expect(decodeText(bytes())).toEqual({ text: "", encoding: "utf-8" });
});

test("what is no text is none", () => {
  expect([bytes(0x61, 0), bytes(0xff, 0xfe, 0), bytes(0x89, 0x50, 0x4e, 0x47, 1), bytes(0xff, 0x61, 2)].map(decodeText)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test("every file that is text is written as it was", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), found => {
      const decoded = decodeText(found);
      if (decoded !== null) expect([...encodeText(decoded.text, decoded.encoding)]).toEqual([...found]);
    }),
  );
  const all = Uint8Array.from({ length: 256 }, (_, at) => at).filter(one => one > 31);
  const decoded = decodeText(all);
  expect(decoded?.encoding).toBe("windows-1252");
  expect(encodeText(decoded?.text ?? "", "windows-1252")).toEqual(all);
});

test("a character that an encoding does not have is named", () => {
  expect(encodeText("a→b", "windows-1252")).toBe("→");
  expect(encodeText("a😀", "windows-1252")).toBe("😀");
  expect(encodeText("é", "windows-1252")).toEqual(bytes(0xe9));
});
