/**
 * One terminal of the server, as this page reads it: each byte once and in order, over lost lines, and what is typed.
 *
 *     terminal_output ──► screen.write ──done──► terminal.acknowledge      the server sends 256 KiB ahead of that
 *     screen ──typed──► terminal.input, never twice
 *
 * While the tab is hidden for some time the terminal is not read: a hidden tab draws so slowly that the program in the terminal would wait for it.
 */

import { isReport } from "../model/terminal_answers.ts";
import type { Connection } from "../rpc/connection.ts";
import { LineLost, type Notification, RpcFailure } from "../rpc/messages.ts";
import type { Terminal, TerminalChanged, TerminalText } from "../rpc/schema.ts";

const ACKNOWLEDGE_BYTES = 65_536;
const ACKNOWLEDGE_MS = 300;
const HIDDEN_MS = 10_000;

/** Characters of one call, and calls that have no answer yet: what is typed meanwhile goes together. */
const MOST_TYPED = 16_384;
const MOST_CALLS = 8;

/** What shows the terminal. */
export interface Screen {
  /** Shows text; `done` is called when it is drawn, in order. */
  write(text: string, done: () => void): void;
  /** Empties it. */
  reset(): void;
}

/** Who is told what happens. */
export interface Audience {
  changed(terminal: Terminal): void;
  /** Characters that were typed, and may not have arrived. */
  lost(count: number): void;
  /** There is no line, so what is typed is dropped. */
  unsent(): void;
  skipped(bytes: number): void;
  stalled(): void;
  gone(): void;
  failed(error: unknown): void;
}

export class TerminalLink {
  #received = 0;
  #shown = 0;
  #acknowledged = 0;
  #live = 0;
  #started: string | null = null;
  #reading = 0;
  #typed = "";
  #calls = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;
  readonly #ends: (() => void)[] = [];

  constructor(
    readonly connection: Connection,
    readonly id: string,
    readonly screen: Screen,
    readonly audience: Audience,
  ) {}

  open(): void {
    const seen = (): void => this.#look();
    document.addEventListener("visibilitychange", seen);
    this.#ends.push(
      () => document.removeEventListener("visibilitychange", seen),
      this.connection.onPhase(phase => {
        if (phase === "live") this.subscribe();
      }),
      this.connection.onNotification(notification => this.#take(notification)),
    );
    if (this.connection.phase === "live") this.subscribe();
  }

  close(): void {
    for (const end of this.#ends) end();
    clearTimeout(this.#timer);
    clearTimeout(this.#hidden);
    this.#reading = -1;
    this.#quietly(this.connection.call("terminal.unsubscribe", { terminal: this.id }));
  }

  /** Reads on from where it is. */
  subscribe(): void {
    const reading = ++this.#reading;
    const since = this.#started === null ? null : this.#received;
    this.connection.call("terminal.subscribe", { terminal: this.id, since, started: this.#started }).then(
      answer => {
        if (reading !== this.#reading) return;
        this.#live = answer.live;
        this.#started = answer.terminal.started;
        this.#received = answer.first;
        if (answer.restore !== null) {
          this.screen.reset();
          this.#shown = this.#acknowledged = answer.first;
          this.screen.write(answer.restore, () => {});
        }
        if (answer.skipped > 0) this.audience.skipped(answer.skipped);
        this.audience.changed(answer.terminal);
      },
      (error: unknown) => {
        if (error instanceof LineLost || reading !== this.#reading) return; // the next line subscribes
        if (error instanceof RpcFailure && error.kind === "not_found") this.audience.gone();
        else this.audience.failed(error);
      },
    );
  }

  #look(): void {
    clearTimeout(this.#hidden);
    if (!document.hidden) {
      if (this.#reading === 0) this.subscribe();
      return;
    }
    this.#hidden = setTimeout(() => {
      this.#reading = 0;
      this.#quietly(this.connection.call("terminal.unsubscribe", { terminal: this.id }));
    }, HIDDEN_MS);
  }

  #take({ method, params }: Notification): void {
    if (method === "terminal_changed") {
      const { terminal, stalled } = params as TerminalChanged;
      if (terminal.id !== this.id) return;
      if (stalled) this.audience.stalled();
      this.audience.changed(terminal);
    } else if (method === "terminal_output") {
      const printed = params as TerminalText;
      if (printed.terminal !== this.id || printed.at !== this.#received) return; // of a reading that was given up
      this.#received = printed.end;
      this.screen.write(printed.text, () => this.#drawn(printed.end));
    }
  }

  #drawn(end: number): void {
    this.#shown = end;
    if (end - this.#acknowledged >= ACKNOWLEDGE_BYTES) this.#acknowledge();
    else this.#timer ??= setTimeout(() => this.#acknowledge(), ACKNOWLEDGE_MS);
  }

  #acknowledge(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#shown === this.#acknowledged) return;
    this.#acknowledged = this.#shown;
    this.#quietly(this.connection.call("terminal.acknowledge", { terminal: this.id, position: this.#shown }));
  }

  /** Types what a person typed, or what the screen answers to a program. */
  type(text: string): void {
    if (isReport(text)) {
      // What was asked in output of the past was answered then, or nobody waits for it any more.
      if (this.#shown >= this.#live) this.#quietly(this.connection.call("terminal.input", { terminal: this.id, text, automatic: true }));
      return;
    }
    if (this.connection.phase !== "live") {
      this.audience.unsent();
      return;
    }
    this.#typed += text;
    this.#send();
  }

  #send(): void {
    while (this.#typed !== "" && this.#calls < MOST_CALLS) {
      const cut =
        this.#typed.length > MOST_TYPED && /[\ud800-\udbff]/.test(this.#typed[MOST_TYPED - 1] ?? "") ? MOST_TYPED - 1 : MOST_TYPED;
      const text = this.#typed.slice(0, cut);
      this.#typed = this.#typed.slice(cut);
      this.#calls++;
      this.connection.call("terminal.input", { terminal: this.id, text, automatic: false }).then(
        () => {
          this.#calls--;
          this.#send();
        },
        (error: unknown) => {
          this.#calls--;
          const count = text.length + this.#typed.length;
          this.#typed = "";
          if (error instanceof LineLost) this.audience.lost(count);
          else this.audience.failed(error);
        },
      );
    }
  }

  /** Gives the terminal the size that this page has room for. */
  resize(rows: number, cols: number): void {
    if (this.connection.phase === "live") this.#quietly(this.connection.call("terminal.resize", { terminal: this.id, rows, cols }));
  }

  /** What fails here is found by the next subscription, and said there. */
  #quietly(call: Promise<unknown>): void {
    call.catch(() => {});
  }
}
