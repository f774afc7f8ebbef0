/**
 * The variables of a kernel. They are asked for after each run, and sent to this page alone: the answer is no event of the session.
 *
 * A kernel that answers while code runs is asked then, too. Another one is asked when it is free.
 */

import { signal } from "@preact/signals";
import { answersNow, kernelState, languageOf } from "../model/select.ts";
import { LineLost, RpcFailure } from "../rpc/messages.ts";
import type { Variable } from "../rpc/schema.ts";
import type { SessionStore } from "../session/store.ts";
import { variableWords } from "../text/variables.ts";

export type { Variable };

export interface Listing {
  readonly variables: readonly Variable[];
  /** All names, more than were listed perhaps. */
  readonly all: number;
}

const WAIT_S = 20;

export class Variables {
  readonly listing = signal<Listing | null>(null);
  /** Why nothing, or nothing new, is shown. */
  readonly note = signal("");
  #asked = "";
  #asking = false;
  /** What the last answer was, when it was none. */
  #trouble = "";

  constructor(readonly store: SessionStore) {}

  /** Whether the kernel can be asked now; notes why not. */
  #canAsk(): boolean {
    const { model, connection } = this.store;
    const state = kernelState(model);
    if (state === null || state === "dead") {
      this.listing.value = null;
      this.note.value = state === null ? variableWords.noKernel : variableWords.dead;
      return false;
    }
    const isStarting = state === "starting" || state === "restarting";
    const can = answersNow(model);
    this.note.value = can ? this.#trouble : isStarting ? variableWords.starting : variableWords.busy;
    return can && connection.phase === "live";
  }

  /** Asks when something has happened since the last time, or `again`; called whenever the session changed. */
  refresh(again = false): void {
    if (!this.#canAsk() || this.#asking) return;
    const { kernel, namesSeq } = this.store.model;
    const state = `${kernel?.id}-${namesSeq}`;
    if (state === this.#asked && !again) return;
    this.#asked = state;
    this.#asking = true;
    void this.#ask().then(() => {
      this.#asking = false;
      this.refresh(); // what came meanwhile
    });
  }

  async #ask(): Promise<void> {
    const { connection, id: session, model } = this.store;
    try {
      const answer = await connection.call("variable.list", { session, timeout_s: WAIT_S });
      const isListed = answer.status === "listed";
      this.listing.value = isListed ? { variables: answer.variables, all: answer.all } : null;
      this.#trouble = isListed ? "" : variableWords.language(languageOf(model) ?? "");
    } catch (error) {
      if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
      if (error instanceof LineLost) this.#asked = "";
      else this.#trouble = error.kind === "kernel_busy" ? variableWords.busy : variableWords.failed(error.message);
    }
  }
}
