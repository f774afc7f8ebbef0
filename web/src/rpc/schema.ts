/**
 * The types of the API: one interface for each struct of the server's method table and of its events, and `Methods`.
 * Made by docs/generate.py out of the Python structs; change those. Params are by name; times are RFC 3339 UTC;
 * positions in code count unicode characters, positions in change sets UTF-16 units.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

export type ExecutionStatus = "ok" | "error" | "aborted" | "cancelled" | "lost";

export type KernelState = "starting" | "idle" | "busy" | "restarting" | "dead";

export type CellType = "code" | "markdown" | "raw";

export type Verb = "none" | "read" | "write" | "execute" | "own";

export type Right = "read" | "write" | "execute";

/** A CodeMirror change set: an integer keeps so many UTF-16 units, a list `[deleted, ...lines]` replaces them. */
export type Changes = (number | (number | string)[])[];

/**
 * What all events have in common.
 *
 * `seq` and `time` are set once, when the session takes the event in; every event that is written has them.
 */
export interface EventHead {
  seq: number;
  time: string;
  by?: string | null;
}

/**
 * The first event of every session.
 *
 * One that is `temporary` was made for one purpose, such as a run of a notebook, and is closed by the server when that is over, unless
 * `session_kept` came before. `source` is the file that its document was copied from; the session has no file of its own then.
 */
export interface SessionCreated extends EventHead {
  type: "session_created";
  /** The id of the session. */
  session: string;
  title: string;
  path?: string | null;
  cwd?: string | null;
  temporary?: boolean;
  source?: string | null;
}

/** The session has another title. */
export interface SessionRenamed extends EventHead {
  type: "session_renamed";
  title: string;
}

/** A temporary session is an ordinary one from now on: somebody else uses it, or what is in it could not be saved (`reason`). */
export interface SessionKept extends EventHead {
  type: "session_kept";
  reason?: string;
}

/** The session was closed and its kernel shut down; the last event of the journal until it is opened again. */
export interface SessionClosed extends EventHead {
  type: "session_closed";
}

/**
 * The closed session is open again, without a kernel: its journal goes on. `cwd` is the folder that its kernels start in now.
 *
 * It is `temporary` when it is closed again by the server once what it was opened for is over.
 */
export interface SessionReopened extends EventHead {
  type: "session_reopened";
  cwd?: string | null;
  temporary?: boolean;
}

/** A kernel is being started for this session; it is ready when its state becomes `idle`. */
export interface KernelStarted extends EventHead {
  type: "kernel_started";
  kernel: string;
  kernelspec: string;
  display_name: string;
  language: string;
  url_without_key: string;
}

/**
 * The kernel answered for the first time after a start or restart.
 *
 * `language_info`, `banner` and `implementation` are those of its kernel_info_reply (Jupyter messaging 5.4); `seconds` counts from spawn.
 * `transport` is how its host speaks to it: over `tcp` that is not `encrypted`, other users of the server's machine can read what it publishes.
 * With `answers_beside`, completions, variables and the like are answered while code runs.
 */
export interface KernelReady extends EventHead {
  type: "kernel_ready";
  kernel: string;
  start: number;
  seconds: number;
  language_info: JsonMap;
  implementation?: string;
  banner?: string;
  transport?: "ipc" | "tcp";
  encrypted?: boolean;
  answers_beside?: boolean;
}

/**
 * The kernel did not start, and is started once more in another way: `how` says which.
 *
 * `reason` is one sentence for a person, `tail` the last raw output of the process.
 */
export interface KernelStartRetried extends EventHead {
  type: "kernel_start_retried";
  kernel: string;
  reason: string;
  how: string;
  tail?: string;
}

/** The kernel is in another state. A completion or inspection does not make it `busy`; code that runs does. */
export interface KernelStateChanged extends EventHead {
  type: "kernel_state_changed";
  state: KernelState;
}

/**
 * The kernel process ended.
 *
 * `exit_status` or `signal` (such as `SIGSEGV`) says how, `tail` is the last raw output of the process, `reason` one sentence for a person.
 * `expected` is true after `kernel.shut_down`.
 */
export interface KernelDied extends EventHead {
  type: "kernel_died";
  kernel: string;
  reason: string;
  exit_status?: number | null;
  signal?: string | null;
  tail?: string;
  expected?: boolean;
}

/**
 * An execution was accepted: it will run once, or end with the reason why it did not.
 *
 * `silent` to `user_expressions` say how the kernel was asked to run it, as in the content of execute_request (Jupyter messaging 5.4).
 * `version` is that of the cell's source when `code` is just that source; `run` names the run of many cells that it is part of,
 * `queue` what waits behind its failure: the executions of the same name.
 */
export interface ExecutionQueued extends EventHead {
  type: "execution_queued";
  execution: string;
  code: string;
  cell?: string | null;
  silent?: boolean;
  store_history?: boolean;
  stop_on_error?: boolean;
  allow_stdin?: boolean;
  user_expressions?: { [name: string]: string };
  version?: number | null;
  run?: string | null;
  queue?: string | null;
}

/** The kernel began to run it. A silent execution has no count. */
export interface ExecutionStarted extends EventHead {
  type: "execution_started";
  execution: string;
  execution_count?: number | null;
}

/**
 * It ended. Its outputs are all before this event.
 *
 * `duration_s` counts from its start (0 when it never started), `reason` tells why for `aborted`, `cancelled` and `lost`;
 * `payload` and `user_expressions` are those of the execute_reply (Jupyter messaging 5.4), absent when empty.
 */
export interface ExecutionFinished extends EventHead {
  type: "execution_finished";
  execution: string;
  status: ExecutionStatus;
  duration_s: number;
  execution_count?: number | null;
  reason?: string;
  payload?: JsonMap[];
  user_expressions?: JsonMap;
}

/** Text of a stream output that a snapshot leaves out: `characters` of them after the first `at`. output.read gives them. */
export interface Omitted {
  at: number;
  characters: number;
}

/**
 * One nbformat 4.5 output (`output_type` is stream, display_data, execute_result or error).
 *
 * Text of a stream that follows text of the same stream in the same execution belongs to the same output: readers join them.
 */
export interface OutputAdded extends EventHead {
  type: "output_added";
  execution: string | null;
  output: JsonMap;
  cell?: string | null;
  display_id?: string | null;
  /** Only in snapshots: what of the text is not here. */
  omitted?: Omitted | null;
}

/** Every output shown under `display_id` in this session has new content. */
export interface OutputUpdated extends EventHead {
  type: "output_updated";
  display_id: string;
  data: JsonMap;
  metadata: JsonMap;
}

/** The outputs of the execution are cleared: now, or (`wait`) when the next one comes. */
export interface OutputsCleared extends EventHead {
  type: "outputs_cleared";
  execution: string;
  wait?: boolean;
  cell?: string | null;
}

/** Output that is known to be missing. Never silent: `reason` says how it came, `count` how many messages if that is known. */
export interface OutputLost extends EventHead {
  type: "output_lost";
  reason: string;
  count?: number | null;
}

/** Running code waits for a line from a person; with `password` the answer must not be shown. */
export interface InputRequested extends EventHead {
  type: "input_requested";
  request: string;
  prompt: string;
  execution?: string | null;
  password?: boolean;
}

/** The line was given (`value`, never that of a password), or is not waited for any more (`withdrawn`). */
export interface InputReplied extends EventHead {
  type: "input_replied";
  request: string;
  value?: string | null;
  withdrawn?: boolean;
}

/** A comm was opened, by the kernel (`by` is null) or a client. `buffers` are base64. */
export interface CommOpened extends EventHead {
  type: "comm_opened";
  comm: string;
  target: string;
  content: Json;
  metadata: JsonMap;
  execution?: string | null;
  buffers?: string[];
}

/** A message on a comm. `content` is the `data` of comm_msg (Jupyter messaging 5.4), `buffers` are base64. */
export interface CommMessage extends EventHead {
  type: "comm_message";
  comm: string;
  content: Json;
  metadata: JsonMap;
  execution?: string | null;
  buffers?: string[];
}

/** A comm was closed. */
export interface CommClosed extends EventHead {
  type: "comm_closed";
  comm: string;
  content: Json;
  execution?: string | null;
}

/**
 * One nbformat 4.5 output that the Output widget of `comm` has captured: it belongs to the widget and not to the execution.
 *
 * Text joins text as in `output_added`.
 */
export interface WidgetOutputAdded extends EventHead {
  type: "widget_output_added";
  comm: string;
  output: JsonMap;
  execution?: string | null;
  display_id?: string | null;
}

/** The outputs of an Output widget are cleared: now, or (`wait`) when the next one comes. */
export interface WidgetOutputsCleared extends EventHead {
  type: "widget_outputs_cleared";
  comm: string;
  wait?: boolean;
}

/** A kernel message of a type that has no event of its own (debug events and the like), whole. */
export interface MessageReceived extends EventHead {
  type: "message_received";
  channel: string;
  msg_type: string;
  content: JsonMap;
  metadata: JsonMap;
  execution?: string | null;
  buffers?: string[];
}

/** A request that may run code was sent to the kernel as it is (`message.send`). Its reply is told to who sent it alone. */
export interface MessageSent extends EventHead {
  type: "message_sent";
  channel: "control" | "shell";
  msg_type: string;
  content: JsonMap;
}

/**
 * A run with a plan was accepted: the server brings it to its end, whoever is there then. Its executions are queued by the events after this one.
 *
 * At its end the document is written to the file `to` (null: to its own file): over one that is there only with `overwrite`, and with
 * `only_if_ok` only when every cell has ended well. After `timeout_s` seconds it is stopped, and so it is when its kernel is not ready after
 * `start_timeout_s`; with `attached` also when nobody has followed the session for a while. Code that does not react to the interrupt is
 * given `grace_s` seconds until its kernel is killed.
 */
export interface RunStarted extends EventHead {
  type: "run_started";
  run: string;
  executions: number;
  to?: string | null;
  overwrite?: boolean;
  only_if_ok?: boolean;
  timeout_s?: number | null;
  start_timeout_s?: number | null;
  grace_s?: number;
  attached?: boolean;
  /** Executions whose failure is none of the run. */
  may_fail?: string[];
  /** Whether a failure stops nothing. */
  keep_going?: boolean;
  parameters?: Json;
  /** webipy's, for the result. */
  version?: string;
}

/** A run is being brought to an early end: somebody `asked`, its time is over, its kernel did not start in time, or nobody follows it (`left`). */
export interface RunStopped extends EventHead {
  type: "run_stopped";
  run: string;
  cause: "asked" | "left" | "not_started" | "timed_out";
  grace_s?: number | null;
}

/** A run with a plan ended. Its result is in the file `path`, or (null) in this session only; `reason` says why it is not where it was wanted. */
export interface RunFinished extends EventHead {
  type: "run_finished";
  run: string;
  status: "cancelled" | "error" | "lost" | "not_started" | "ok" | "timed_out";
  path?: string | null;
  reason?: string;
}

/**
 * A cell stands after cell `after` (null: first). In a snapshot, or for a cell that comes back, its source may be at a later version than 0.
 *
 * `metadata` and `attachments` are those of nbformat 4.5.
 */
export interface CellInserted extends EventHead {
  type: "cell_inserted";
  cell: string;
  after: string | null;
  cell_type: CellType;
  source: string;
  version?: number;
  metadata?: JsonMap;
  attachments?: Json;
}

/** The cell is gone, and its outputs with it. */
export interface CellDeleted extends EventHead {
  type: "cell_deleted";
  cell: string;
}

/** The cell stands after cell `after` now (null: first). */
export interface CellMoved extends EventHead {
  type: "cell_moved";
  cell: string;
  after: string | null;
}

/**
 * The source of a cell changed: `changes` made version `version` out of the one before.
 *
 * `client` is what the editing client called itself, so that it knows its own change when it comes back.
 */
export interface CellEdited extends EventHead {
  type: "cell_edited";
  cell: string;
  version: number;
  changes: Changes;
  client?: string;
}

/** The cell is of another type. */
export interface CellTypeSet extends EventHead {
  type: "cell_type_set";
  cell: string;
  cell_type: CellType;
}

/** The outputs shown under a cell (null: under every cell) were put away. */
export interface CellOutputsCleared extends EventHead {
  type: "cell_outputs_cleared";
  cell: string | null;
}

/** A queued execution now waits just before execution `before` (null: last of all). */
export interface ExecutionMoved extends EventHead {
  type: "execution_moved";
  execution: string;
  before?: string | null;
}

/** The metadata of a cell, whole (nbformat 4.5). */
export interface CellMetadataSet extends EventHead {
  type: "cell_metadata_set";
  cell: string;
  metadata: JsonMap;
}

/**
 * These outputs stand under the cell now, in place of those of its last execution: a file was read, or an earlier state came back.
 *
 * `version` is that of the source they came from; null: the one now if there is an `execution_count`, else none.
 */
export interface CellOutputsSet extends EventHead {
  type: "cell_outputs_set";
  cell: string;
  outputs: JsonMap[];
  execution_count?: number | null;
  version?: number | null;
}

/** The metadata of the notebook, whole (nbformat 4.5). */
export interface NotebookMetadataSet extends EventHead {
  type: "notebook_metadata_set";
  metadata: JsonMap;
}

/**
 * The session's document is the file `path` (relative to the root) now; the events before it, written with it, brought its cells in.
 *
 * Without an etag there is no such file yet: its text partner is (see `notebook_saved`). `format` is `ipynb`, or a text format as jupytext names it
 * (`py:percent`). `repairs` are sentences about what was wrong in the file.
 * `minor` is the minor version of nbformat 4 that the file has: cells have ids in it since 5.
 */
export interface NotebookOpened extends EventHead {
  type: "notebook_opened";
  path: string;
  etag: string;
  format?: string;
  repairs?: string[];
  minor?: number | null;
}

/**
 * The file holds what the events up to `until` make; `minor` as in `notebook_opened`.
 *
 * `in_place`: it cannot be replaced, so it was written in place, and another program may have seen half of it meanwhile.
 * `pairs`: the texts that are paired with it and in step, by their paths, with their etags.
 */
export interface NotebookSaved extends EventHead {
  type: "notebook_saved";
  path: string;
  etag: string;
  until: number;
  format?: string;
  minor?: number | null;
  in_place?: boolean;
  pairs?: { [name: string]: string };
}

/**
 * Another program changed the file, or (`changed`) the text that is paired with it; the events before this one, written with it, took its changes
 * of `cells` cells in.
 *
 * `minor` and `repairs` as in `notebook_opened`, `pairs` as in `notebook_saved`.
 */
export interface NotebookReloaded extends EventHead {
  type: "notebook_reloaded";
  path: string;
  etag: string;
  cells?: number;
  minor?: number | null;
  repairs?: string[];
  changed?: string | null;
  pairs?: { [name: string]: string } | null;
}

/**
 * The file was changed (or, without `etag`, deleted) by another program in a way that does not go together with what is here.
 *
 * It is not written until someone decides: `notebook.save` with that etag, or `notebook.reload`. `cells` differ on both sides.
 */
export interface NotebookConflicted extends EventHead {
  type: "notebook_conflicted";
  path: string;
  reason: string;
  etag?: string | null;
  cells?: string[];
}

/** The file could not be written; nothing is lost, and it is tried again. */
export interface NotebookSaveFailed extends EventHead {
  type: "notebook_save_failed";
  path: string;
  reason: string;
}

/** The file of the session has another path. */
export interface NotebookMoved extends EventHead {
  type: "notebook_moved";
  path: string;
}

/** The state of the document at this event has a name. */
export interface CheckpointMade extends EventHead {
  type: "checkpoint_made";
  name: string;
}

/** A method without params. */
export type Nothing = Record<string, never>;

/** An OpenRPC 1.3.2 document. */
export interface OpenRpc {
  openrpc: string;
  info: { [name: string]: string };
  methods: { [name: string]: Json }[];
  components: { [name: string]: Json };
}

/**
 * Who answers, since when it runs (`started`), and to whom: `principal` may do `verb`, a guest only in `session`.
 *
 * `owner` runs the server, whose `root` is told to no guest. `degraded` while a journal cannot be written.
 */
export interface ServerInfo {
  name: string;
  version: string;
  protocol: number;
  time: string;
  principal: string | null;
  root: string | null;
  default_kernelspec: string | null;
  degraded: boolean;
  verb: Verb | null;
  /** The id of the session. */
  session: string | null;
  owner: string | null;
  started: string | null;
}

/** A method that was carried out and has nothing to say. */
export type Done = Record<string, never>;

/** Where the page should open: a session, or home. */
export interface OpenPage {
  /** The id of the session. */
  session?: string | null;
}

/** A one-time code that a browser exchanges for a cookie; `url` carries it in its fragment. */
export interface LaunchCode {
  code: string;
  url: string;
  expires: string;
}

/**
 * With `path`, opens the notebook file of that path below the root, in the session that it has already or in a new one, in the file's folder.
 *
 * With `create`, the file is made if there is none. With `kernelspec`, starts that kernel if the session has none. With `env`, the kernels of the
 * session get these environment variables, as kernel.start has it. With `copy` it begins with what that file holds (or its open session) and has no
 * file of its own; so does one that begins with `notebook`, JSON of nbformat 4.
 *
 * A session that is `temporary` is closed when nothing runs in it and the connections that asked for it are gone (10 s after they were lost, at once
 * after session.leave), unless somebody else has come to use it.
 */
export interface CreateSession {
  title?: string | null;
  path?: string | null;
  kernelspec?: string | null;
  cwd?: string | null;
  id?: string | null;
  create?: boolean;
  env?: { [name: string]: string } | null;
  copy?: boolean;
  temporary?: boolean;
  notebook?: Json;
}

/** The kernel of a session. `start` counts its processes: 1, and one more with each restart. The key is told to nobody. */
export interface Kernel {
  id: string;
  kernelspec: string;
  display_name: string;
  language: string;
  state: KernelState;
  start: number;
  execution_count: number;
  queued: number;
  url_without_key: string;
  host: string;
  pid: number | null;
}

/** A session. Events `first_seq` to `seq` can be read; those up to `durable_seq` survive a power cut. */
export interface Session {
  id: string;
  title: string;
  path: string | null;
  cwd: string;
  kernel: Kernel | null;
  first_seq: number;
  seq: number;
  durable_seq: number;
  created: string;
  last_activity: string;
  temporary: boolean;
}

/** All open sessions, the one with the latest activity first. */
export interface SessionList {
  sessions: Session[];
}

/** A method on one session. */
export interface OfSession {
  /** The id of the session. */
  session: string;
}

/** A new title, 1 to 200 characters. */
export interface RenameSession extends OfSession {
  title: string;
}

/** Closes it; with `discard` also when its document cannot be saved. */
export interface CloseSession extends OfSession {
  discard?: boolean;
}

/**
 * Join the journal after seq `since`: 0 for all of it, null for only what comes from now on.
 *
 * With `snapshot`, a reader that is far behind gets a snapshot in place of a long history; so does, whatever it asked, one whose `since` is older
 * than the oldest event that is kept. Who follows a temporary session makes it an ordinary one, but not without `keeps`.
 */
export interface Subscribe extends OfSession {
  since?: number | null;
  snapshot?: boolean;
  keeps?: boolean;
}

/** Events that fold to what events 1 to `seq` fold to: fold them into an empty model, whatever their own seqs, and go on after `seq`. */
export interface SnapshotEvents {
  seq: number;
  events: AnyEvent[];
}

/**
 * `events` notifications follow: from the event after `since` on, or after `snapshot.seq` where there is a snapshot.
 *
 * `seq` is the newest event now, `first_seq` the oldest that is kept.
 */
export interface Subscribed {
  first_seq: number;
  seq: number;
  snapshot: SnapshotEvents | null;
}

/** Up to `limit` events after `since`; waits up to `wait_s` seconds for the first one if there is none yet. */
export interface ReadEvents extends OfSession {
  since?: number;
  limit?: number;
  wait_s?: number;
}

/** Events `first`, `first` + 1, ... of a session; also the params of the notification `events`. */
export interface Events {
  /** The id of the session. */
  session: string;
  first: number;
  events: AnyEvent[];
}

/** A launch recipe for kernels of one kind. `note` says what is to be known of how it was started last. */
export interface Kernelspec {
  name: string;
  display_name: string;
  language: string;
  note: string;
}

/** The installed kernelspecs; `broken` tells of those that cannot be read, with the reason. */
export interface KernelspecList {
  default: string | null;
  kernelspecs: Kernelspec[];
  broken: { [name: string]: string };
}

/** Of the kernel of one session, or (null) of all kernels, which reaches beyond a session. */
export interface ReadUsage {
  /** The id of the session. */
  session?: string | null;
}

/**
 * What a kernel and the processes that it has started use now, all in its session of the system.
 *
 * `memory_bytes` are in memory, shared ones counted once. `cpu` is a share of processor time since the look before: 1.0 is one processor that is
 * full; null where there was no look to compare with.
 */
export interface KernelUsage {
  /** The id of the session. */
  session: string;
  kernel: string;
  memory_bytes: number;
  cpu: number | null;
  processes: number;
}

/** Kernels with a living process; none of those that something else started, whose process is not known. */
export interface UsageList {
  kernels: KernelUsage[];
}

/**
 * From these positions on (null: the last of each), at most `limit` bytes of each log. Positions are those of `log`, where it is given: in the
 * logs of another host everything is new.
 */
export interface ReadLogs extends OfSession {
  log?: string | null;
  kernel_since?: number | null;
  host_since?: number | null;
  limit?: number;
}

/** A part of a log, and the position to go on from. */
export interface LogText {
  text: string;
  next: number;
}

/**
 * What a kernel's process has written to its standard streams past Jupyter (`kernel`), and what its host says (`host`); there is `more` if a
 * part was as long as may be. Where the host is gone, `kernel` is the last that is known of it, and `host` is empty.
 */
export interface KernelLogs {
  log: string;
  kernel: LogText;
  host: LogText;
  more: boolean;
}

/**
 * Starts a kernel of this kernelspec (null: the default one). A session has at most one: a living one of the same kernelspec is kept.
 *
 * `env` are environment variables that this kernel gets beside the server's and those of its kernelspec, and so does every later one of the
 * session, restarts included; null leaves them as they are, `{}` takes them away. They are told to nobody, but code that runs can read them. A
 * living kernel keeps what it has: other ones are refused until it is shut down.
 */
export interface StartKernel extends OfSession {
  kernelspec?: string | null;
  env?: { [name: string]: string } | null;
}

/**
 * Joins a kernel that something else started, in place of the one that the session has. `connection` is the absolute path of its Jupyter
 * connection file on the server's machine; the address of a kernel in another form is not understood. The kernel is never restarted, killed, or
 * ended with its session or the server; kernel.shut_down asks it to end.
 */
export interface AttachKernel extends OfSession {
  connection: string;
}

/** Interrupts what runs; with `execution` only that one, and nothing if it does not run. */
export interface InterruptKernel extends OfSession {
  execution?: string | null;
}

/** Whether anything ran that could be interrupted. */
export interface Interrupted {
  interrupted: boolean;
}

/**
 * A link that gives whoever has it the right `verb` in this session for so many days.
 *
 * `execute` lets them run code as the person who runs the server, who can do what that person can. `label` is for the owner: whom it is meant for.
 */
export interface LinkSession extends OfSession {
  verb: Right;
  label?: string;
  days?: number;
}

/** A new link. `url` has its secret in its fragment, `/s/SESSION#share=SECRET`, and is told only here. */
export interface ShareLink {
  share: string;
  url: string;
  expires: string;
}

/** Somebody who came by a link, with the name that they gave. `login` is the `person` of `presence`. */
export interface Guest {
  login: string;
  name: string;
  since: string;
}

/** A link into a session, and who came by it. */
export interface Share {
  id: string;
  verb: Right;
  label: string;
  created: string;
  expires: string;
  guests: Guest[];
}

/** The links of a session that count now, the oldest first. */
export interface ShareList {
  shares: Share[];
}

/** A method on one link of a session. */
export interface OfShare extends OfSession {
  share: string;
}

/** What the link gives from now on, also to who came by it. */
export interface SetShare extends OfShare {
  verb: Right;
}

/** A selection in the source of a cell, or a caret where both ends are one place: UTF-16 units, in the source of that `version`. */
export interface Selection {
  anchor: number;
  head: number;
  version: number;
}

/** Where this connection is: in a cell or in none, with a selection where its source is being edited. Also says that somebody is there. */
export interface SetPresence extends OfSession {
  cell?: string | null;
  selection?: Selection | null;
}

/** Who is told that they may not edit now: the `person` of `presence`. */
export interface AnswerAsk extends OfSession {
  person: string;
}

/**
 * A browser that is signed in as whoever runs the server.
 *
 * Args:
 *     where: The browser and its system, as it says itself.
 *     address: The address that it signed in from.
 *     since: RFC 3339 UTC, as `used`, the time of its last request, to some minutes.
 *     connections: How many pages it has open now.
 *     here: Whether the call came by it.
 */
export interface Login {
  id: string;
  where: string;
  address: string;
  since: string;
  used: string;
  connections: number;
  here: boolean;
}

/** The browsers that are signed in, the one that was used last first. Guests are in share.list; who has the token is in no list. */
export interface LoginList {
  logins: Login[];
}

/** Which logins end: the one of an `id`, all `others` than the one of this call, or `all`. Exactly one of these. */
export interface RevokeLogin {
  id?: string | null;
  others?: boolean;
  all?: boolean;
}

/** The ids of the logins that were ended. */
export interface Revoked {
  ended: string[];
}

/** An address of this server that begins with /files/, /outputs/ or /exports/, with or without a query. */
export interface MakeTicket {
  address: string;
}

/** The address with a ticket: for this login's browser alone, to read this one path, until `expires` (RFC 3339 UTC). */
export interface Ticket {
  address: string;
  expires: string;
}

/**
 * Runs `code`. The same `id` again is the same execution: the answer is repeated and nothing runs twice.
 *
 * A failure drops what waits behind it in the same queue: what the same person has started under the same `queue`, or, without one, over the same
 * WebSocket or by POST. Runs, and what others have queued, go on.
 *
 * `user_expressions` maps names to expressions that the kernel evaluates afterwards (Jupyter messaging 5.4, execute_request).
 */
export interface StartExecution extends OfSession {
  code: string;
  cell?: string | null;
  id?: string | null;
  silent?: boolean;
  store_history?: boolean;
  stop_on_error?: boolean;
  allow_stdin?: boolean;
  user_expressions?: { [name: string]: string };
  queue?: string | null;
}

/** The execution is in the journal as event `seq`. */
export interface ExecutionAccepted {
  execution: string;
  seq: number;
}

/** A method on one execution. */
export interface OfExecution extends OfSession {
  execution: string;
}

/** Waits until it has finished, at most `timeout_s` seconds (then failure `timeout`; it goes on running). */
export interface WaitExecution extends OfExecution {
  timeout_s?: number;
}

/**
 * One run of some code. `status` is `queued` or `running` until it is an end; `outputs` are of nbformat 4.5, as page and file show them.
 *
 * `by` has started it; `run` is the run of many cells that it is part of, `version` that of the cell's source if `code` was just that.
 */
export interface Execution {
  /** The id of the session. */
  session: string;
  id: string;
  status: "queued" | "running" | ExecutionStatus;
  code: string;
  outputs: JsonMap[];
  cell: string | null;
  execution_count: number | null;
  duration_s: number | null;
  reason: string;
  user_expressions?: JsonMap;
  queued: string | null;
  started: string | null;
  finished: string | null;
  by: string | null;
  run: string | null;
  version: number | null;
}

/**
 * The text of stream output number `output` (from 0) of an execution, as it was written: `limit` characters from `offset` on.
 *
 * With `mime` a large value of another output, as its metadata refer to it (`webipy.blobs`): `limit` bytes of its text as UTF-8, from byte `offset`
 * on; what is given begins and ends between two characters.
 */
export interface ReadOutput extends OfExecution {
  output: number;
  offset?: number;
  limit?: number;
  mime?: string | null;
}

/** Part of the text of an output; `size` is all of it, in characters (with `mime`: in bytes, as `offset`). */
export interface OutputText {
  text: string;
  offset: number;
  size: number;
}

/** The line that `input()` or `getpass()` waits for, without its line end. */
export interface ReplyInput extends OfSession {
  request: string;
  value: string;
}

/** The change is in the journal as event `seq`. */
export interface Accepted {
  seq: number;
}

/** Opens a comm to `target` in the kernel. `buffers` are base64. */
export interface OpenComm extends OfSession {
  target: string;
  comm?: string | null;
  content?: Json;
  metadata?: JsonMap;
  buffers?: string[];
}

/** The comm's id and the event that tells of it. */
export interface CommAccepted {
  comm: string;
  seq: number;
}

/** Sends `content` (the `data` of comm_msg) to the kernel's side of the comm. */
export interface SendComm extends OfSession {
  comm: string;
  content?: Json;
  metadata?: JsonMap;
  buffers?: string[];
}

/** Closes the comm. */
export interface CloseComm extends OfSession {
  comm: string;
  content?: Json;
}

/**
 * Sends a Jupyter request on shell or control and waits for its reply.
 *
 * These can be sent: `kernel_info_request`, `comm_info_request`; and by who owns the session also `connect_request`, `usage_request`,
 * `list_subshell_request`, `create_subshell_request`, `delete_subshell_request`, and `debug_request`, which stands in the journal (`message_sent`).
 * What has a method of its own, such as `execute_request`, is refused here.
 */
export interface SendMessage extends OfSession {
  channel: "control" | "shell";
  msg_type: string;
  content?: Json;
  metadata?: JsonMap;
  buffers?: string[];
  timeout_s?: number;
}

/** The reply of the kernel, whole. */
export interface Reply {
  msg_type: string;
  content: JsonMap;
  metadata: JsonMap;
  buffers: string[];
}

/** Completions of `code` at `cursor` (unicode characters). */
export interface GetCompletion extends OfSession {
  code: string;
  cursor: number;
  timeout_s?: number;
}

/**
 * The text from `cursor_start` to `cursor_end` may be replaced by any of `matches` (Jupyter messaging 5.4, complete_reply).
 *
 * `metadata` may hold `_jupyter_types_experimental`: kinds and signatures.
 */
export interface Completion {
  matches: string[];
  cursor_start: number;
  cursor_end: number;
  metadata: JsonMap;
}

/** What the kernel knows of the name at `cursor`; `detail` 0 (signature, documentation) or 1 (source too). */
export interface GetInspection extends OfSession {
  code: string;
  cursor: number;
  detail?: 0 | 1;
  timeout_s?: number;
}

/** A MIME bundle, empty when nothing was `found`. */
export interface Inspection {
  found: boolean;
  data: JsonMap;
  metadata: JsonMap;
}

/** Whether `code` may be run as it is. */
export interface IsComplete extends OfSession {
  code: string;
  timeout_s?: number;
}

/** `indent` is what the next line of incomplete code should start with. */
export interface Completeness {
  status: "complete" | "incomplete" | "invalid" | "unknown";
  indent: string;
}

/** The kernel's own input history: the last `n` entries, those that match `pattern` (glob) if given. */
export interface GetHistory extends OfSession {
  n?: number;
  pattern?: string | null;
  unique?: boolean;
  raw?: boolean;
  output?: boolean;
  timeout_s?: number;
}

/** Entries as history_reply has them: `[kernel session, line number, input]`, the input a pair with the output if asked for. */
export interface History {
  history: Json[];
}

/**
 * The variables of the kernel of a session.
 *
 * The kernel makes the texts of the values: that may run code of classes that were defined there, whose output goes nowhere.
 */
export interface ListVariables extends OfSession {
  timeout_s?: number;
}

/** A name and what it holds: its `type`, its `size` (a length, or a shape; null where it has none) and a short `text`. */
export interface Variable {
  name: string;
  type: string;
  group: "function" | "module" | "value";
  size: number[] | null;
  text: string;
}

/** The first few hundred of `all` variables, values before functions and modules; `unsupported` for kernels of a language that cannot be asked. */
export interface VariableList {
  status: "listed" | "unsupported";
  variables: Variable[];
  all: number;
}

/**
 * Where the name at `cursor` (unicode characters) in `code` is defined. A dotted name counts up to the end of the word that the cursor is in.
 *
 * A kernel that runs code and answers nothing meanwhile is not asked (failure `kernel_busy`).
 */
export interface GetDefinition extends OfSession {
  code: string;
  cursor: number;
  timeout_s?: number;
}

/**
 * Where `name` is defined.
 *
 * `status` is `found`; or `built_in` (compiled into the language or a library: there is no source to read), `no_source` (what defined it cannot be
 * read), `value` (a variable that holds a value of `type`: a kernel does not note who assigned it), `unknown` (the kernel has no such name),
 * `no_name` (there is none at the cursor) or `unsupported` (kernels of this language cannot be asked).
 *
 * When found, `place` is a `file`, which `file` names as the kernel sees it and `path` as the methods `file.*` do, where they reach it; a `cell`,
 * the one that ran as `execution_count`; or the `code` that was asked about. `source` are some of its `lines` lines, from `first_line` on, and
 * `line` (from 1) is the one to look at; of `code` there is only the line.
 */
export interface Definition {
  status: "built_in" | "found" | "no_name" | "no_source" | "unknown" | "unsupported" | "value";
  name: string;
  kind: "" | "class" | "function" | "module" | "variable";
  type: string;
  place: "cell" | "code" | "file" | null;
  file: string | null;
  path: string | null;
  execution_count: number | null;
  line: number;
  source: string;
  first_line: number;
  lines: number;
}

/** A cell as it is now. */
export interface Cell {
  id: string;
  cell_type: CellType;
  source: string;
  version: number;
  /** Whether the source was changed since its last run. */
  is_stale: boolean;
  execution: string | null;
  metadata?: JsonMap;
  attachments?: Json;
}

/** The cells in their order, as of event `seq`. */
export interface CellList {
  seq: number;
  cells: Cell[];
}

/** A new cell after cell `after` (null: first). The same `id` again changes nothing and is answered alike. */
export interface InsertCell extends OfSession {
  after?: string | null;
  cell_type?: CellType;
  source?: string;
  id?: string | null;
  metadata?: JsonMap;
  attachments?: Json;
}

/** The cell's id, the event that tells of it, and the version of its source. */
export interface CellAccepted {
  cell: string;
  seq: number;
  version: number;
}

/** A method on one cell. */
export interface OfCell extends OfSession {
  cell: string;
}

/** Splits the cell at `at` (UTF-16 units): what follows goes into a new cell after it, of the same type, with the id `id`. */
export interface SplitCell extends OfCell {
  version: number;
  at: number;
  id?: string | null;
}

/** Joins the sources of `cells`, in the order of the notebook and with an empty line between, into the first of them; the others are deleted. */
export interface MergeCells extends OfSession {
  cells: string[];
}

/** Replaces the metadata of the cell, a JSON map. */
export interface SetCellMetadata extends OfCell {
  metadata: JsonMap;
}

/** Puts the cell after cell `after` (null: first). */
export interface MoveCell extends OfCell {
  after?: string | null;
}

/**
 * Changes the source from `version` on: each of `changes` makes one version more.
 *
 * A client that is behind gets `stale_version` with the current one, rebases on the `cell_edited` events between and asks again. `client` comes
 * back in the events, so that an editor knows its own changes.
 */
export interface EditCell extends OfCell {
  version: number;
  changes: Changes[];
  client?: string;
}

/** Replaces the source whole; `version` as in `cell.edit`, null to replace whatever is there. */
export interface SetSource extends OfCell {
  source: string;
  version?: number | null;
}

/** Makes the cell code, markdown or raw. */
export interface SetCellType extends OfCell {
  cell_type: CellType;
}

/** Puts away what is shown under a cell (null: under every cell). */
export interface ClearOutputs extends OfSession {
  cell?: string | null;
}

/** Why the file is not written: another program changed it (`etag`; null: deleted it), `cells` differ on both sides. */
export interface Conflict {
  reason: string;
  etag: string | null;
  cells: string[];
}

/**
 * The document of a session: its file, and whether that holds everything. Without a file, `path` is null.
 *
 * `minor` is the minor version of nbformat 4 that the file has; null: it is text, or there is none. `repairs` are
 * sentences about what was wrong in it. `in_place`: it cannot be replaced, so it is written in place, and another program may see half of it.
 */
export interface NotebookState {
  /** The id of the session. */
  session: string;
  path: string | null;
  format: string;
  etag: string | null;
  is_saved: boolean;
  saved_seq: number;
  seq: number;
  cells: number;
  metadata: JsonMap;
  conflict: Conflict | null;
  save_failed: string | null;
  minor: number | null;
  repairs: string[];
  in_place: boolean;
}

/**
 * Writes the file now; with `path`, under that name, which is the session's from then on (its suffix chooses the format).
 *
 * After a conflict, `overwrite` is the etag of the file that may be replaced (what it held is kept beside it as a copy), or `"missing"` to write a
 * deleted file again. With `upgrade`, an `.ipynb` of nbformat 4.0 to 4.4 becomes one of 4.5, with the ids of its cells; else it stays what it is.
 */
export interface SaveNotebook extends OfSession {
  path?: string | null;
  overwrite?: string | null;
  upgrade?: boolean;
}

/** Replaces the metadata of the notebook, a JSON map. */
export interface SetNotebookMetadata extends OfSession {
  metadata: JsonMap;
}

/** The moments of the document, the newest first: at most `limit`, all before seq `before` if given. */
export interface ReadHistory extends OfSession {
  limit?: number;
  before?: number | null;
}

/** A state of the document worth going back to. `kind`: `edited` stands for a row of edits by one person; `cells` counts the cells it touched. */
export interface Moment {
  seq: number;
  time: string;
  kind: "checkpoint" | "conflict" | "edited" | "opened" | "ran" | "reloaded" | "saved";
  by: string | null;
  name: string;
  cells: number;
}

/** Moments, the newest first. `first_seq` is the oldest state that can be shown. */
export interface Moments {
  moments: Moment[];
  first_seq: number;
}

/** A state of the document: after event `seq`, at `time` (RFC 3339), or the checkpoint `checkpoint`; none of them: now. */
export interface AtMoment extends OfSession {
  seq?: number | null;
  time?: string | null;
  checkpoint?: string | null;
}

/** The document after event `seq`, as nbformat 4.5 JSON. */
export interface NotebookAt {
  seq: number;
  time: string;
  notebook: Json;
}

/** Gives the state of the document now a name, 1 to 100 characters. */
export interface MakeCheckpoint extends OfSession {
  checkpoint: string;
}

/** Compares the state after event `since` with that after event `until` (null: now). */
export interface DiffNotebook extends OfSession {
  since: number;
  until?: number | null;
}

/** How one cell differs; `before` and `after` are its sources where it was and is. */
export interface CellChange {
  cell: string;
  change: "added" | "changed" | "moved" | "removed";
  cell_type: CellType;
  before: string | null;
  after: string | null;
  outputs_changed: boolean;
  metadata_changed: boolean;
}

/** The cells that differ, in the order of the newer state (those removed where they stood). */
export interface NotebookDiff {
  since: number;
  until: number;
  cells: CellChange[];
  metadata_changed: boolean;
}

/**
 * What the server does at the end of a run, and when it ends it early, whether its caller is still there or not.
 *
 * The result is written to `to` (null: to the notebook's own file), whole and at once: over a file that is there only with `overwrite`, and
 * with `only_if_ok` only when every cell has ended well; a run that was stopped never replaces a file: what it has is written beside. The run is
 * stopped after `timeout_s`, when its kernel is not ready after `start_timeout_s`, and with `attached` when nobody has followed its session
 * for 10 s. Code that does not react to the interrupt within `grace_s` loses its kernel, if the session is the run's own. With `keep` a temporary
 * session stays open.
 */
export interface RunPlan {
  to?: string | null;
  overwrite?: boolean;
  only_if_ok?: boolean;
  timeout_s?: number | null;
  start_timeout_s?: number | null;
  grace_s?: number;
  attached?: boolean;
  keep?: boolean;
}

/**
 * Runs code cells in their order: those of `cells`, or `which` of them (`above` and `below` count from `cell`: before it, and from it on).
 *
 * Of `which` those with the tag `skip-execution` are left out. With `stop_on_error` the rest of this run is not run after a failure, unless that of
 * a cell with the tag `raises-exception`. `parameters` are names and values that a new cell sets, after the cell with the tag `parameters`
 * (or first), in place of what an earlier run put there; `{"$numberDouble": "NaN"}` is a number that JSON lacks, as are `"Infinity"` and
 * `"-Infinity"`. The same `id` again is the same run.
 * With a `plan` the server brings the run to its end and tells it by `run_finished`.
 */
export interface RunNotebook extends OfSession {
  cells?: string[] | null;
  which?: "above" | "all" | "below" | "stale";
  cell?: string | null;
  stop_on_error?: boolean;
  parameters?: { [name: string]: Json };
  id?: string | null;
  plan?: RunPlan | null;
}

/** A cell and the execution that runs it. A failure of one that `may_fail` (it has the tag `raises-exception`) is none of the run. */
export interface CellRun {
  cell: string;
  execution: string;
  may_fail: boolean;
}

/** The executions of a run, in their order; `run` is in each one's `execution_queued`. */
export interface NotebookRun {
  run: string;
  executions: CellRun[];
  seq: number;
}

/** An execution that has not ended: the one that runs comes first, then those that wait, in their order. */
export interface QueuedExecution {
  execution: string;
  status: "queued" | "running";
  code: string;
  cell: string | null;
  run: string | null;
  by: string | null;
  queued: string;
}

/** The queue of a session, as of event `seq`. */
export interface ExecutionQueue {
  seq: number;
  executions: QueuedExecution[];
}

/** Lets a queued execution wait just before execution `before` (null: last of all). */
export interface MoveExecution extends OfSession {
  execution: string;
  before?: string | null;
}

/** Takes back what of a run still waits (null: everything that waits). */
export interface CancelRun extends OfSession {
  run?: string | null;
}

/** The executions that were taken back. */
export interface RunCancelled {
  executions: string[];
}

/** Whether a run of the notebook `path` (null: of one that has no file) could write its result to `to`. */
export interface CheckRun {
  path: string | null;
  to: string;
  overwrite?: boolean;
}

/** Ends a run early: what waits is taken back, what runs is interrupted, and (with `grace_s`) then killed if the session is the run's own. */
export interface StopRun extends OfSession {
  run: string;
  grace_s?: number | null;
}

/** A method on one run that has a plan. */
export interface OfRun {
  run: string;
}

/** A run that has a plan: `status` is null until it has ended; `path` is the file with its result, `reason` says why there is none. */
export interface RunState {
  run: string;
  /** The id of the session. */
  session: string;
  source: string | null;
  status: "cancelled" | "error" | "lost" | "not_started" | "ok" | "timed_out" | null;
  path: string | null;
  reason: string;
  started: string;
  finished: string | null;
}

/**
 * Makes another format of the document as it is now.
 *
 * Pages and texts are without code with `input` false, and without the numbers of cells with `prompts` false. `template` is one that is installed
 * beside nbconvert, for html, slides and pdf.
 */
export interface ExportNotebook extends OfSession {
  format: "asciidoc" | "html" | "ipynb" | "latex" | "markdown" | "pdf" | "py:percent" | "rst" | "script" | "slides";
  input?: boolean;
  prompts?: boolean;
  template?: string | null;
}

/** Where the export can be fetched with the same login, for an hour: `GET url`. */
export interface Exported {
  url: string;
  name: string;
  media_type: string;
  size: number;
}

/** A method on one file or folder. */
export interface OfFile {
  path: string;
}

/** The content of a folder: folders first, then by name; `limit` entries from number `offset` on. */
export interface ListFiles extends OfFile {
  offset?: number;
  limit?: number;
}

/** A file or folder. `size` is in bytes; `session` is the open one of this file, `kernel_state` that of its kernel. */
export interface File {
  name: string;
  path: string;
  kind: "file" | "folder" | "notebook" | "other";
  size: number;
  modified: string;
  etag: string;
  is_writable: boolean;
  /** The id of the session. */
  session: string | null;
  kernel_state: KernelState | null;
}

/** Part of a folder; `total` counts all its entries that are not hidden. */
export interface FileList {
  path: string;
  entries: File[];
  total: number;
}

/** `limit` bytes from `offset` on; larger parts go through `GET /files/PATH`. */
export interface ReadFile extends OfFile {
  offset?: number;
  limit?: number;
}

/** Part of a file: `content` is its text where the part is UTF-8, else base64. `size` is all of it. */
export interface FileContent {
  content: string;
  encoding: "base64" | "utf-8";
  offset: number;
  size: number;
  etag: string;
}

/** Tells this connection, by the notification `folder_changed`, when something in the folder has changed. */
export type WatchFolder = OfFile;

/** Replaces a file whole, atomically. `if_match` is the etag it must have, `"missing"`: it must not exist; null: whatever is there. */
export interface WriteFile extends OfFile {
  content: string;
  encoding?: "base64" | "utf-8";
  if_match?: string | null;
}

/** Makes an empty file, a folder, or a notebook (for that kernelspec). When the name is taken: with `unique` another one is found. */
export interface CreateFile extends OfFile {
  kind?: "file" | "folder" | "notebook";
  kernelspec?: string | null;
  unique?: boolean;
}

/** Another path for a file or folder, or a copy of it; never over something that exists. */
export interface MoveFile extends OfFile {
  to: string;
}

/** A copy of a file or folder at `to`; null: beside it, under a free name. Of a link what it leads to is copied; with `entry` the link itself. */
export interface CopyFile extends OfFile {
  to?: string | null;
  entry?: boolean;
}

/** Deletes a file, or a folder; one that holds something only with `recursive`. With `permanent` it is not kept in the trash. */
export interface DeleteFile extends OfFile {
  recursive?: boolean;
  permanent?: boolean;
}

/** Something in the trash: `path` is where it was, `id` its name there, `location` where it is now on the server's machine. */
export interface Trashed {
  id: string;
  path: string;
  kind: "file" | "folder" | "notebook" | "other";
  size: number;
  deleted: string;
  location: string;
}

/** What was deleted, as it is in the trash; null: it is gone for good. */
export interface Deleted {
  trashed: Trashed | null;
}

/** The latest `limit` of them. */
export interface ListTrash {
  limit?: number;
}

/** What was deleted below the root and is still in the trash, the latest first. */
export interface TrashList {
  entries: Trashed[];
}

/** A method on something that is in the trash: its `id` there, and the `path` where it was. */
export interface OfTrashed extends OfFile {
  id: string;
}

/** Back to where it was, or to `to`; never over something that exists. */
export interface RestoreFile extends OfTrashed {
  to?: string | null;
}

/**
 * The journal of a session: all that happened in it, and the history of its document.
 *
 * `path` is that of its document; null when it has none, or it is not there any more (`document` says where it was). `title` is empty for
 * a journal that cannot be read. `size_bytes` is what it takes on the disk; `last_activity` of a closed session is when it was closed.
 */
export interface Journal {
  /** The id of the session. */
  session: string;
  title: string;
  path: string | null;
  size_bytes: number;
  last_activity: string;
  is_open: boolean;
  created: string;
  document: string | null;
}

/** All journals, the one with the latest activity first, what those of closed sessions take together, and may take (`limit_bytes`). */
export interface JournalList {
  journals: Journal[];
  closed_bytes: number;
  limit_bytes: number | null;
  limit_days: number | null;
}

/** A method on the journal of a closed session. */
export interface OfJournal {
  /** The id of the session. */
  session: string;
}

/** Events after seq `since`, at most `limit`. */
export interface ReadJournal extends OfJournal {
  since?: number;
  limit?: number;
}

/**
 * Events of a closed session: `events` begin with seq `first` and end with `last_seq` at the latest.
 *
 * Where the oldest ones were cut, `standing` are those that stand for all before `first_seq`.
 */
export interface JournalEvents {
  /** The id of the session. */
  session: string;
  first: number;
  first_seq: number;
  last_seq: number;
  standing: Json[];
  events: AnyEvent[];
}

/** The params of the notification `folder_changed`: list the folder again. */
export interface FolderChanged {
  path: string;
}

/**
 * Somebody who follows the session on one connection, and where they are.
 *
 * `id` is that of the connection; connections of one `person` have that in common (`owner` for whoever runs the server). `name` is what `by`
 * of events says. `is_idle` after two minutes without a move. `asks`: they would like to edit, and nobody has answered (`waiting`), or the owner
 * has said not now (`declined`); it ends when they may, and when they leave.
 */
export interface Person {
  id: string;
  person: string;
  name: string;
  verb: Verb;
  is_guest: boolean;
  cell: string | null;
  selection: Selection | null;
  is_idle: boolean;
  asks: "declined" | "waiting" | null;
}

/**
 * The params of the notification `presence`: everybody who follows the session now, who moved last first, and `more` that are not listed.
 *
 * `you` is the id of the connection that this is sent to. It comes when somebody comes, moves or leaves, at most every 60 ms, never to somebody
 * who is alone, and is in no journal. A right that changes is told by it, too.
 */
export interface Presence {
  /** The id of the session. */
  session: string;
  you: string;
  more: number;
  people: Person[];
}

/** An event of a session. */
export type AnyEvent =
  | SessionCreated
  | SessionRenamed
  | SessionKept
  | SessionClosed
  | SessionReopened
  | KernelStarted
  | KernelReady
  | KernelStartRetried
  | KernelStateChanged
  | KernelDied
  | ExecutionQueued
  | ExecutionStarted
  | ExecutionFinished
  | OutputAdded
  | OutputUpdated
  | OutputsCleared
  | OutputLost
  | InputRequested
  | InputReplied
  | CommOpened
  | CommMessage
  | CommClosed
  | WidgetOutputAdded
  | WidgetOutputsCleared
  | MessageReceived
  | MessageSent
  | RunStarted
  | RunStopped
  | RunFinished
  | CellInserted
  | CellDeleted
  | CellMoved
  | CellEdited
  | CellTypeSet
  | CellOutputsCleared
  | ExecutionMoved
  | CellMetadataSet
  | CellOutputsSet
  | NotebookMetadataSet
  | NotebookOpened
  | NotebookSaved
  | NotebookReloaded
  | NotebookConflicted
  | NotebookSaveFailed
  | NotebookMoved
  | CheckpointMade;

/** What `data.name` of an error may be. */
export type FailureName =
  | "invalid_request"
  | "method_not_found"
  | "invalid_params"
  | "internal_error"
  | "parse_error"
  | "not_authenticated"
  | "not_permitted"
  | "not_found"
  | "already_exists"
  | "stale_version"
  | "kernel_dead"
  | "kernel_not_ready"
  | "unknown_kernelspec"
  | "too_large"
  | "timeout"
  | "throttled"
  | "not_waiting"
  | "degraded"
  | "kernel_failed"
  | "damaged"
  | "conflict"
  | "invalid_notebook"
  | "file_fault"
  | "conversion_failed"
  | "quota"
  | "kernel_busy";

/** Every method: its params and its result. */
export interface Methods {
  "cell.clear_outputs": { params: ClearOutputs; result: Accepted };
  "cell.delete": { params: OfCell; result: CellAccepted };
  "cell.edit": { params: EditCell; result: CellAccepted };
  "cell.insert": { params: InsertCell; result: CellAccepted };
  "cell.list": { params: OfSession; result: CellList };
  "cell.merge": { params: MergeCells; result: CellAccepted };
  "cell.move": { params: MoveCell; result: CellAccepted };
  "cell.restore": { params: OfCell; result: CellAccepted };
  "cell.set_metadata": { params: SetCellMetadata; result: CellAccepted };
  "cell.set_source": { params: SetSource; result: CellAccepted };
  "cell.set_type": { params: SetCellType; result: CellAccepted };
  "cell.split": { params: SplitCell; result: CellAccepted };
  "code.is_complete": { params: IsComplete; result: Completeness };
  "comm.close": { params: CloseComm; result: CommAccepted };
  "comm.open": { params: OpenComm; result: CommAccepted };
  "comm.send": { params: SendComm; result: CommAccepted };
  "completion.get": { params: GetCompletion; result: Completion };
  "definition.get": { params: GetDefinition; result: Definition };
  "execution.cancel": { params: OfExecution; result: Done };
  "execution.get": { params: OfExecution; result: Execution };
  "execution.move": { params: MoveExecution; result: Accepted };
  "execution.queue": { params: OfSession; result: ExecutionQueue };
  "execution.start": { params: StartExecution; result: ExecutionAccepted };
  "execution.wait": { params: WaitExecution; result: Execution };
  "file.copy": { params: CopyFile; result: File };
  "file.create": { params: CreateFile; result: File };
  "file.delete": { params: DeleteFile; result: Deleted };
  "file.list": { params: ListFiles; result: FileList };
  "file.read": { params: ReadFile; result: FileContent };
  "file.rename": { params: MoveFile; result: File };
  "file.stat": { params: OfFile; result: File };
  "file.unwatch": { params: WatchFolder; result: Done };
  "file.watch": { params: WatchFolder; result: Done };
  "file.write": { params: WriteFile; result: File };
  "history.get": { params: GetHistory; result: History };
  "input.reply": { params: ReplyInput; result: Accepted };
  "inspection.get": { params: GetInspection; result: Inspection };
  "journal.delete": { params: OfJournal; result: Done };
  "journal.list": { params: Nothing; result: JournalList };
  "journal.read": { params: ReadJournal; result: JournalEvents };
  "kernel.attach": { params: AttachKernel; result: Session };
  "kernel.interrupt": { params: InterruptKernel; result: Interrupted };
  "kernel.kill": { params: OfSession; result: Done };
  "kernel.logs": { params: ReadLogs; result: KernelLogs };
  "kernel.restart": { params: OfSession; result: Session };
  "kernel.shut_down": { params: OfSession; result: Done };
  "kernel.start": { params: StartKernel; result: Session };
  "kernel.usage": { params: ReadUsage; result: UsageList };
  "kernelspec.list": { params: Nothing; result: KernelspecList };
  "login.list": { params: Nothing; result: LoginList };
  "login.revoke": { params: RevokeLogin; result: Revoked };
  "message.send": { params: SendMessage; result: Reply };
  "notebook.at": { params: AtMoment; result: NotebookAt };
  "notebook.checkpoint": { params: MakeCheckpoint; result: Accepted };
  "notebook.diff": { params: DiffNotebook; result: NotebookDiff };
  "notebook.export": { params: ExportNotebook; result: Exported };
  "notebook.get": { params: OfSession; result: NotebookState };
  "notebook.history": { params: ReadHistory; result: Moments };
  "notebook.reload": { params: OfSession; result: NotebookState };
  "notebook.restore": { params: AtMoment; result: Accepted };
  "notebook.run": { params: RunNotebook; result: NotebookRun };
  "notebook.save": { params: SaveNotebook; result: NotebookState };
  "notebook.set_metadata": { params: SetNotebookMetadata; result: Accepted };
  "output.read": { params: ReadOutput; result: OutputText };
  "presence.ask": { params: OfSession; result: Done };
  "presence.decline": { params: AnswerAsk; result: Done };
  "presence.set": { params: SetPresence; result: Done };
  "rpc.discover": { params: Nothing; result: OpenRpc };
  "run.cancel": { params: CancelRun; result: RunCancelled };
  "run.check": { params: CheckRun; result: Done };
  "run.get": { params: OfRun; result: RunState };
  "run.stop": { params: StopRun; result: Accepted };
  "server.info": { params: Nothing; result: ServerInfo };
  "server.launch_code": { params: OpenPage; result: LaunchCode };
  "server.sync": { params: Nothing; result: Done };
  "session.close": { params: CloseSession; result: Done };
  "session.create": { params: CreateSession; result: Session };
  "session.events": { params: ReadEvents; result: Events };
  "session.get": { params: OfSession; result: Session };
  "session.keep": { params: OfSession; result: Session };
  "session.leave": { params: OfSession; result: Done };
  "session.list": { params: Nothing; result: SessionList };
  "session.rename": { params: RenameSession; result: Session };
  "session.reopen": { params: OfJournal; result: Session };
  "session.subscribe": { params: Subscribe; result: Subscribed };
  "session.unsubscribe": { params: OfSession; result: Done };
  "share.link": { params: LinkSession; result: ShareLink };
  "share.list": { params: OfSession; result: ShareList };
  "share.revoke": { params: OfShare; result: Done };
  "share.set": { params: SetShare; result: Done };
  "ticket.make": { params: MakeTicket; result: Ticket };
  "trash.delete": { params: OfTrashed; result: Done };
  "trash.list": { params: ListTrash; result: TrashList };
  "trash.restore": { params: RestoreFile; result: File };
  "variable.list": { params: ListVariables; result: VariableList };
}

export type Method = keyof Methods;
