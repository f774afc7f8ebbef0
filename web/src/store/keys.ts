/** Keys to commands: modifiers in a fixed order, and chords of two equal keys within a second (D D, I I, 0 0). */
import { COMMANDS, type Command } from "./commands.ts";
import type { Mode } from "./ui.ts";

const CHORD_MS = 1000;

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** The spelling of a key press in the command table: `Ctrl+Shift+ArrowUp`, `d`. On a Mac the command key counts as Ctrl. */
export function spelling(press: KeyPress): string {
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return `${press.ctrlKey || press.metaKey ? "Ctrl+" : ""}${press.altKey ? "Alt+" : ""}${press.shiftKey ? "Shift+" : ""}${key}`;
}

export class KeyMap {
  #first = "";
  #firstAt = 0;

  /** The command that this key press completes in that mode, or null. `at` is any clock in milliseconds. */
  press(press: KeyPress, mode: Mode, at: number): Command | null {
    const spelled = spelling(press);
    const chord = this.#first === spelled && at - this.#firstAt < CHORD_MS ? `${spelled} ${spelled}` : "";
    const fits = (command: Command, keys: string): boolean =>
      (command.where === "both" || command.where === mode) && command.keys.includes(keys);
    const found = COMMANDS.find(command => (chord !== "" && fits(command, chord)) || fits(command, spelled)) ?? null;
    this.#first = found === null ? spelled : "";
    this.#firstAt = at;
    return found;
  }
}

const SHOWN: Readonly<Record<string, string>> = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Enter: "Enter", " ": "Space" };

/** The keys as a person reads them: `["Ctrl", "Shift", "↑"]`. */
export function shown(keys: string): string[] {
  return keys.split(/[+ ]/).map(key => SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}
