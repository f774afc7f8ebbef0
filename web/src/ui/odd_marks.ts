/** How characters are shown that hide or pass for others: a small sign with their name, which takes nothing from the text. */
import { type Odd, oddIn } from "../model/odd_characters.ts";
import { characters } from "../text/characters.ts";

const CONTROLS = "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(
  " ",
);

const numberOf = (code: number): string => `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;

/** What stands in the place of a character; null: itself, in a frame. */
function signOf(character: string, code: number): string | null {
  if (/[\p{L}\p{Zs}]/u.test(character) && !/[\u115f\u1160\u3164\uffa0]/.test(character)) return null;
  return CONTROLS[code] ?? (code === 0x7f ? "DEL" : numberOf(code));
}

/** An element that shows one odd character. It holds the character when `whole`, so that what is copied and counted is the text. */
export function markOf(character: string, whole: boolean): HTMLElement {
  const code = character.codePointAt(0) ?? 0;
  const sign = signOf(character, code);
  const mark = document.createElement("span");
  mark.className = sign === null ? "odd" : "odd unseen";
  mark.title = `${characters.nameOf(character)} (${numberOf(code)})`;
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", mark.title);
  if (sign !== null) mark.dataset.sign = sign;
  if (whole || sign === null) mark.textContent = character;
  return mark;
}

/** Puts marks around the odd characters of an element that holds a text, in as many parts as it likes; one that has marks keeps those. */
export function markOdd(element: Element): void {
  if (element.querySelector(".odd") !== null) return;
  const odd = oddIn(element.textContent ?? "");
  if (odd.length === 0) return;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const parts: { node: Text; from: number }[] = [];
  let at = 0;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    parts.push({ node: node as Text, from: at });
    at += node.nodeValue?.length ?? 0;
  }
  let next = 0;
  for (const { node, from } of parts) {
    const here: Odd[] = [];
    const end = from + node.length;
    for (let one = odd[next]; one !== undefined && one.at < end; one = odd[++next]) here.push(one);
    markIn(node, from, here);
  }
}

/** Marks characters of one text node that begins at `from`; the last first, so that places before stay. */
function markIn(node: Text, from: number, odd: readonly Odd[]): void {
  for (const { at, character } of [...odd].reverse()) {
    const rest = node.splitText(at - from);
    rest.splitText(character.length);
    rest.replaceWith(markOf(character, true));
  }
}
