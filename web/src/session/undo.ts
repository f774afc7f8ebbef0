/**
 * What was done to cells as wholes, backwards and forwards again: cells made, deleted, moved, split, joined, and of another type. What is typed
 * into a cell is undone in its editor.
 *
 * A step is a pair of calls on the server. Others may have changed the same cells meanwhile: then the server refuses, which is reported, and the step
 * is over. Deleted cells are kept by the server, so nothing that is undone is lost.
 */
import { t } from "../text/en.ts";
import { settle, toast } from "../ui/notices.ts";

export interface Step {
  /** What it was, as a word: `deletion`. */
  readonly what: string;
  undo(): Promise<unknown>;
  redo(): Promise<unknown>;
}

const MOST = 200;

export class Undo {
  readonly #done: Step[] = [];
  #undone: Step[] = [];
  /** One step after the other: who presses the key twice means the second step on top of the first. */
  #last: Promise<unknown> = Promise.resolve();

  /** `run` makes a call and reports its failure; `report` gets the step that was undone (true) or done again. */
  constructor(
    readonly run: (call: Promise<unknown>) => void,
    readonly report: (step: Step | null, undone: boolean) => void,
  ) {}

  did(step: Step): void {
    settle("undo"); // a button on a message would undo this step now
    this.#done.push(step);
    if (this.#done.length > MOST) this.#done.shift();
    this.#undone = [];
  }

  #carryOut(act: () => Promise<unknown>): void {
    this.#last = this.#last.then(act, act);
    this.run(this.#last);
  }

  /** Says what was done last, with a button that undoes it. */
  offer(words: string): void {
    toast(words, { about: "undo", action: { title: t.undo, run: () => this.undo() } });
  }

  undo(): void {
    settle("undo");
    const step = this.#done.pop();
    if (step !== undefined) {
      this.#undone.push(step);
      this.#carryOut(() => step.undo());
    }
    this.report(step ?? null, true);
  }

  redo(): void {
    const step = this.#undone.pop();
    if (step !== undefined) {
      this.#done.push(step);
      this.#carryOut(() => step.redo());
    }
    this.report(step ?? null, false);
  }
}
