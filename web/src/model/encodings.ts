/**
 * Text as the bytes of a file, and back, without a byte's difference: UTF-8 and UTF-16 with their byte order mark as they are, and anything else that
 * reads as text as Windows-1252, of which Latin-1 is a part.
 *
 * Invariant: what `decodeText` gives, `encodeText` makes the same bytes of.
 */

export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface Decoded {
  readonly text: string;
  readonly encoding: Encoding;
}

/** The characters of Windows-1252 from 0x80 on, where it differs from Latin-1. */
const HIGH = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
const AT_ONCE = 8192;

/** Bytes that are looked at for signs that no text has. */
const LOOKED_AT = 64 * 1024;

function read(bytes: Uint8Array, encoding: Encoding): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null; // it is in another encoding
  }
}

/** Whether bytes hold control characters that stand in no text. */
function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, LOOKED_AT).some(one => one < 9 || (one > 13 && one < 32 && one !== 27)) || bytes.includes(0);
}

/** The text of a file, or null when it is none. */
export function decodeText(bytes: Uint8Array): Decoded | null {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  const tried: Encoding = marked ?? "utf-8";
  const text = marked !== null && bytes.length % 2 === 1 ? null : read(bytes, tried);
  if (text !== null) return text.includes("\0") ? null : { text, encoding: tried };
  if (isBinary(bytes)) return null;
  return { text: readByBytes(bytes), encoding: "windows-1252" };
}

const unitOf = (byte: number): number => (byte >= 0x80 && byte < 0xa0 ? HIGH.charCodeAt(byte - 0x80) : byte);

/** Not by the browser's decoder, which programs that run tests have wrong. */
function readByBytes(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += AT_ONCE)
    parts.push(String.fromCharCode(...Array.from(bytes.subarray(at, at + AT_ONCE), unitOf)));
  return parts.join("");
}

function writeByBytes(text: string): Uint8Array<ArrayBuffer> | string {
  const byteOf = new Map(Array.from({ length: 256 }, (_, byte) => [unitOf(byte), byte]));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const byte = byteOf.get(text.charCodeAt(at));
    if (byte === undefined) return String.fromCodePoint(text.codePointAt(at) ?? 0);
    bytes[at] = byte;
  }
  return bytes;
}

function utf16(text: string, isLittle: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at), isLittle);
  return new Uint8Array(view.buffer);
}

/**
 * The bytes of a text.
 *
 * Args:
 *   text: the text.
 *   encoding: how it is written.
 *
 * Returns:
 *   The bytes, or the first character that the encoding does not have.
 */
export function encodeText(text: string, encoding: Encoding): Uint8Array<ArrayBuffer> | string {
  if (encoding === "utf-8") return new TextEncoder().encode(text);
  return encoding === "windows-1252" ? writeByBytes(text) : utf16(text, encoding === "utf-16le");
}
