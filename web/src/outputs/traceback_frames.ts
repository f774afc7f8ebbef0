/**
 * The parts of a traceback as IPython writes it: frames with their place, each own or of a library. A traceback of another shape (other
 * kernels) is one part, shown as it is.
 */
import { plainText } from "../ui/terminal_paint.ts";

export interface Frame {
  /** Coloured text, first line (the place) taken off when it was understood. */
  readonly text: string;
  readonly place: string;
  /** The execution count of the cell that the frame is in. */
  readonly cellCount: number | null;
  readonly line: number | null;
  readonly library: boolean;
}

const IN_CELL = /^\s*Cell In\s?\[(\d+)\], line (\d+)/;
const IN_FILE = /^\s*File (.+?):(\d+),? in (.*)$/;
const LIBRARY = /site-packages|dist-packages|[/\\]lib[/\\]python\d|<frozen /;

function withoutLastLines(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n") end--;
  return text.slice(0, end);
}

function frameOf(text: string): Frame {
  const cut = text.indexOf("\n");
  const first = plainText(cut < 0 ? text : text.slice(0, cut));
  const rest = cut < 0 ? "" : withoutLastLines(text.slice(cut + 1));
  const cell = IN_CELL.exec(first);
  if (cell !== null) return { text: rest, place: first.trim(), cellCount: Number(cell[1]), line: Number(cell[2]), library: false };
  const file = IN_FILE.exec(first);
  if (file !== null)
    return {
      text: rest,
      place: `${file[1]}, line ${file[2]}, in ${file[3]}`,
      cellCount: null,
      line: Number(file[2]),
      library: LIBRARY.test(file[1] ?? ""),
    };
  return { text: withoutLastLines(text), place: "", cellCount: null, line: null, library: false };
}

const squeezed = (text: string): string => text.replace(/\s+/g, " ").trim();

/** A part without its last line when that only repeats the heading (syntax errors end so). */
function withoutEcho(part: string, name: string, value: string): string {
  const cut = part.trimEnd().lastIndexOf("\n");
  const last = squeezed(plainText(part.trimEnd().slice(cut + 1)));
  const echo = last.startsWith(`${name}: `) && squeezed(value).startsWith(last.slice(name.length + 2));
  return echo ? part.slice(0, Math.max(0, cut)) : part;
}

/** The frames of a traceback: without its rule, its heading and the echo of what the view shows on top. */
export function frames(traceback: readonly string[], name: string, value: string): Frame[] {
  const parts = [...traceback];
  if (/^-{10,}$/.test(plainText(parts[0] ?? "").trim())) parts.shift();
  if (plainText(parts[0] ?? "").includes("Traceback (most recent call last)") && parts.length > 1) parts.shift();
  const last = parts.pop();
  if (last !== undefined && squeezed(plainText(last)) !== squeezed(`${name}: ${value}`)) parts.push(withoutEcho(last, name, value));
  return parts.filter(part => part.trim() !== "").map(frameOf);
}

/** How often a frame is shown before its repeats are folded away. */
const MOST_ALIKE = 3;

/** For each frame whether it only repeats others, as in an endless recursion; the first ones and the last two never do. */
export function repeats(all: readonly Frame[]): boolean[] {
  const seen = new Map<string, number>();
  return all.map(({ place, text }, at) => {
    const key = `${place}\n${text}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count > MOST_ALIKE && at < all.length - 2;
  });
}

/** Whether a line of code in a frame is the one that failed: IPython puts an arrow before it. */
export const isArrow = (line: string): boolean => /^\s*-{2,}>\s*\d*/.test(line);
