/**
 * JSON-RPC 2.0 over one message line: calls get ids, answers find their call, notifications go to one listener.
 *
 * The peer knows no socket: it gets `send`, and every text that arrives. When the line breaks, `lost` fails every call that
 * has no answer yet with `LineLost`, which means that nobody knows whether the call was carried out; who calls decides whether to repeat it.
 */
import type { Method, Methods } from "./schema.ts";

/** A failure that the server reports: its message is written for people and may be shown as it is. */
export class RpcFailure extends Error {
  constructor(
    readonly code: number,
    message: string,
    /** The name of the failure (`stale_version`, `not_found`, ...). */
    readonly kind: string,
    readonly facts: Readonly<Record<string, unknown>>,
  ) {
    super(message);
    this.name = "RpcFailure";
  }
}

/** The line broke before the answer came, or there is none now. */
export class LineLost extends Error {
  constructor() {
    super("The line to the server is down.");
    this.name = "LineLost";
  }
}

export interface Notification {
  readonly method: string;
  readonly params: unknown;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function failureOf(error: unknown): RpcFailure {
  if (!isRecord(error)) return new RpcFailure(-32603, "The server answered with an error that cannot be read.", "internal_error", {});
  const facts = isRecord(error.data) ? error.data : {};
  const kind = typeof facts.name === "string" ? facts.name : "failure";
  return new RpcFailure(Number(error.code ?? -32000), String(error.message ?? kind), kind, facts);
}

export class RpcPeer {
  #next = 1;
  readonly #waiting = new Map<number, Waiting>();

  constructor(
    readonly send: (text: string) => void,
    readonly notified: (notification: Notification) => void,
  ) {}

  /** The calls that have no answer yet. */
  get open(): number {
    return this.#waiting.size;
  }

  call<M extends Method>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: result => resolve(result as Methods[M]["result"]), reject });
      this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  /** Takes one text message: an answer, a notification, or a batch of them. Throws on what is not JSON-RPC. */
  receive(text: string): void {
    const message: unknown = JSON.parse(text);
    for (const one of Array.isArray(message) ? message : [message]) this.#receive(one);
  }

  #receive(message: unknown): void {
    if (!isRecord(message)) throw new Error("not a JSON-RPC message");
    if (typeof message.method === "string") {
      this.notified({ method: message.method, params: message.params });
      return;
    }
    const waiting = this.#waiting.get(Number(message.id));
    if (waiting === undefined) return; // the answer to a call of an earlier line, or to an id we never used: nobody waits
    this.#waiting.delete(Number(message.id));
    if (message.error === undefined) waiting.resolve(message.result);
    else waiting.reject(failureOf(message.error));
  }

  /** Fails every open call: the line is gone. */
  lost(): void {
    const open = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of open) one.reject(new LineLost());
  }
}
