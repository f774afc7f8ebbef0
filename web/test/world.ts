/** A world for the connection: sockets that are opened and closed by hand, and a clock that is moved by hand. */
import type { Probe, Socket, World } from "../src/rpc/connection.ts";

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: { id: number; method: string; params: unknown }[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.onopen?.();
  }
  fail(code = 1006): void {
    this.onclose?.({ code });
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  /** Answers the latest call of a method. */
  answer(method: string, result: unknown): void {
    const call = this.sent.findLast(one => one.method === method);
    if (call === undefined) throw new Error(`${method} was not called`);
    this.say({ jsonrpc: "2.0", id: call.id, result });
  }
  refuse(method: string, name: string, facts: object = {}): void {
    const call = this.sent.findLast(one => one.method === method);
    this.say({ jsonrpc: "2.0", id: call?.id, error: { code: -32000, message: `refused: ${name}`, data: { name, ...facts } } });
  }
}

export class FakeWorld implements World {
  readonly sockets: FakeSocket[] = [];
  probes = 0;
  probed: Probe = "unreachable";
  chance = 1;
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  openSocket(): FakeSocket {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  }
  probe(): Promise<Probe> {
    this.probes++;
    return Promise.resolve(this.probed);
  }
  now(): number {
    return this.#now;
  }
  later(run: () => void, ms: number): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter(one => one !== timer);
    };
  }
  random(): number {
    return this.chance;
  }
  /** Moves the clock, running what is due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter(one => one !== due);
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }
  get last(): FakeSocket {
    const socket = this.sockets[this.sockets.length - 1];
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}

/** Lets what was promised happen. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};
