/**
 * The connection machine: one WebSocket that comes back by itself.
 *
 *     connecting ──open──► live ──close──► waiting ──timer, online, visible, retryNow──► connecting
 *         │                  │                ▲
 *         └──fails, probe────┼── unreachable ─┘      (a line that was closed with 4429 waits longer: `crowded`)
 *                            └── 4401, or the probe gets 401 ──► ended   (until `start` is called again)
 *
 * A browser does not report why a handshake failed, so a failed one is followed by a probe over HTTP: 401 means that the login has ended, no answer
 * that the server is out of reach. Waiting grows from 0.3 s to 10 s with jitter, so that a thousand tabs do not come back in one instant.
 * An idle line is checked with `server.sync`: a line that is dead without having been closed is found within 30 s.
 *
 * Calls are made on the line that is live now; `LineLost` means that it broke. `durable` repeats a call on the next line until it is
 * answered, and is only for calls that may be repeated without harm (ids chosen here, or idempotent by nature). Those that have no
 * answer yet can be read, in their order, by who keeps them over the end of the page.
 */
import { LineLost, type Notification, RpcPeer } from "./messages.ts";
import { LOGIN_ENDED, type Method, type Methods, TOO_MANY } from "./schema.ts";

export type Phase = "connecting" | "live" | "waiting" | "ended";
export type Probe = "signed_in" | "signed_out" | "unreachable";

/** The part of a WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** The world outside: sockets, HTTP, time and chance. Tests give their own. */
export interface World {
  openSocket(): Socket;
  probe(): Promise<Probe>;
  now(): number;
  later(run: () => void, ms: number): () => void;
  random(): number;
}

export const FIRST_WAIT_MS = 300;
export const LONGEST_WAIT_MS = 10_000;
export const IDLE_CHECK_MS = 20_000;
export const ANSWER_LIMIT_MS = 10_000;
/** After at most so long, and half of it at least, a line is tried again that the server had no room for. */
export const CROWDED_WAIT_MS = 30_000;

/** A call that is repeated until it is answered. */
export interface DurableCall {
  readonly method: Method;
  readonly params: unknown;
}

export class Connection {
  phase: Phase = "connecting";
  /** When the line was lost (clock of `World.now`), null while it is live. */
  downSince: number | null;
  /** Whether the last line was closed because this login has too many. */
  crowded = false;
  #peer: RpcPeer | null = null;
  #socket: Socket | null = null;
  #tries = 0;
  #cancel: () => void = () => {};
  #lines = 0;
  readonly #held = new Set<() => void>();
  readonly #unanswered = new Set<DurableCall>();
  readonly #unansweredListeners = new Set<() => void>();
  readonly #phaseListeners = new Set<(phase: Phase) => void>();
  readonly #notified = new Set<(notification: Notification) => void>();

  constructor(readonly world: World) {
    this.downSince = world.now();
  }

  onPhase(listener: (phase: Phase) => void): () => void {
    this.#phaseListeners.add(listener);
    return () => this.#phaseListeners.delete(listener);
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.#notified.add(listener);
    return () => this.#notified.delete(listener);
  }

  start(): void {
    this.#tries = 0;
    this.#connect();
  }

  /** Tries at once instead of waiting on; does nothing while a line is live or being opened. */
  retryNow(): void {
    if (this.phase !== "waiting") return;
    this.#tries = 0;
    this.#connect();
  }

  /** Calls on the line that is live now. Rejects with `RpcFailure`, or with `LineLost` when there is no line or it breaks. */
  call<M extends Method>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    return this.#peer === null ? Promise.reject(new LineLost()) : this.#peer.call(method, params);
  }

  /** Calls, and calls again on the next line whenever the line breaks before the answer. Only for calls that may be repeated. */
  async durable<M extends Method>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    const call: DurableCall = { method, params };
    this.#unanswered.add(call);
    this.#reportUnanswered();
    try {
      return await this.#repeat(method, params);
    } finally {
      this.#unanswered.delete(call);
      this.#reportUnanswered();
    }
  }

  /** Calls back whenever a durable call is made or answered. */
  onUnanswered(listener: () => void): () => void {
    this.#unansweredListeners.add(listener);
    return () => this.#unansweredListeners.delete(listener);
  }

  #reportUnanswered(): void {
    for (const listener of this.#unansweredListeners) listener();
  }

  async #repeat<M extends Method>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    for (;;) {
      try {
        return await this.call(method, params);
      } catch (error) {
        if (!(error instanceof LineLost)) throw error;
        await this.#nextLine();
      }
    }
  }

  /** The durable calls that have no answer yet, in the order they were made. */
  get unanswered(): readonly DurableCall[] {
    return [...this.#unanswered];
  }

  /** How many durable calls wait for a line. */
  get held(): number {
    return this.#held.size;
  }

  #nextLine(): Promise<void> {
    if (this.phase === "live") return Promise.resolve();
    return new Promise(resolve => this.#held.add(resolve));
  }

  #enter(phase: Phase): void {
    this.phase = phase;
    if (phase === "live") this.downSince = null;
    else if (this.downSince === null) this.downSince = this.world.now();
    for (const listener of [...this.#phaseListeners]) listener(phase);
  }

  #connect(): void {
    this.#cancel();
    const line = ++this.#lines;
    const socket = this.world.openSocket();
    this.#socket = socket;
    this.#enter("connecting");
    socket.onopen = () => this.#opened(line, socket);
    socket.onclose = event => this.#closed(line, event.code);
  }

  #opened(line: number, socket: Socket): void {
    if (line !== this.#lines) return;
    this.#tries = 0;
    const peer = new RpcPeer(
      text => socket.send(text),
      notification => {
        for (const listener of [...this.#notified]) listener(notification);
      },
    );
    this.#peer = peer;
    let lastReceived = this.world.now();
    socket.onmessage = event => {
      if (line !== this.#lines) return;
      lastReceived = this.world.now();
      this.crowded = false;
      peer.receive(String(event.data));
    };
    this.#watch(line, () => lastReceived);
    this.#enter("live");
    const held = [...this.#held];
    this.#held.clear();
    for (const go of held) go();
  }

  /** Sends a heartbeat when nothing was received for a while, and drops the line when no answer comes. */
  #watch(line: number, lastReceived: () => number): void {
    const check = (): void => {
      const peer = this.#peer;
      if (line !== this.#lines || peer === null) return;
      const quiet = this.world.now() - lastReceived();
      if (quiet < IDLE_CHECK_MS) {
        this.#cancel = this.world.later(check, IDLE_CHECK_MS - quiet);
        return;
      }
      const asked = this.world.now();
      peer.call("server.sync", {}).catch(() => {}); // only a heartbeat: onclose or the limit below reports its failure
      this.#cancel = this.world.later(() => {
        if (lastReceived() >= asked) check();
        else this.#closed(line, 1006);
      }, ANSWER_LIMIT_MS);
    };
    this.#cancel = this.world.later(check, IDLE_CHECK_MS);
  }

  #closed(line: number, code: number): void {
    if (line !== this.#lines) return;
    this.#lines++;
    this.#cancel();
    const opened = this.#peer !== null;
    const peer = this.#peer;
    this.#peer = null;
    const socket = this.#socket;
    this.#socket = null;
    if (code === 1006 && socket !== null) socket.close();
    this.crowded = code === TOO_MANY;
    if (code === LOGIN_ENDED) this.#enter("ended");
    else if (opened) this.#wait();
    else void this.#ask();
    peer?.lost();
  }

  async #ask(): Promise<void> {
    const line = this.#lines;
    const answer = await this.world.probe();
    if (line !== this.#lines) return;
    if (answer === "signed_out") this.#enter("ended");
    else this.#wait();
  }

  #wait(): void {
    const longest = this.crowded ? CROWDED_WAIT_MS : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries++);
    this.#enter("waiting");
    this.#cancel = this.world.later(() => this.#connect(), longest * (0.5 + this.world.random() / 2));
  }
}
