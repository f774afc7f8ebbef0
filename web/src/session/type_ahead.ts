/**
 * What is pressed, and where is clicked, in a cell whose editor has not come yet, on a slow line: kept, and done when it is there. Without it, letters
 * that a person types into a cell would be commands for the cell, and a caret that was moved would stand where it was.
 */

/** The part of a key press that matters. */
export interface TypedKey {
  readonly key: string;
  readonly shiftKey: boolean;
}

/** A key, or a click: the place in the text as it was before all keys. */
export type Press = TypedKey | { readonly offset: number };

type Pressed = TypedKey & Pick<KeyboardEvent, "ctrlKey" | "metaKey" | "altKey">;

/** The keys that are no text and still do something to a text. */
const KEYS = new Set(["Backspace", "Delete", "Enter", "Home", "End", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/** Whether a key is the text that it writes. */
export const isText = (key: string): boolean => [...key].length === 1;

export class TypeAhead {
  #pressed: Press[] | null = null;

  /** Whether an editor is waited for. */
  get isWaiting(): boolean {
    return this.#pressed !== null;
  }

  /** An editor is waited for from now on. */
  begin(): void {
    this.#pressed = [];
  }

  /** The editor is there, or is not wanted any more: what was pressed until now. */
  end(): readonly Press[] {
    const pressed = this.#pressed ?? [];
    this.#pressed = null;
    return pressed;
  }

  /** Keeps that the caret goes to a place in the text that is shown meanwhile. */
  move(offset: number): void {
    this.#pressed?.push({ offset });
  }

  /** Keeps a key that writes or moves; false when it does neither, or when no editor is waited for. */
  press({ key, shiftKey, ctrlKey, metaKey, altKey }: Pressed): boolean {
    if (this.#pressed === null || ctrlKey || metaKey || altKey || !(isText(key) || KEYS.has(key))) return false;
    this.#pressed.push({ key, shiftKey });
    return true;
  }
}

export const typeAhead = new TypeAhead();
