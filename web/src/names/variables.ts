/**
 * The variables of a Python kernel, asked for by silent executions that neither count nor show.
 *
 * The listing is a module that the kernel is given once (names.py); after that a request is one expression. What is asked for after an event has an id
 * made of that event, so that pages which show the same session ask once between them, and a request that is repeated does no harm.
 * Nothing is asked while something runs: the answer would wait behind it and be old.
 */
import { signal } from "@preact/signals";
import { LineLost, RpcFailure } from "../api/rpc.ts";
import type { Execution, JsonMap } from "../api/schema.ts";
import { map, text } from "../model/json.ts";
import { kernelState, languageOf, underway } from "../model/select.ts";
import type { SessionStore } from "../store/store.ts";
import { t } from "../text/en.ts";
import source from "./names.py";

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly group: "value" | "function" | "module";
  readonly size: readonly number[] | null;
  readonly text: string;
}

export interface Listing {
  readonly variables: readonly Variable[];
  /** All names, more than were listed perhaps. */
  readonly all: number;
}

const MODULE = "_webipy_names";
const KEY = "names";
const WAIT_S = 20;
const ASK = `__import__("${MODULE}").listed(get_ipython())`;
/** Makes the module, in one expression that leaves no name behind. */
const GIVE =
  `(lambda sys, made: (exec(${JSON.stringify(source)}, made.__dict__), sys.modules.__setitem__("${MODULE}", made)))` +
  `(__import__("sys"), __import__("types").ModuleType("${MODULE}"))`;

/** The answer of the kernel: a listing, or why there is none. `missing` says that it was not given the module yet. */
export function read(execution: Execution): Listing | "missing" | { reason: string } {
  const answer = map(execution.user_expressions?.[KEY]);
  if (answer.status === "ok") {
    const found = map(map(answer.data)["application/json"]);
    const names = Array.isArray(found.names) ? found.names : [];
    return { variables: names.map(one => variable(map(one))), all: Number(found.all ?? names.length) };
  }
  if (text(answer.ename) === "ModuleNotFoundError") return "missing";
  return { reason: text(answer.evalue) || execution.reason || execution.status };
}

function variable(told: JsonMap): Variable {
  const group = told.group === "module" || told.group === "function" ? told.group : "value";
  const size = Array.isArray(told.size) ? told.size.map(Number) : null;
  return { name: text(told.name), type: text(told.type), group, size, text: text(told.text) };
}

export class Variables {
  readonly listing = signal<Listing | null>(null);
  /** Why nothing, or nothing new, is shown. */
  readonly note = signal("");
  #asked = "";
  #asking = false;

  constructor(readonly store: SessionStore) {}

  /** Whether the kernel can be asked now; says why not. */
  #isFree(): boolean {
    const { model, connection } = this.store;
    const state = kernelState(model);
    if (state === null || state === "dead") {
      this.listing.value = null;
      this.note.value = state === null ? t.variables.noKernel : t.variables.dead;
      return false;
    }
    const language = languageOf(model);
    if (language !== "python") {
      this.listing.value = null;
      this.note.value = language === null ? t.variables.starting : t.variables.language(language);
      return false;
    }
    const isIdle = state === "idle" && underway(model).length === 0;
    this.note.value = isIdle ? "" : state === "starting" || state === "restarting" ? t.variables.starting : t.variables.busy;
    return isIdle && connection.phase === "live";
  }

  /** Asks when something has happened since the last time, or `again`; called whenever the session changed. */
  refresh(again = false): void {
    if (!this.#isFree() || this.#asking) return;
    const { kernel, namesSeq } = this.store.model;
    const state = `${kernel?.id}-${namesSeq}`;
    if (state === this.#asked && !again) return;
    this.#asked = state;
    this.#asking = true;
    void this.#ask(again ? crypto.randomUUID() : `names-${namesSeq}`).then(() => {
      this.#asking = false;
      this.refresh(); // what came meanwhile
    });
  }

  async #ask(id: string): Promise<void> {
    try {
      let answer = read(await this.#run(id, ""));
      if (answer === "missing") answer = read(await this.#run(`${id}-given`, GIVE));
      if (answer === "missing") return;
      if ("reason" in answer) this.note.value = t.variables.failed(answer.reason);
      else this.listing.value = answer;
    } catch (error) {
      if (!(error instanceof LineLost || error instanceof RpcFailure)) throw error;
      if (error instanceof LineLost) this.#asked = "";
      else this.note.value = t.variables.failed(error.message);
    }
  }

  async #run(id: string, code: string): Promise<Execution> {
    const { connection, id: session } = this.store;
    await connection.call("execution.start", {
      session,
      id,
      code,
      silent: true,
      store_history: false,
      stop_on_error: false,
      allow_stdin: false,
      user_expressions: { [KEY]: ASK },
    });
    return await connection.call("execution.wait", { session, execution: id, timeout_s: WAIT_S });
  }
}
