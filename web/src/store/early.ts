/**
 * What is typed into a cell whose editor has not come yet, on a slow line: kept, and put in when it is there. Without it, letters that a person
 * types into a cell would be commands for the cell.
 */

/** The part of a key press that matters. */
interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export class EarlyKeys {
  #typed: string | null = null;

  /** Whether an editor is waited for. */
  get isWaiting(): boolean {
    return this.#typed !== null;
  }

  /** An editor is waited for from now on. */
  begin(): void {
    this.#typed = "";
  }

  /** The editor is there, or is not wanted any more: what was typed until now. */
  end(): string {
    const typed = this.#typed ?? "";
    this.#typed = null;
    return typed;
  }

  /** Keeps a key that is text; false when it is none, or when no editor is waited for. */
  press({ key, ctrlKey, metaKey, altKey }: Press): boolean {
    if (this.#typed === null || ctrlKey || metaKey || altKey) return false;
    if (key === "Backspace") this.#typed = [...this.#typed].slice(0, -1).join("");
    else if (key === "Enter") this.#typed += "\n";
    else if ([...key].length === 1) this.#typed += key;
    else return false;
    return true;
  }
}

export const early = new EarlyKeys();
