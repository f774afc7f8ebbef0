/**
 * Keys that are pressed while a dialog is asked for and its code is on its way: kept, and pressed again when it is there. Without it, what a person types
 * at once would be lost, or be commands for the cells.
 *
 * Pressed again, a key is an event like any other; what browsers do of themselves only for keys of a keyboard (writing into a field, pressing a button)
 * is done here. Esc gives the dialog up.
 */
import { isText } from "../session/type_ahead.ts";
import { dialog } from "../ui/page_state.ts";

/** Whether a dialog is asked for and does not stand there yet. */
const isComing = (): boolean => dialog.value !== null && document.querySelector("dialog[open]") === null;

const frame = (): Promise<void> => new Promise(resolve => requestAnimationFrame(() => resolve()));
/** What a key changed is drawn. */
const drawn = (): Promise<void> => new Promise(resolve => setTimeout(resolve));

/** Writes into a field where its caret is, or takes away what is before it. */
function write(field: HTMLInputElement, key: string): void {
  const [start, end] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
  if (isText(key)) field.setRangeText(key, start, end, "end");
  else field.setRangeText("", start === end ? Math.max(0, start - 1) : start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** Presses a key where the focus is now. */
export function pressAgain({ key, code, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): void {
  const target = document.activeElement ?? document.body;
  const again = { key, code, ctrlKey, metaKey, altKey, shiftKey, bubbles: true, cancelable: true, composed: true };
  if (!target.dispatchEvent(new KeyboardEvent("keydown", again)) || ctrlKey || metaKey || altKey) return;
  if (target instanceof HTMLInputElement && (isText(key) || key === "Backspace")) write(target, key);
  else if (target instanceof HTMLInputElement && key === "Enter") target.form?.requestSubmit();
  else if (target instanceof HTMLButtonElement && (key === "Enter" || key === " ")) target.click();
}

export class KeptKeys {
  #kept: KeyboardEvent[] = [];
  #isPressing = false;

  /** Keeps what a person presses; false when nothing is waited for. */
  keep(event: KeyboardEvent): boolean {
    if (!event.isTrusted || !(this.#isPressing || isComing())) return false;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "Escape" && isComing()) {
      this.#kept = [];
      dialog.value = null;
      return true;
    }
    this.#kept.push(event);
    if (!this.#isPressing) void this.#pressAll();
    return true;
  }

  async #pressAll(): Promise<void> {
    this.#isPressing = true;
    while (this.#kept.length > 0) {
      while (isComing()) await frame();
      const event = this.#kept.shift();
      if (event !== undefined) pressAgain(event);
      await drawn();
    }
    this.#isPressing = false;
  }
}
