/**
 * Keys to commands: modifiers in a fixed order, chords of two equal keys within a second (D D, I I, 0 0), and, in the keys of Colab and VS Code,
 * those that begin with Ctrl-M.
 */

import { type KeyPress, spelling } from "../ui/keys.ts";
import { keySet } from "../ui/settings.ts";
import type { Command, Where } from "./command.ts";
import { commandsOf } from "./commands.ts";

const CHORD_MS = 1000;
/** How long a prefix waits for the key after it. */
const PREFIX_MS = 3000;
const PREFIX = "Ctrl+m";
const MODIFIERS = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock"]);

export class KeyMap {
  #first = "";
  #firstAt = 0;

  /**
   * The command that a key press completes.
   *
   * Args:
   *   press: the key press.
   *   where: where it goes; on the "page" there are only commands that work everywhere.
   *   at: when, on any clock, in milliseconds.
   *
   * Returns: the command, "begun" when the key is the prefix of some, or null.
   */
  press(press: KeyPress, where: Where | "page", at: number): Command | "begun" | null {
    if (MODIFIERS.has(press.key)) return null;
    const spelled = spelling(press);
    const prefixed = this.#first === PREFIX && at - this.#firstAt < PREFIX_MS;
    const chord = prefixed || (this.#first === spelled && at - this.#firstAt < CHORD_MS) ? `${this.#first} ${spelled}` : "";
    const fits = (command: Command, keys: string): boolean =>
      keys !== "" && (command.where === "both" || command.where === where) && command.keys.includes(keys);
    const commands = commandsOf();
    const found = commands.find(one => fits(one, chord)) ?? (prefixed ? null : (commands.find(one => fits(one, spelled)) ?? null));
    const begins = keySet.value === "colab" && spelled === PREFIX && !prefixed;
    this.#first = found !== null || prefixed ? "" : spelled;
    this.#firstAt = at;
    // A prefix swallows the key after it, whatever it is: who mistypes gets no letter into the text.
    return found ?? (begins || prefixed ? "begun" : null);
  }
}
