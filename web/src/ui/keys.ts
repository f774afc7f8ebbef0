/** Keys: how a key press is spelled in the table of commands, and how a person reads it. */

/** Where the command key is what Ctrl is elsewhere. */
export const MAC = typeof navigator !== "undefined" && /Mac/.test(navigator.platform);

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** The spelling of a key press in the command table: `Ctrl+Shift+ArrowUp`, `d`. On a Mac the command key counts as Ctrl. */
export function spelling(press: KeyPress): string {
  const key = press.key === " " ? "Space" : press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return `${press.ctrlKey || press.metaKey ? "Ctrl+" : ""}${press.altKey ? "Alt+" : ""}${press.shiftKey ? "Shift+" : ""}${key}`;
}

const SHOWN: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Enter: "Enter",
  " ": "Space",
};

/** The keys as a person reads them: `["Ctrl", "Shift", "↑"]`. */
export function keyNames(keys: string): string[] {
  return keys.split(/(?<=[^+ ])[+ ]/).map(key => SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}

/** The same in a sentence: `Ctrl-Shift-↑`, `D D`. */
export const wordsOf = (keys: string): string =>
  keys
    .split(" ")
    .map(one => keyNames(one).join("-"))
    .join(" ");
