/** English: the names of characters that hide, or that pass for others. */

const NAMES: Readonly<Record<number, string>> = {
  0: "null",
  7: "bell",
  8: "backspace",
  11: "vertical tab",
  12: "form feed",
  13: "carriage return",
  27: "escape",
  127: "delete",
  160: "space that breaks no line",
  173: "hyphen that shows only at the end of a line",
  847: "grapheme joiner that does not show",
  1564: "Arabic letter mark, which changes the direction of text",
  8203: "space without width",
  8204: "mark that keeps letters apart and does not show",
  8205: "mark that joins letters and does not show",
  8206: "left-to-right mark",
  8207: "right-to-left mark",
  8232: "line separator",
  8233: "paragraph separator",
  8234: "left-to-right embedding: what follows may stand in another order",
  8235: "right-to-left embedding: what follows may stand in another order",
  8236: "end of an embedding or override",
  8237: "left-to-right override: what follows may stand in another order",
  8238: "right-to-left override: what follows stands in another order",
  8239: "narrow space that breaks no line",
  8288: "word joiner, which does not show",
  8294: "left-to-right isolate: what follows may stand in another order",
  8295: "right-to-left isolate: what follows may stand in another order",
  8296: "isolate: what follows may stand in another order",
  8297: "end of an isolate",
  12288: "wide space",
  65279: "byte order mark, which does not show",
  65532: "place of an object that is not there",
};

/** The Latin letters that letters of other scripts look like, in the order of those. */
const TWINS = "АВЕЅІЈКМНОРСТХУаеѕіјорсухԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧο";
const LATIN = "ABESIJKMHOPCTXYaesijopcyxdhABEZHIKMNOPTYXo";

export const characters = {
  /** What a person is told that a character is. */
  nameOf(character: string): string {
    const code = character.codePointAt(0) ?? 0;
    const twin = TWINS.indexOf(character);
    if (twin >= 0) return `${code < 0x400 ? "Greek" : "Cyrillic"} letter that looks like “${LATIN[twin]}”`;
    const known = NAMES[code];
    if (known !== undefined) return known;
    if (code < 0xa0) return "control character";
    return /\p{Zs}/u.test(character) ? "space that no key makes" : "character that does not show";
  },
} as const;
