/**
 * The types of the API: one interface for each struct of the server's method table and of its events, and `Methods`.
 * Made by docs/generate.py out of the Python structs; change those. Params are by name; times are RFC 3339 UTC;
 * positions in code count unicode characters, positions in change sets UTF-16 units.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

/** WebSocket close code: the login of this connection was ended. */
export const LOGIN_ENDED = 4401;

/** WebSocket close code: as many connections are open as may be; try again later. */
export const TOO_MANY = 4429;

export type ExecutionStatus = "ok" | "error" | "aborted" | "cancelled" | "lost";

export type KernelState = "starting" | "idle" | "busy" | "restarting" | "dead";

export type CellType = "code" | "markdown" | "raw";

export type Verb = "none" | "read" | "write" | "execute" | "own";

export type Right = "read" | "write" | "execute";

export const EXPORT_FORMATS = ["ipynb", "html", "slides", "pdf", "markdown", "latex", "rst", "asciidoc", "script", "py:percent"] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A CodeMirror change set: an integer keeps so many UTF-16 units, a list `[deleted, ...lines]` replaces them. */
export type Changes = (number | (number | string)[])[];

/**
 * What all events have in common.
 *
 * `seq` and `time` are set once, when the session takes the event in; every event that is written has them.
 */
export interface EventHead {
  /** The number of the event in the journal of its session: 1 for the first one, and no number is left out. */
  seq: number;
  /** When the event was written, RFC 3339 in UTC with microseconds. */
  time: string;
  /** The name of the person who caused the event; null: the kernel or the server did. */
  by?: string | null;
}

/**
 * The first event of every session.
 *
 * A temporary session is made for one purpose, such as a run of a notebook. The server closes it when that is over, unless `session_kept` came
 * before.
 */
export interface SessionCreated extends EventHead {
  type: "session_created";
  /** The id of the session. */
  session: string;
  /** The title of the session, as people read it. */
  title: string;
  /** The path of the file, relative to the server's root, with `/` between its parts; null: there is no file. */
  path?: string | null;
  /** The folder in which the kernels of the session start, an absolute path on the server's machine; null: not known. */
  cwd?: string | null;
  /** Whether the server closes the session when what it is for is over. */
  temporary?: boolean;
  /** The path of the file that the document was copied from; null: it is no copy. The session of a copy has no file of its own. */
  source?: string | null;
  /** What a client of Jupyter's API calls the session, which has no file; empty: it was made for its kernel alone; null: none has named it. */
  client_path?: string | null;
}

/** The session has another title. */
export interface SessionRenamed extends EventHead {
  type: "session_renamed";
  /** The title of the session, as people read it. */
  title: string;
}

/** A temporary session is an ordinary one from now on. */
export interface SessionKept extends EventHead {
  type: "session_kept";
  /** Why what is in it could not be saved; empty: somebody else uses the session. */
  reason?: string;
}

/** The session was closed and its kernel shut down; the last event of the journal until it is opened again. */
export interface SessionClosed extends EventHead {
  type: "session_closed";
}

/** The closed session is open again, without a kernel: its journal goes on. */
export interface SessionReopened extends EventHead {
  type: "session_reopened";
  /** The folder in which the kernels of the session start, an absolute path on the server's machine; null: not known. */
  cwd?: string | null;
  /** Whether the server closes the session when what it is for is over. */
  temporary?: boolean;
}

/** A kernel is being started for this session; it is ready when its state becomes `idle`. */
export interface KernelStarted extends EventHead {
  type: "kernel_started";
  /** The id of the kernel. */
  kernel: string;
  /** The name of the kernelspec. */
  kernelspec: string;
  /** The name of the kernelspec, as people read it. */
  display_name: string;
  /** The language of the kernel, as its kernelspec names it. */
  language: string;
  /** The address of the kernel host, without the key that messages to it are signed with. */
  url_without_key: string;
}

/** The kernel answered for the first time after a start or restart. */
export interface KernelReady extends EventHead {
  type: "kernel_ready";
  /** The id of the kernel. */
  kernel: string;
  /** Which process of the kernel it is: 1, and one more with each restart. */
  start: number;
  /** Seconds from the start of the process to its first answer. */
  seconds: number;
  /** `language_info` of its kernel_info_reply (Jupyter messaging 5.4), a JSON map. */
  language_info: JsonMap;
  /** `implementation` of its kernel_info_reply, such as `ipython`; empty: it has none. */
  implementation?: string;
  /** `banner` of its kernel_info_reply; empty: it has none. */
  banner?: string;
  /** How its host reaches it. Over `tcp` that is not `encrypted`, other users of the server's machine can read what it publishes. */
  transport?: "ipc" | "tcp";
  /** Whether the messages between host and kernel are encrypted. */
  encrypted?: boolean;
  /** Whether it answers completions, variables and the like while code runs. */
  answers_beside?: boolean;
  /** The content of its kernel_info_reply (Jupyter messaging 5.4), whole; left out by earlier versions. */
  kernel_info?: Json;
}

/** The kernel did not start, and is started once more in another way. */
export interface KernelStartRetried extends EventHead {
  type: "kernel_start_retried";
  /** The id of the kernel. */
  kernel: string;
  /** Why it did not start, as one sentence for a person. */
  reason: string;
  /** In which way it is started now: words for a person that complete a sentence, such as `as its kernelspec says, over loopback TCP`. */
  how: string;
  /** The last raw output of the kernel's process; empty: there is none. */
  tail?: string;
}

/** The kernel is in another state. A completion or inspection does not make it `busy`; code that runs does. */
export interface KernelStateChanged extends EventHead {
  type: "kernel_state_changed";
  /** What the kernel does now. */
  state: KernelState;
}

/** The kernel process ended. */
export interface KernelDied extends EventHead {
  type: "kernel_died";
  /** The id of the kernel. */
  kernel: string;
  /** How it ended, as one sentence for a person. */
  reason: string;
  /** The exit status of the process; null: a signal ended it, or that is not known. */
  exit_status?: number | null;
  /** The name of the signal that ended the process, such as `SIGSEGV`; null: none did, or that is not known. */
  signal?: string | null;
  /** The last raw output of the kernel's process; empty: there is none. */
  tail?: string;
  /** Whether the end was asked for, as by `kernel.shut_down`. */
  expected?: boolean;
}

/**
 * An execution was accepted: it will run once, or end with the reason why it did not.
 *
 * The fields from `silent` to `user_expressions` are those of the content of execute_request (Jupyter messaging 5.4).
 */
export interface ExecutionQueued extends EventHead {
  type: "execution_queued";
  /** The id of the execution. */
  execution: string;
  /** The source code. */
  code: string;
  /** The id of the cell that it belongs to; null: it belongs to none. */
  cell?: string | null;
  /** Whether the execution shows no result, gets no number, and is not in the kernel's history (Jupyter messaging 5.4). */
  silent?: boolean;
  /** Whether the kernel keeps the code in its own history (Jupyter messaging 5.4, execute_request). */
  store_history?: boolean;
  /** Whether a failure keeps what waits behind it from running. */
  stop_on_error?: boolean;
  /** Whether the code may ask a person for a line, with `input()` or `getpass()`. */
  allow_stdin?: boolean;
  /** Expressions that the kernel evaluates after the code, by their names. */
  user_expressions?: { [name: string]: string };
  /** The version of the cell's source that `code` is; null: `code` is not just that source. */
  version?: number | null;
  /** The id of the run of many cells that it is part of; null: it is part of none. */
  run?: string | null;
  /** The name of the queue: a failure drops what waits behind it in the same queue; null: it is in none. */
  queue?: string | null;
  /** The header of the execute_request of a client of Jupyter's API, whole: what it is sent names it as its parent; left out: it came otherwise. */
  request?: Json;
}

/** The kernel began to run it. A silent execution has no count. */
export interface ExecutionStarted extends EventHead {
  type: "execution_started";
  /** The id of the execution. */
  execution: string;
  /** The number that the kernel gave to the execution; null: it is silent. */
  execution_count?: number | null;
}

/** The execution ended. All its outputs come before this event. */
export interface ExecutionFinished extends EventHead {
  type: "execution_finished";
  /** The id of the execution. */
  execution: string;
  /** How it ended. */
  status: ExecutionStatus;
  /** Seconds from its start to its end; 0 when it never started. */
  duration_s: number;
  /** The number that the kernel gave to the execution; null: it has none. */
  execution_count?: number | null;
  /** Why it was `aborted`, `cancelled` or `lost`, as one sentence for a person; empty otherwise. */
  reason?: string;
  /** `payload` of the execute_reply (Jupyter messaging 5.4), a list; left out: it is empty. */
  payload?: JsonMap[];
  /** The values of the expressions that came with the code, by their names (Jupyter messaging 5.4); left out: none. */
  user_expressions?: JsonMap;
}

/** Text of a stream output that a snapshot leaves out; output.read returns it. */
export interface Omitted {
  /** The position where it is left out: unicode characters of the text before it. */
  at: number;
  /** How many unicode characters are left out. */
  characters: number;
}

/**
 * One nbformat 4.5 output (`output_type` is stream, display_data, execute_result or error).
 *
 * Text of a stream that follows text of the same stream in the same execution belongs to the same output: readers join them.
 */
export interface OutputAdded extends EventHead {
  type: "output_added";
  /** The id of the execution that it belongs to; null: it belongs to none. */
  execution: string | null;
  /** The output, as nbformat 4.5 has it. */
  output: JsonMap;
  /** The id of the cell that it belongs to; null: it belongs to none. */
  cell?: string | null;
  /** The id under which the kernel can change the output later (Jupyter messaging 5.4, display_data); null: it cannot. */
  display_id?: string | null;
  /** Only in snapshots: what of the text is left out; null: nothing. */
  omitted?: Omitted | null;
}

/** Every output shown under `display_id` in this session has new content. */
export interface OutputUpdated extends EventHead {
  type: "output_updated";
  /** The id under which the outputs are shown (Jupyter messaging 5.4, update_display_data). */
  display_id: string;
  /** The new content, a map of MIME types to values. */
  data: JsonMap;
  /** The metadata of the new content, a JSON map. */
  metadata: JsonMap;
}

/** The outputs of an execution are cleared. */
export interface OutputsCleared extends EventHead {
  type: "outputs_cleared";
  /** The id of the execution. */
  execution: string;
  /** Whether the outputs are cleared only when the next one comes. */
  wait?: boolean;
  /** The id of the cell that it belongs to; null: it belongs to none. */
  cell?: string | null;
}

/** Output is known to be missing. This is never silent. */
export interface OutputLost extends EventHead {
  type: "output_lost";
  /** How the output was lost, as one sentence for a person. */
  reason: string;
  /** How many messages were lost; null: not known. */
  count?: number | null;
}

/** Running code waits for a line from a person. */
export interface InputRequested extends EventHead {
  type: "input_requested";
  /** The id of the request for input. */
  request: string;
  /** The text that asks for the line. */
  prompt: string;
  /** The id of the execution that it belongs to; null: it belongs to none. */
  execution?: string | null;
  /** Whether the line is a password: it must not be shown while it is typed. */
  password?: boolean;
}

/** The line was given, or the code does not wait for it any more. */
export interface InputReplied extends EventHead {
  type: "input_replied";
  /** The id of the request for input. */
  request: string;
  /** The line, without its line end; null: it is a password, or none was given. */
  value?: string | null;
  /** Whether the code stopped waiting before a line was given. */
  withdrawn?: boolean;
}

/** A comm was opened, by the kernel (`by` is null) or a client. */
export interface CommOpened extends EventHead {
  type: "comm_opened";
  /** The id of the comm. */
  comm: string;
  /** The name of the target that the kernel has registered for such comms. */
  target: string;
  /** The `data` of comm_open (Jupyter messaging 5.4), a JSON map. */
  content: Json;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata: JsonMap;
  /** The id of the execution that it belongs to; null: it belongs to none. */
  execution?: string | null;
  /** The binary buffers of the message, each in base64. */
  buffers?: string[];
}

/** A message on a comm. */
export interface CommMessage extends EventHead {
  type: "comm_message";
  /** The id of the comm. */
  comm: string;
  /** The `data` of comm_msg (Jupyter messaging 5.4), a JSON map. */
  content: Json;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata: JsonMap;
  /** The id of the execution that it belongs to; null: it belongs to none. */
  execution?: string | null;
  /** The binary buffers of the message, each in base64. */
  buffers?: string[];
}

/** A comm was closed. */
export interface CommClosed extends EventHead {
  type: "comm_closed";
  /** The id of the comm. */
  comm: string;
  /** The `data` of comm_close (Jupyter messaging 5.4), a JSON map. */
  content: Json;
  /** The id of the execution that it belongs to; null: it belongs to none. */
  execution?: string | null;
}

/**
 * One nbformat 4.5 output that the Output widget of `comm` has captured: it belongs to the widget and not to the execution.
 *
 * Text joins text as in `output_added`.
 */
export interface WidgetOutputAdded extends EventHead {
  type: "widget_output_added";
  /** The id of the comm of the Output widget. */
  comm: string;
  /** The output, as nbformat 4.5 has it. */
  output: JsonMap;
  /** The id of the execution that it belongs to; null: it belongs to none. */
  execution?: string | null;
  /** The id under which the kernel can change the output later (Jupyter messaging 5.4, display_data); null: it cannot. */
  display_id?: string | null;
}

/** The outputs of an Output widget are cleared. */
export interface WidgetOutputsCleared extends EventHead {
  type: "widget_outputs_cleared";
  /** The id of the comm of the Output widget. */
  comm: string;
  /** Whether the outputs are cleared only when the next one comes. */
  wait?: boolean;
}

/** A kernel message that has no event of its own (a debug event, the `execute_input` of code that another program runs in the kernel), whole. */
export interface MessageReceived extends EventHead {
  type: "message_received";
  /** The channel that it came on: `iopub`, `shell` or another of Jupyter's five. */
  channel: string;
  /** The type of the message (Jupyter messaging 5.4). */
  msg_type: string;
  /** The content of the message, a JSON map; in params, left out: `{}`. */
  content: JsonMap;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata: JsonMap;
  /** The id of the execution that it belongs to; null: it belongs to none. */
  execution?: string | null;
  /** The binary buffers of the message, each in base64. */
  buffers?: string[];
}

/** A request that may run code was sent to the kernel as it is (`message.send`). Its reply goes to the sender alone. */
export interface MessageSent extends EventHead {
  type: "message_sent";
  /** The channel that it was sent on. */
  channel: "control" | "shell";
  /** The type of the message (Jupyter messaging 5.4). */
  msg_type: string;
  /** The content of the message, a JSON map; in params, left out: `{}`. */
  content: JsonMap;
}

/**
 * A run with a plan was accepted: the server brings it to its end, whoever is there then.
 *
 * Its executions are queued by the events after this one.
 */
export interface RunStarted extends EventHead {
  type: "run_started";
  /** The id of the run. */
  run: string;
  /** How many executions the run has. */
  executions: number;
  /** The path of the file that gets the result, relative to the server's root; null: the notebook's own file. */
  to?: string | null;
  /** Whether the result may replace a file that is there. */
  overwrite?: boolean;
  /** Whether the result replaces a file only when every cell has ended well. */
  only_if_ok?: boolean;
  /** Seconds after which the run is stopped; null: no limit. */
  timeout_s?: number | null;
  /** Seconds that the kernel has to get ready, before the run is stopped; null: no limit. */
  start_timeout_s?: number | null;
  /** Seconds that running code has to react to the interrupt, before its kernel is killed. */
  grace_s?: number;
  /** Whether the run is also stopped when nobody has followed its session for 10 s. */
  attached?: boolean;
  /** The ids of the executions whose failure does not fail the run. */
  may_fail?: string[];
  /** Whether the run goes on after a failure. */
  keep_going?: boolean;
  /** The values that the run sets, by their names; left out: none. */
  parameters?: Json;
  /** The version of webipy that began the run; it is noted in the result. */
  version?: string;
}

/** A run is being brought to an early end. */
export interface RunStopped extends EventHead {
  type: "run_stopped";
  /** The id of the run. */
  run: string;
  /** Why: somebody `asked`, its time is over (`timed_out`), its kernel did not start in time (`not_started`), or nobody follows it (`left`). */
  cause: "asked" | "left" | "not_started" | "timed_out";
  /** Seconds that running code has to react to the interrupt, before its kernel is killed; null: as the plan of the run says. */
  grace_s?: number | null;
}

/** A run with a plan ended. */
export interface RunFinished extends EventHead {
  type: "run_finished";
  /** The id of the run. */
  run: string;
  /** How it ended, as a whole. */
  status: "cancelled" | "error" | "lost" | "not_started" | "ok" | "timed_out";
  /** The path of the file that has the result, relative to the server's root; null: only this session has it. */
  path?: string | null;
  /** Why the result is not where it was wanted, as one sentence for a person; empty: it is there. */
  reason?: string;
}

/** A cell stands in the document. In a snapshot, or for a cell that comes back, its source may be at a later version than 0. */
export interface CellInserted extends EventHead {
  type: "cell_inserted";
  /** The id of the cell. */
  cell: string;
  /** The id of the cell that it stands after; null: it stands first. */
  after: string | null;
  /** The type of the cell. */
  cell_type: CellType;
  /** The source of the cell. */
  source: string;
  /** The version of the cell's source: 0 at first, and one more with each change set. */
  version?: number;
  /** The metadata of the cell (nbformat 4.5), a JSON map; left out: `{}`. */
  metadata?: JsonMap;
  /** The attachments of the cell (nbformat 4.5), a JSON map; left out: it has none. */
  attachments?: Json;
}

/** The cell is gone, and its outputs with it. */
export interface CellDeleted extends EventHead {
  type: "cell_deleted";
  /** The id of the cell. */
  cell: string;
}

/** The cell stands at another place. */
export interface CellMoved extends EventHead {
  type: "cell_moved";
  /** The id of the cell. */
  cell: string;
  /** The id of the cell that it stands after; null: it stands first. */
  after: string | null;
}

/** The source of a cell changed. */
export interface CellEdited extends EventHead {
  type: "cell_edited";
  /** The id of the cell. */
  cell: string;
  /** The version of the source that `changes` made, out of the one before. */
  version: number;
  /** What changed. */
  changes: Changes;
  /** What the editing client calls itself, so that it knows its own change when that comes back; at most 64 characters. */
  client?: string;
}

/** The cell is of another type. */
export interface CellTypeSet extends EventHead {
  type: "cell_type_set";
  /** The id of the cell. */
  cell: string;
  /** The type of the cell. */
  cell_type: CellType;
}

/** The outputs shown under a cell were put away. */
export interface CellOutputsCleared extends EventHead {
  type: "cell_outputs_cleared";
  /** The id of the cell; null: all cells. */
  cell: string | null;
}

/** A queued execution waits at another place. */
export interface ExecutionMoved extends EventHead {
  type: "execution_moved";
  /** The id of the execution. */
  execution: string;
  /** The id of the execution that it waits just before; null: it waits last. */
  before?: string | null;
}

/** The cell has other metadata (nbformat 4.5). */
export interface CellMetadataSet extends EventHead {
  type: "cell_metadata_set";
  /** The id of the cell. */
  cell: string;
  /** All the metadata of the cell, a JSON map. */
  metadata: JsonMap;
}

/** The cell has other attachments (nbformat 4.5). */
export interface CellAttachmentsSet extends EventHead {
  type: "cell_attachments_set";
  /** The id of the cell. */
  cell: string;
  /** All the attachments of the cell, a JSON map; absent: it has none. */
  attachments?: Json;
}

/** These outputs stand under the cell now, in place of those of its last execution: a file was read, or an earlier state came back. */
export interface CellOutputsSet extends EventHead {
  type: "cell_outputs_set";
  /** The id of the cell. */
  cell: string;
  /** The outputs, as nbformat 4.5 has them. */
  outputs: JsonMap[];
  /** The number that the kernel gave to the execution; null: it has none. */
  execution_count?: number | null;
  /** The version of the source that the outputs came from; null: the one now if there is an `execution_count`, else none. */
  version?: number | null;
}

/** The notebook has other metadata (nbformat 4.5). */
export interface NotebookMetadataSet extends EventHead {
  type: "notebook_metadata_set";
  /** All the metadata of the notebook, a JSON map. */
  metadata: JsonMap;
}

/** The session's document is this file now; the events before this one, written with it, brought its cells in. */
export interface NotebookOpened extends EventHead {
  type: "notebook_opened";
  /** The path of the file, relative to the server's root, with `/` between its parts. */
  path: string;
  /** The etag of the file; empty: there is no such file yet, only the text that is paired with it (see `pairs` of `notebook_saved`). */
  etag: string;
  /** The format of the file: `ipynb`, or the name that jupytext has for a text format, such as `py:percent`. */
  format?: string;
  /** What was wrong in the file and was repaired when it was read, one sentence each. */
  repairs?: string[];
  /** The minor version of nbformat 4 that the file has (cells have ids since 5); null: it is a text, or there is no file. */
  minor?: number | null;
}

/** The file holds the document. */
export interface NotebookSaved extends EventHead {
  type: "notebook_saved";
  /** The path of the file, relative to the server's root, with `/` between its parts. */
  path: string;
  /** The etag of the file; it changes whenever the content of the file may have changed. */
  etag: string;
  /** The seq of the last event whose effect the file has. */
  until: number;
  /** The format of the file: `ipynb`, or the name that jupytext has for a text format, such as `py:percent`. */
  format?: string;
  /** The minor version of nbformat 4 that the file has (cells have ids since 5); null: it is a text, or there is no file. */
  minor?: number | null;
  /** Whether the file is written in place, as it cannot be replaced: another program may see half of it. */
  in_place?: boolean;
  /** The texts that are paired with the file and hold the same: their etags, by their paths. */
  pairs?: { [name: string]: string };
}

/**
 * Another program changed the file, or the text that is paired with it.
 *
 * The events before this one, written with it, brought the changes in.
 */
export interface NotebookReloaded extends EventHead {
  type: "notebook_reloaded";
  /** The path of the file, relative to the server's root, with `/` between its parts. */
  path: string;
  /** The etag of the file; it changes whenever the content of the file may have changed. */
  etag: string;
  /** How many cells were changed. */
  cells?: number;
  /** The minor version of nbformat 4 that the file has (cells have ids since 5); null: it is a text, or there is no file. */
  minor?: number | null;
  /** What was wrong in the file and was repaired when it was read, one sentence each. */
  repairs?: string[];
  /** The path of the text that was changed; null: the file itself was. */
  changed?: string | null;
  /** The texts that are paired with the file and hold the same: their etags, by their paths; null: as they were. */
  pairs?: { [name: string]: string } | null;
}

/**
 * Another program changed or deleted the file in a way that does not go together with the document here.
 *
 * It is not written until someone decides: `notebook.save` with that etag, or `notebook.reload`.
 */
export interface NotebookConflicted extends EventHead {
  type: "notebook_conflicted";
  /** The path of the file, relative to the server's root, with `/` between its parts. */
  path: string;
  /** What does not go together, as one sentence for a person. */
  reason: string;
  /** The etag of the file that is there; null: it was deleted. */
  etag?: string | null;
  /** The ids of the cells that differ on both sides. */
  cells?: string[];
}

/** The file could not be written. Nothing is lost, and the server tries again. */
export interface NotebookSaveFailed extends EventHead {
  type: "notebook_save_failed";
  /** The path of the file, relative to the server's root, with `/` between its parts. */
  path: string;
  /** Why it could not be written, as one sentence for a person. */
  reason: string;
}

/** The file of the session has another path. */
export interface NotebookMoved extends EventHead {
  type: "notebook_moved";
  /** The new path of the file, relative to the server's root. */
  path: string;
}

/** The state of the document at this event has a name. */
export interface CheckpointMade extends EventHead {
  type: "checkpoint_made";
  /** The name of the checkpoint. */
  name: string;
}

/** A method without params. */
export type Nothing = Record<string, never>;

/** An OpenRPC 1.3.2 document. */
export interface OpenRpc {
  /** The version of OpenRPC: `1.3.2`. */
  openrpc: string;
  /** Title, version and description of the API. */
  info: { [name: string]: string };
  /** The methods, by name: OpenRPC Method Objects. */
  methods: { [name: string]: Json }[];
  /** The JSON Schemas that the methods refer to. */
  components: { [name: string]: Json };
}

/** Who answers, and what the caller may do. */
export interface ServerInfo {
  /** `webipy`. */
  name: string;
  /** The version of webipy. */
  version: string;
  /** The version of this API; additions do not change it. */
  protocol: number;
  /** The server's time, RFC 3339 in UTC with microseconds. */
  time: string;
  /** The name of the caller; null: nobody is logged in on this connection. */
  principal: string | null;
  /** The folder whose files are served, an absolute path on the server's machine; null for guests, and when nobody is logged in. */
  root: string | null;
  /** The name of the kernelspec that is started when none is named; null: none is installed, or nobody is logged in. */
  default_kernelspec: string | null;
  /** Whether the server cannot write the journal of a session now: new work in that session fails with `degraded`. */
  degraded: boolean;
  /** The strongest right of the caller; null: nobody is logged in. */
  verb: Verb | null;
  /** The id of the only session that the caller may use, for guests; null: all sessions. */
  session: string | null;
  /** The name of the person who runs the server; null: nobody is logged in. */
  owner: string | null;
  /** The address that people open, with a slash at its end: links begin with it. Null: the server was told none, or nobody is logged in. */
  public_url: string | null;
  /** When the server began to run, RFC 3339 in UTC with microseconds; null: nobody is logged in. */
  started: string | null;
  /** Where people start and stop this server, when a JupyterHub has started it: the address of the hub's page. Null: no hub has; and for guests. */
  hub: string | null;
  /** The id of the account that the caller has signed in to; null: none. */
  account: string | null;
  /** The caller's own folder, relative to the server's root, which is made when it is asked for first; null: whoever runs the server, admins, viewers and guests have none. */
  home: string | null;
  /** Whether JupyterLab is installed beside webipy: its page is at /lab. False for guests, and when nobody is logged in. */
  jupyterlab: boolean;
}

/** What a report about a problem needs to say of the server; nothing of it is secret. */
export interface Installation {
  /** The version of webipy. */
  version: string;
  /** Versions of what webipy stands on, by name: Python, the system, packages. */
  installed: { [name: string]: string };
  /** The names of the kernelspecs that can be started. */
  kernelspecs: string[];
  /** How many sessions are open. */
  sessions: number;
}

/** A method that was carried out and has nothing to say. */
export type Done = Record<string, never>;

/** Where the page opens. */
export interface OpenPage {
  /** The id of the session that it shows; null: it opens at home. */
  session?: string | null;
}

/** A one-time code that a browser exchanges for a cookie. */
export interface LaunchCode {
  /** The code; empty where a hub signs people in. */
  code: string;
  /** The address of the page, with the code in its fragment. */
  url: string;
  /** Until when it can be used, RFC 3339 in UTC with microseconds. */
  expires: string;
}

/**
 * The session to make or to open.
 *
 * A session that is `temporary` is closed when nothing runs in it and the connections that asked for it are gone (10 s after they were lost, at
 * once after session.leave), unless somebody else has come to use it.
 */
export interface CreateSession {
  /** The title of a new session; null: the name of its file. */
  title?: string | null;
  /** The path of a notebook file, relative to the server's root: it is opened, in the session that it has already or in a new one; null: the session has no file. */
  path?: string | null;
  /** The name of the kernelspec whose kernel is started if the session has none; null: no kernel is started. */
  kernelspec?: string | null;
  /** The folder in which its kernels start, an absolute path or one relative to the server's root; null: the folder of its file, or the root. */
  cwd?: string | null;
  /** The id of a new session; null: the server makes one. */
  id?: string | null;
  /** Whether the file is made if there is none. */
  create?: boolean;
  /** Environment variables of the session's kernels, by their names; null: those that were set before, `{}`: none. */
  env?: { [name: string]: string } | null;
  /** Whether the session begins with what the file at `path` holds (or its open session), and has no file of its own. */
  copy?: boolean;
  /** Whether the server closes the session when what it is for is over. */
  temporary?: boolean;
  /** JSON of nbformat 4 that a session without a file begins with; left out: nothing. */
  notebook?: Json;
  /** What a client of Jupyter's API calls a session that has no file (see `session_created`): the one that is open under this name, or a new one; empty: a new one, for its kernel alone; null: it has no such name. */
  client_path?: string | null;
}

/** The kernel of a session. Its key is in no result. */
export interface Kernel {
  /** The id of the kernel; it stays the same when the kernel is restarted. */
  id: string;
  /** The name of the kernelspec. */
  kernelspec: string;
  /** The name of the kernelspec, as people read it. */
  display_name: string;
  /** The language of the kernel, as its kernelspec names it. */
  language: string;
  /** What the kernel does now. */
  state: KernelState;
  /** Which process of the kernel it is: 1, and one more with each restart. */
  start: number;
  /** The number of the last execution; 0: none has run. */
  execution_count: number;
  /** How many executions wait. */
  queued: number;
  /** The address of the kernel host, without the key that messages to it are signed with. */
  url_without_key: string;
  /** The folder of the kernel host on the server's machine; empty for guests. */
  host: string;
  /** The id of the kernel's process; null: it is not known. */
  pid: number | null;
  /** Whether it was asked to end, and has or will. */
  ended: boolean;
}

/** A session. Its events `first_seq` to `seq` can be read. */
export interface Session {
  /** The id of the session. */
  id: string;
  /** The title of the session, as people read it. */
  title: string;
  /** The path of the file, relative to the server's root, with `/` between its parts; null: there is no file. */
  path: string | null;
  /** The folder in which its kernels start, an absolute path on the server's machine; empty for guests. */
  cwd: string;
  /** Its kernel; null: it has none yet. */
  kernel: Kernel | null;
  /** The seq of the oldest event that can be read. */
  first_seq: number;
  /** The seq of its newest event. */
  seq: number;
  /** The seq of the last event that survives a power cut. */
  durable_seq: number;
  /** When it was made, RFC 3339 in UTC with microseconds. */
  created: string;
  /** When something last happened in it, RFC 3339 in UTC with microseconds. */
  last_activity: string;
  /** Whether the server closes the session when what it is for is over. */
  temporary: boolean;
  /** The name that a client of Jupyter's API gave it; empty: it was made for its kernel alone; null: none gave it one. */
  client_path: string | null;
  /** The right that the caller has in it. */
  verb: Verb;
}

/** All open sessions, the one with the latest activity first. */
export interface SessionList {
  /** The sessions. */
  sessions: Session[];
}

/** A method on one session. */
export interface OfSession {
  /** The id of the session. */
  session: string;
}

/** The new title of a session. */
export interface RenameSession extends OfSession {
  /** The title of the session, as people read it. */
  title: string;
}

/** The session to close. */
export interface CloseSession extends OfSession {
  /** Whether it is closed even when its document cannot be saved. */
  discard?: boolean;
}

/**
 * Where to join the journal.
 *
 * A reader whose `since` is older than the oldest event that is kept gets a snapshot, whether it asks for one or not.
 */
export interface Subscribe extends OfSession {
  /** The seq of the last event that the reader has: 0: it has none; null: only events from now on are sent. */
  since?: number | null;
  /** Whether a snapshot may take the place of a long history. */
  snapshot?: boolean;
  /** Whether a temporary session becomes an ordinary one because somebody follows it. */
  keeps?: boolean;
}

/** Events that fold to the same as all events up to `seq`. Fold them into an empty model, whatever their own seqs, and go on after `seq`. */
export interface SnapshotEvents {
  /** The seq of the last event that the snapshot stands for. */
  seq: number;
  /** The events of the snapshot, in their order. */
  events: AnyEvent[];
}

/** Notifications `events` follow, from the event after `since` on, or after `snapshot.seq` where there is a snapshot. */
export interface Subscribed {
  /** The seq of the oldest event that can be read. */
  first_seq: number;
  /** The seq of the newest event now. */
  seq: number;
  /** What stands for the events before; null: they are all sent. */
  snapshot: SnapshotEvents | null;
  /** The right that the caller has in the session now; `presence` tells of a change. */
  verb: Verb;
}

/** Which events to return. */
export interface ReadEvents extends OfSession {
  /** The seq of the last event that the reader has; 0: it has none. */
  since?: number;
  /** The most events that are returned. */
  limit?: number;
  /** How many seconds the call waits for the first event, if there is none yet. */
  wait_s?: number;
}

/** Events of a session, in their order and without a gap; also the params of the notification `events`. */
export interface Events {
  /** The id of the session. */
  session: string;
  /** The seq of the first of `events`. */
  first: number;
  /** The events. */
  events: AnyEvent[];
}

/** A launch recipe for kernels of one kind. */
export interface Kernelspec {
  /** The name of the kernelspec. */
  name: string;
  /** The name of the kernelspec, as people read it. */
  display_name: string;
  /** The language of the kernel, as its kernelspec names it. */
  language: string;
  /** How it was started last, if that is not as usual, as one sentence for a person; empty: as usual. */
  note: string;
}

/** The installed kernelspecs. */
export interface KernelspecList {
  /** The name of the one that is started when none is named; null: none is installed. */
  default: string | null;
  /** Those that can be started. */
  kernelspecs: Kernelspec[];
  /** Those that cannot be read: the reasons, by their names; empty for guests. */
  broken: { [name: string]: string };
}

/** What a kernel says of itself. */
export interface KernelDescription {
  /** The content of its kernel_info_reply (Jupyter messaging 5.4), a JSON map; null: it has not started yet. */
  kernel_info: Json;
}

/** Which kernels to look at. */
export interface ReadUsage {
  /** The id of the session whose kernel is looked at; null: all kernels, which reaches beyond a session. */
  session?: string | null;
}

/** What a kernel, and the processes that it has started, use now. */
export interface KernelUsage {
  /** The id of the session. */
  session: string;
  /** The id of the kernel. */
  kernel: string;
  /** Bytes of memory in use; memory that processes share counts once. */
  memory_bytes: number;
  /** The share of processor time since the look before: 1.0 is one processor that is full; null: there was no look to compare with. */
  cpu: number | null;
  /** How many processes these are. */
  processes: number;
}

/** Kernels with a living process; none of those that something else started, whose process is not known. */
export interface UsageList {
  /** The kernels. */
  kernels: KernelUsage[];
}

/** Which parts of the logs to return. */
export interface ReadLogs extends OfSession {
  /** The name of the logs that the positions are of; null: of the logs now. In the logs of another host everything is new. */
  log?: string | null;
  /** The position in the kernel's log, in bytes; null: the last part is returned. */
  kernel_since?: number | null;
  /** The position in the host's log, in bytes; null: the last part is returned. */
  host_since?: number | null;
  /** The most bytes that are returned of each log. */
  limit?: number;
}

/** A part of a log. */
export interface LogText {
  /** The text of the part. */
  text: string;
  /** The position to go on from, in bytes. */
  next: number;
}

/** What the kernel's process has written past Jupyter, and what its host has. */
export interface KernelLogs {
  /** The name of these logs. */
  log: string;
  /** What the process has written to its standard streams; if the host is gone, the last that is known of it. */
  kernel: LogText;
  /** What the host has written; empty if the host is gone. */
  host: LogText;
  /** Whether a part was as long as it may be, so that more can be read. */
  more: boolean;
}

/**
 * Which kernel to start. A session has at most one: a living one of the same kernelspec is kept.
 *
 * `env` is for this kernel and every later one of the session, restarts included, beside the variables of the server and of the kernelspec. No
 * result has them, but code that runs can read them. A living kernel keeps what it has: other variables are refused until it is shut down.
 */
export interface StartKernel extends OfSession {
  /** The name of the kernelspec; null: the default one. */
  kernelspec?: string | null;
  /** Environment variables of the session's kernels, by their names; null: those that were set before, `{}`: none. */
  env?: { [name: string]: string } | null;
}

/**
 * A kernel that something else started, and that takes the place of the one that the session has.
 *
 * The kernel is never restarted, killed, or ended with its session or the server; kernel.shut_down asks it to end.
 */
export interface AttachKernel extends OfSession {
  /** The absolute path of its Jupyter connection file on the server's machine. The address of a kernel in another form is refused. */
  connection: string;
}

/** What is interrupted. */
export interface InterruptKernel extends OfSession {
  /** The id of the execution that is interrupted, if it is the one that runs; null: whatever runs. */
  execution?: string | null;
}

/** Whether anything was interrupted. */
export interface Interrupted {
  /** Whether code ran that could be interrupted. */
  interrupted: boolean;
}

/** The link to make. With `execute`, guests run code as the person who runs the server, and can do what that person can. */
export interface LinkSession extends OfSession {
  /** The right that the link gives in this session. */
  verb: Right;
  /** A note for those who manage the session: whom the link is for. */
  label?: string;
  /** The days that the link can be used. */
  days?: number;
}

/** A new link. */
export interface ShareLink {
  /** The id of the link. */
  share: string;
  /** The whole address, with the secret of the link in its fragment: `…/s/SESSION#share=SECRET`. It begins with the public URL (`server.info`), or as the server is reached on its own machine. No other result has it. */
  url: string;
  /** Until when it can be used, RFC 3339 in UTC with microseconds. */
  expires: string;
}

/** Somebody who came by a link. */
export interface Guest {
  /** The id of their login; it is the `person` of `presence`. */
  login: string;
  /** The name that they gave. */
  name: string;
  /** When they came, RFC 3339 in UTC with microseconds. */
  since: string;
  /** The right of this guest alone; null: they have that of the link. */
  verb: Right | null;
}

/** A link into a session. */
export interface Share {
  /** The id of the link. */
  id: string;
  /** The right that the link gives. */
  verb: Right;
  /** A note for those who manage the session: whom the link is for. */
  label: string;
  /** When it was made, RFC 3339 in UTC with microseconds. */
  created: string;
  /** Until when it can be used, RFC 3339 in UTC with microseconds. */
  expires: string;
  /** Who came by it. */
  guests: Guest[];
}

/** The links of a session that can be used now, the oldest first. */
export interface ShareList {
  /** The links. */
  shares: Share[];
}

/** One link of a session. */
export interface OfShare extends OfSession {
  /** The id of the link. */
  share: string;
}

/** What the link gives from now on, also to who came by it. */
export interface SetShare extends OfShare {
  /** The right that the link gives. */
  verb: Right;
}

/** One guest of a session. */
export interface OfGuest extends OfSession {
  /** The id of their login, as share.list and `presence` have it. */
  guest: string;
}

/** What one guest may do from now on. */
export interface SetGuest extends OfGuest {
  /** The right of this guest, whatever the link gives; null: that of the link again. */
  verb: Right | null;
}

/** A selection in the source of a cell; a caret is one whose ends are at the same place. */
export interface Selection {
  /** The end that stays when the selection grows: UTF-16 units of the source before it. */
  anchor: number;
  /** The end that moves, where the caret is: UTF-16 units of the source before it. */
  head: number;
  /** The version of the source that the positions are for. */
  version: number;
}

/** What stands in the middle of somebody's page. */
export interface View {
  /** The id of the cell. */
  cell: string;
  /** How far down the cell the middle of the page is: 0 at its top, 1 at its end. */
  part: number;
}

/** Where this connection is. The call also says that somebody is there. */
export interface SetPresence extends OfSession {
  /** The id of the cell; null: in no cell. */
  cell?: string | null;
  /** What is selected in the source of the cell; null: its source is not being edited. */
  selection?: Selection | null;
  /** What the page shows; pages send it while somebody follows them. Null: they say nothing of it. */
  view?: View | null;
  /** The `person` of `presence` whom the page follows; null: nobody. */
  follows?: string | null;
}

/** What the caller asks for. */
export interface AskRight extends OfSession {
  /** The right: to edit, or also to run code. */
  verb?: "execute" | "write";
}

/** Who is meant. */
export interface AnswerAsk extends OfSession {
  /** The `person` of `presence`. */
  person: string;
}

/** What one person may do here from now on. With `execute`, they run code as the person who runs the server, and can do what that person can. */
export interface AllowPerson extends AnswerAsk {
  /** The right. */
  verb: Right;
}

/** Whether the others are asked to follow. */
export interface LeadOthers extends OfSession {
  /** True: they are asked to follow the caller; false: nobody is asked any more. */
  on?: boolean;
}

/** What a browser subscribes with. */
export interface PushKey {
  /** The key of this server (`applicationServerKey`), a point of P-256 as base64url. */
  public_key: string;
}

/** A browser in which the caller is told by Web Push. */
export interface PushBrowser {
  /** The id of its subscription. */
  id: string;
  /** The browser and its system, as it says. */
  browser: string;
  /** The host of its push service. */
  service: string;
  /** When it was subscribed, RFC 3339 in UTC. */
  since: string;
  /** SHA-256 of its endpoint, in hexadecimal: a page knows its own subscription by it. No result has the endpoint. */
  digest: string;
  /** Whether this call came by the login that it was subscribed with. */
  here: boolean;
}

/** The browsers in which the caller is told by Web Push, the oldest first. */
export interface PushBrowsers {
  /** Whether this server sends Web Push at all. */
  offered: boolean;
  /** The browsers. */
  browsers: PushBrowser[];
}

/** The subscription of the browser of this call, as `PushSubscription.toJSON` has it. */
export interface SubscribePush {
  /** The address at the push service of the browser. */
  endpoint: string;
  /** The public key of the browser, base64url. */
  p256dh: string;
  /** The secret that the browser shares with whoever may send to it, base64url. */
  auth: string;
}

/** Which subscription ends. */
export interface UnsubscribePush {
  /** Its id. */
  id: string;
}

/** What a right is at: one of the two. */
export interface AtPlace {
  /** The folder or file, relative to the server's root; empty: the root itself; null: that of `session`. */
  path?: string | null;
  /** The id of an open session, for the file of its notebook, or for the session itself while it has none; null: `path` says it. */
  session?: string | null;
}

/** A right that somebody was given. */
export interface GivenRight {
  /** Whether it is of one account, a group, or everybody with an account. */
  kind: "account" | "everybody" | "group";
  /** Of an account its id, of a group its name; empty for everybody. */
  whom: string;
  /** The name that people know them by; of an account that is not there any more, its id. */
  name: string;
  /** The right. */
  verb: Verb;
  /** Where it was given: the file or folder itself, or a folder above it; null: the session itself, which has no file. */
  path: string | null;
  /** Whether it was given at a folder above: it is changed and taken away there. */
  is_inherited: boolean;
  /** Whether it is that of an account to its own folder, which cannot be taken away. */
  is_home: boolean;
  /** The name of who gave it. */
  by: string;
  /** When it was given, RFC 3339 in UTC. */
  since: string;
}

/** The rights that count at one place. */
export interface RightList {
  /** The file or folder, relative to the server's root; null: a session that has no file. */
  path: string | null;
  /** The rights, those of this very place first. Whoever runs the server, and admins, may do everything and are not among them. */
  rights: GivenRight[];
}

/** Whose right it is. */
export interface OfWhom extends AtPlace {
  /** Whether it is of one account, a group, or everybody with an account. */
  kind?: "account" | "everybody" | "group";
  /** Of an account its id or the name that it signs in with, of a group its name; empty for everybody. */
  whom?: string;
}

/** The right to give. With `execute`, they run code as the person who runs the server, and can do what that person can. */
export interface GiveRight extends OfWhom {
  /** The right; it takes the place of the one that they were given here before. */
  verb: "execute" | "own" | "read" | "write";
}

/** A folder or file that was shared with the caller. */
export interface SharedPlace {
  /** The folder or file, relative to the server's root. */
  path: string;
  /** What it is. */
  kind: "file" | "folder" | "notebook" | "other";
  /** What the caller may do there. */
  verb: Verb;
  /** The name of who shared it. */
  by: string;
  /** When it was shared, RFC 3339 in UTC. */
  since: string;
}

/** What the caller has on this server. */
export interface MyRights {
  /** Their own folder, relative to the server's root; null: whoever runs the server, admins and viewers have none. */
  home: string | null;
  /** What was shared with them, the latest first. */
  shared: SharedPlace[];
}

/** Somebody who has an account. */
export interface KnownPerson {
  /** The id of the account. */
  account: string;
  /** The name that they sign in with. */
  name: string;
  /** The name that others see. */
  display_name: string;
  /** The groups that they are in, by name. */
  groups: string[];
}

/** Whom something can be shared with. */
export interface PeopleAndGroups {
  /** The accounts, by name. */
  people: KnownPerson[];
  /** The groups that somebody is in, by name. */
  groups: string[];
}

/** A browser or a command line that is signed in, as whoever runs the server or to an account. */
export interface Login {
  /** The id of the login. */
  id: string;
  /** What is signed in: a browser, or the webipy command (`webipy login`). */
  kind: "browser" | "command line";
  /** The id of the account; null: it is signed in as whoever runs the server. */
  user: string | null;
  /** The name that others see of that person. */
  name: string;
  /** The browser and its system, as the browser says; of a command line the machine that it runs on. */
  where: string;
  /** The address that it signed in from. */
  address: string;
  /** When it signed in, RFC 3339 in UTC. */
  since: string;
  /** When its last request came, RFC 3339 in UTC, correct to some minutes. */
  used: string;
  /** How many pages it has open now. */
  connections: number;
  /** Whether this call came by it. */
  here: boolean;
}

/** Who is signed in, the one that was used last first. Guests are in share.list; who has the token is in no list. */
export interface LoginList {
  /** The logins. */
  logins: Login[];
}

/** Which logins end: exactly one of `id`, `others` and `all`. */
export interface RevokeLogin {
  /** The id of the only login that ends; null: see the other two. */
  id?: string | null;
  /** Whether all end but the one of this call. */
  others?: boolean;
  /** Whether all end. */
  all?: boolean;
}

/** The logins that were ended. */
export interface Revoked {
  /** Their ids. */
  ended: string[];
}

/** The address that a ticket is for. */
export interface MakeTicket {
  /** An address of this server below /files/, /outputs/, /exports/ or /nbconvert/, with or without a query. */
  address: string;
}

/** An address with a ticket: this login's browser alone may read it, and only this one path. */
export interface Ticket {
  /** The address, with the ticket in its query. */
  address: string;
  /** Until when it can be used, RFC 3339 in UTC with microseconds. */
  expires: string;
}

/** The token to make, and what it may be used for. What is not limited here is what its person may do, but people, logins, links and tokens. */
export interface CreateToken {
  /** What it is called, in lists and in the audit log; the valid tokens of one person have different labels. */
  label: string;
  /** For how many days it is valid; null: until it is revoked. */
  days?: number | null;
  /** Whether it only reads. */
  read?: boolean;
  /** The id of the only session that it is for; null: any. */
  session?: string | null;
  /** The only folder that it is for, relative to the server's root, with the sessions whose documents are in it; null: any. */
  folder?: string | null;
  /** The methods, and groups such as `file.*`, that it may call; empty: all but those that manage people, logins, links and tokens. */
  methods?: string[];
}

/** A token that was made. */
export interface NewToken {
  /** Its id, by which it is revoked. */
  id: string;
  /** A note for those who manage the session: whom the link is for. */
  label: string;
  /** The token itself, which begins with `webipy_`. It is sent once and not stored. */
  token: string;
  /** When it expires, RFC 3339 in UTC; null: it does not. */
  expires: string | null;
}

/** Whose tokens are listed. */
export interface ListTokens {
  /** Whether those of all people are listed, which needs the right `own` on the server; otherwise those of the caller. */
  everybody?: boolean;
}

/** What a script token may be used for. Without any of these: for all that its person may do, but people, logins, links and tokens. */
export interface Scopes {
  /** Whether it only reads. */
  read?: boolean;
  /** The id of the only session that it is for; null: any. */
  session?: string | null;
  /** The only folder that it is for, relative to the server's root, with the sessions whose documents are in it; null: any. */
  folder?: string | null;
  /** The methods, and groups such as `file.*`, that it may call; empty: all but those that manage people, logins, links and tokens. */
  methods?: string[];
}

/** A script token. */
export interface Token {
  /** The id of the token. */
  id: string;
  /** What it is called. */
  label: string;
  /** The name of the person that it acts as. */
  person: string;
  /** What it may be used for. */
  scopes: Scopes;
  /** When it was made, RFC 3339 in UTC. */
  created: string;
  /** When it expires, RFC 3339 in UTC; null: it does not. */
  expires: string | null;
  /** When it was used last, RFC 3339 in UTC, correct to some minutes; null: never. */
  used: string | null;
  /** The address that it was used from last; empty: never used. */
  address: string;
  /** How many connections it has open now. */
  connections: number;
  /** Whether it counts; one that has expired is listed for some weeks. */
  is_valid: boolean;
}

/** Tokens, the newest first. Those that were revoked are not among them. */
export interface TokenList {
  /** The tokens. */
  tokens: Token[];
}

/** Which tokens are revoked: exactly one of `id` and `all`. */
export interface RevokeToken {
  /** The id of the only token that is revoked; null: see `all`. */
  id?: string | null;
  /** Whether all of the caller are. */
  all?: boolean;
}

/** The tokens that were revoked, with those that they had made. */
export interface RevokedTokens {
  /** Their ids. */
  ended: string[];
}

/** Which lines are listed: those that have all that is given here, the newest first. */
export interface ListAudit {
  /** The person, or their name; null: everybody. */
  person?: string | null;
  /** The method, or a group such as `file.*`; null: all. */
  method?: string | null;
  /** The id of the session; null: all. */
  session?: string | null;
  /** Lines from this time on, RFC 3339; null: all that there are. */
  since?: string | null;
  /** Whether only what has failed is listed. */
  failed?: boolean;
  /** Lines with smaller numbers only; null: from the newest on. */
  before?: number | null;
  /** How many lines at most. */
  limit?: number;
}

/** One line of the audit log. */
export interface AuditLine {
  /** Its number; lines have no gaps. */
  seq: number;
  /** RFC 3339 in UTC with microseconds. */
  time: string;
  /** Who it was: `owner`, `account ID`, `hub NAME`, or the id of a guest's login; empty: nobody who is known, or the server itself. */
  person: string;
  /** What they were called then. */
  name: string;
  /** What they used: `page`, `command`, `program` (the start-up token), `token NAME`, `jupyter`; empty: nothing, or not known. */
  by: string;
  /** The address that it came from; of IPv6 the first 64 bits. */
  address: string;
  /** The method that was called, or another word: `edit`, `sign_in`, `sign_in_failed`, `sign_out`, `download`, `upload`, `server_started`, and what the log says of itself (`log_...`). */
  method: string;
  /** The id of the session that it was about; null: none. */
  session: string | null;
  /** The path of the file, or of the document of that session, relative to the server's root; null: none. */
  path: string | null;
  /** The other path, of what has two; null: none. */
  to: string | null;
  /** What else it was about, such as `execution e1` or `label nightly`. */
  target: string;
  /** `ok`, or the name of the failure. */
  result: string;
}

/** Lines of the audit log, the newest first. */
export interface AuditLines {
  /** The lines. */
  lines: AuditLine[];
  /** What the next call gives as `before`; null: there are no more. */
  before: number | null;
}

/** Whether the audit log is whole: no line was changed, removed, added or moved by somebody who has not the key. */
export interface AuditVerification {
  /** How many lines were looked at. */
  lines: number;
  /** Whether all of them are as they were written, from the first one that was kept to the last one that was written. */
  whole: boolean;
  /** What is wrong first, as a sentence; empty: nothing. */
  fault: string;
  /** The number of the line where that is; null: nothing is wrong, or it is no line. */
  seq: number | null;
  /** The time of the first line; null: there is none. */
  first: string | null;
  /** The time of the last line; null: there is none. */
  last: string | null;
  /** Bytes of a line after the last one that was never finished, as by a power cut; the next start cuts them. */
  unfinished: number;
}

/** Somebody who has an account on this server. */
export interface User {
  /** The id of the account, which stays when its names change. */
  id: string;
  /** The name that they sign in with. */
  name: string;
  /** The name that others see: in shared notebooks, beside runs and in the history. */
  display_name: string;
  /** What the account is on the server: an admin may do everything; members and viewers, what is theirs and what is shared with them. */
  role: "admin" | "member" | "viewer";
  /** The groups that they are in, by name. */
  groups: string[];
  /** Whether they are kept out; what they have made stays. */
  disabled: boolean;
  /** Whether they have a password; without one they come by an invitation, or by the identity provider. */
  has_password: boolean;
  /** The address of the identity provider where they sign in; null: they do not. */
  identity_provider: string | null;
  /** Until when their invitation can be used, RFC 3339 in UTC; null: there is none. */
  invited_until: string | null;
  /** When the account was made, RFC 3339 in UTC. */
  created: string;
  /** When they signed in last, RFC 3339 in UTC; null: never. */
  signed_in: string | null;
  /** How many pages and programs of theirs are connected now. */
  connections: number;
}

/** The accounts of the server, by name. */
export interface UserList {
  /** The accounts. */
  users: User[];
}

/** The account to make. */
export interface AddUser {
  /** The name to sign in with: 1 to 32 letters of one script, digits and `. _ -`. It is compared without regard to case. */
  name: string;
  /** The name that others see; null: the sign-in name. */
  display_name?: string | null;
  /** What the account is on the server: an admin may do everything; members and viewers, what is theirs and what is shared with them. */
  role?: "admin" | "member" | "viewer";
  /** The groups that they are in, by name. */
  groups?: string[];
  /** Their password, 8 to 1024 characters; null: they have none, and come by an invitation (`user.invite`). */
  password?: string | null;
}

/** One account. */
export interface OfUser {
  /** The id of the account, or the name to sign in with. */
  user: string;
}

/** What changes of an account; what is null stays. */
export interface SetUser extends OfUser {
  /** The name of the kernelspec, as people read it. */
  display_name?: string | null;
  /** What the account is on the server from now on; null: what it was. */
  role?: "admin" | "member" | "viewer" | null;
  /** The groups that they are in from now on, by name; null: those of before, as `join` and `leave` change them. */
  groups?: string[] | null;
  /** Groups that they are in from now on, besides those of before. */
  join?: string[];
  /** Groups that they are in no longer; nothing happens with those that they are not in. */
  leave?: string[];
  /** Whether they are kept out: then all of their logins end at once. */
  disabled?: boolean | null;
}

/** Whom to invite: somebody who has an account, with or without a password. */
export interface Invite extends OfUser {
  /** The days that the invitation can be used. */
  days?: number;
}

/** An invitation: it works once, and takes the place of the one before it. */
export interface Invitation {
  /** The id of the account. */
  user: string;
  /** The whole address, with its secret in the fragment: `…/#invite=SECRET`. No other result has it. */
  url: string;
  /** Until when it can be used, RFC 3339 in UTC with microseconds. */
  expires: string;
}

/** The new password of somebody else. */
export interface SetPassword extends OfUser {
  /** 8 to 1024 characters. */
  password: string;
}

/** A password that counts from now on. */
export interface PasswordChanged {
  /** How many script tokens of the account go on working: a password does not end them, `token.revoke` does. */
  tokens: number;
}

/** The account that the caller has signed in to. */
export interface OwnAccount {
  /** The id of the account. */
  id: string;
  /** The name to sign in with. */
  name: string;
  /** The name that others see. */
  display_name: string;
  /** What the account is on the server: an admin may do everything; members and viewers, what is theirs and what is shared with them. */
  role: "admin" | "member" | "viewer";
  /** The groups that they are in, by name. */
  groups: string[];
  /** When it was made, RFC 3339 in UTC with microseconds. */
  created: string;
  /** Whether they have a password. */
  has_password: boolean;
  /** What the identity provider is called where they sign in; null: they do not. */
  identity_provider: string | null;
  /** The address that mails about their runs go to; null: they have set none. */
  mail: string | null;
  /** Whether this server sends such mails (`--smtp`). */
  sends_mail: boolean;
}

/** The new name that others see. */
export interface Rename {
  /** The name of the kernelspec, as people read it. */
  display_name: string;
}

/** Where the caller wants mails. */
export interface SetMail {
  /** The address; null: nowhere. */
  address: string | null;
}

/** The caller's new password. */
export interface ChangePassword {
  /** The password of before. */
  old: string;
  /** 8 to 1024 characters. */
  new: string;
}

/** A code with which `webipy login` signs in as the caller: it works once, for some minutes. */
export interface SignInCode {
  /** The source code. */
  code: string;
  /** Until when it can be used, RFC 3339 in UTC with microseconds. */
  expires: string;
}

/** Which execution. */
export interface AskNotification extends OfSession {
  /** The id of the execution. */
  execution: string;
}

/** A notification that was asked for. */
export interface Asked {
  /** Its id: the same person, session and execution have the same one. */
  id: string;
}

/** A notification that waits for the end of what it is about. */
export interface Waiting {
  /** The id of the notification. */
  id: string;
  /** The id of the session. */
  session: string;
  /** The ids of the executions: it is sent when all of them have ended. */
  executions: string[];
  /** When it was asked for, RFC 3339 in UTC. */
  asked: string;
}

/** The notifications that the caller waits for, the oldest first. */
export interface NotificationList {
  /** The notifications. */
  waiting: Waiting[];
  /** How they come beside pages: `webhook`, `mail`, `push`. */
  ways: string[];
}

/** Which notification was shown. */
export interface ConfirmNotification {
  /** Its id. */
  id: string;
  /** Whether somebody was looking at the page: then none of their browsers is told by Web Push. */
  seen?: boolean;
}

/**
 * The code to run. The same `id` again is the same execution: the answer is repeated and nothing runs twice.
 *
 * A failure drops what waits behind it in the same queue: what the same person has started under the same `queue`, or, without one, over the same
 * WebSocket or by POST. Runs, and what others have queued, go on.
 */
export interface StartExecution extends OfSession {
  /** The source code. */
  code: string;
  /** The id of the cell that shows the outputs; null: no cell does. */
  cell?: string | null;
  /** The id of the execution; null: the server makes one. */
  id?: string | null;
  /** Whether the execution shows no result, gets no number, and is not in the kernel's history (Jupyter messaging 5.4). */
  silent?: boolean;
  /** Whether the kernel keeps the code in its own history (Jupyter messaging 5.4, execute_request). */
  store_history?: boolean;
  /** Whether a failure keeps what waits behind it from running. */
  stop_on_error?: boolean;
  /** Whether the code may ask a person for a line, with `input()` or `getpass()`. */
  allow_stdin?: boolean;
  /** Expressions that the kernel evaluates after the code, by their names (Jupyter messaging 5.4, execute_request). */
  user_expressions?: { [name: string]: string };
  /** The name of the queue; null: the queue of the connection. */
  queue?: string | null;
  /** The header of the execute_request of a client of Jupyter's API, a JSON map of at most 4096 bytes; left out: there is none. */
  request?: Json;
  /** Whether the caller is told when it has ended, wherever they are then, as by `notification.ask`. */
  notify?: boolean;
}

/** The execution is in the journal. */
export interface ExecutionAccepted {
  /** The id of the execution. */
  execution: string;
  /** The seq of its `execution_queued`. */
  seq: number;
}

/** At which event. */
export interface ListExecutions extends OfSession {
  /** The seq of the event; null: the newest one. */
  at?: number | null;
}

/** The executions that had not finished, in the order in which they were queued. */
export interface ExecutionList {
  /** Their `execution_queued` events. */
  queued: Json[];
}

/** A method on one execution. */
export interface OfExecution extends OfSession {
  /** The id of the execution. */
  execution: string;
}

/** The execution to wait for. */
export interface WaitExecution extends OfExecution {
  /** The most seconds to wait; then the call fails with `timeout`, and the execution goes on. */
  timeout_s?: number;
}

/** One run of some code. */
export interface Execution {
  /** The id of the session. */
  session: string;
  /** The id of the execution. */
  id: string;
  /** `queued` or `running` until it has ended, then how it ended. */
  status: "queued" | "running" | ExecutionStatus;
  /** The source code. */
  code: string;
  /** Its outputs as page and file show them, of nbformat 4.5. */
  outputs: JsonMap[];
  /** The id of the cell that it belongs to; null: it belongs to none. */
  cell: string | null;
  /** The number that the kernel gave to the execution; null: it has none. */
  execution_count: number | null;
  /** Seconds from its start to its end, 0 when it never started; null: it has not ended. */
  duration_s: number | null;
  /** Why it was `aborted`, `cancelled` or `lost`, as one sentence for a person; empty otherwise. */
  reason: string;
  /** The values of the expressions that came with the code, by their names (Jupyter messaging 5.4); left out: none. */
  user_expressions?: JsonMap;
  /** When it was queued, RFC 3339 in UTC with microseconds; null: not known. */
  queued: string | null;
  /** When the kernel began to run it, RFC 3339 in UTC with microseconds; null: it has not begun. */
  started: string | null;
  /** When it ended, RFC 3339 in UTC with microseconds; null: it has not ended. */
  finished: string | null;
  /** The name of the person who started it; null: the server did. */
  by: string | null;
  /** The id of the run of many cells that it is part of; null: it is part of none. */
  run: string | null;
  /** The version of the cell's source that `code` is; null: `code` is not just that source. */
  version: number | null;
}

/** Which part of an output to return: of the text of a stream, or, with `mime`, of a large value that another output refers to. */
export interface ReadOutput extends OfExecution {
  /** The number of the output in its execution, from 0. */
  output: number;
  /** Where the part begins: in unicode characters of the text as it was written; with `mime`, in bytes of the value as UTF-8. */
  offset?: number;
  /** The most that is returned, in the unit of `offset`; with `mime` the part ends between two characters. */
  limit?: number;
  /** The MIME type of the value, as the metadata of the output names it (`webipy.blobs`); null: the output is a stream. */
  mime?: string | null;
}

/** A part of the text of an output. */
export interface OutputText {
  /** The text of the part. */
  text: string;
  /** Where the part begins, in the unit of the call. */
  offset: number;
  /** The size of the whole, in unicode characters; with `mime`, in bytes. */
  size: number;
}

/** The line that `input()` or `getpass()` waits for. */
export interface ReplyInput extends OfSession {
  /** The id of the request for input. */
  request: string;
  /** The line, without its line end; at most 10,000,000 characters. */
  value: string;
}

/** The change is in the journal. */
export interface Accepted {
  /** The seq of the event that has the change. */
  seq: number;
}

/** The comm to open. */
export interface OpenComm extends OfSession {
  /** The name of the target that the kernel has registered for such comms. */
  target: string;
  /** The id of the comm; null: the server makes one. */
  comm?: string | null;
  /** The `data` of comm_open (Jupyter messaging 5.4), a JSON map; left out: `{}`. */
  content?: Json;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata?: JsonMap;
  /** The binary buffers of the message, each in base64. */
  buffers?: string[];
}

/** The message to the comm is in the journal, and sent. */
export interface CommAccepted {
  /** The id of the comm. */
  comm: string;
  /** The seq of the event. */
  seq: number;
}

/** A message for the kernel's side of a comm. */
export interface SendComm extends OfSession {
  /** The id of the comm. */
  comm: string;
  /** The `data` of comm_msg (Jupyter messaging 5.4), a JSON map; left out: `{}`. */
  content?: Json;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata?: JsonMap;
  /** The binary buffers of the message, each in base64. */
  buffers?: string[];
}

/** The comm to close. */
export interface CloseComm extends OfSession {
  /** The id of the comm. */
  comm: string;
  /** The `data` of comm_close (Jupyter messaging 5.4), a JSON map; left out: `{}`. */
  content?: Json;
}

/**
 * A Jupyter request, and how long to wait for its reply.
 *
 * These can be sent: `kernel_info_request`, `comm_info_request`; and by who manages the session also `connect_request`, `usage_request`,
 * `list_subshell_request`, `create_subshell_request`, `delete_subshell_request`, and `debug_request`, which stands in the journal (`message_sent`).
 * What has a method of its own, such as `execute_request`, is refused here.
 */
export interface SendMessage extends OfSession {
  /** The channel to send it on. */
  channel: "control" | "shell";
  /** The type of the message (Jupyter messaging 5.4). */
  msg_type: string;
  /** The content of the message, a JSON map; in params, left out: `{}`. */
  content?: Json;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata?: JsonMap;
  /** The binary buffers of the message, each in base64. */
  buffers?: string[];
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** The reply of the kernel, whole. */
export interface Reply {
  /** The type of the message (Jupyter messaging 5.4). */
  msg_type: string;
  /** The content of the message, a JSON map; in params, left out: `{}`. */
  content: JsonMap;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata: JsonMap;
  /** The binary buffers of the message, each in base64. */
  buffers: string[];
}

/** Where to complete code. */
export interface GetCompletion extends OfSession {
  /** The source code. */
  code: string;
  /** The position of the cursor in `code`: unicode characters before it. */
  cursor: number;
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** The texts that may stand at the cursor (Jupyter messaging 5.4, complete_reply). */
export interface Completion {
  /** The texts; each may replace what is between `cursor_start` and `cursor_end`. */
  matches: string[];
  /** Where the replaced text begins: unicode characters before it. */
  cursor_start: number;
  /** Where the replaced text ends: unicode characters before that. */
  cursor_end: number;
  /** More about the texts, a JSON map: `_jupyter_types_experimental` has kinds and signatures, if the kernel gives them. */
  metadata: JsonMap;
}

/** The name to look at. */
export interface GetInspection extends OfSession {
  /** The source code. */
  code: string;
  /** The position of the cursor in `code`: unicode characters before it. */
  cursor: number;
  /** 0: signature and documentation; 1: the source too. */
  detail?: 0 | 1;
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** What the kernel knows of a name (Jupyter messaging 5.4, inspect_reply). */
export interface Inspection {
  /** Whether the kernel knows the name. */
  found: boolean;
  /** A map of MIME types to texts; empty when nothing was found. */
  data: JsonMap;
  /** The metadata of `data`, a JSON map. */
  metadata: JsonMap;
}

/** The code to judge. */
export interface IsComplete extends OfSession {
  /** The source code. */
  code: string;
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** Whether the code may be run as it is (Jupyter messaging 5.4, is_complete_reply). */
export interface Completeness {
  /** What the kernel says of the code. */
  status: "complete" | "incomplete" | "invalid" | "unknown";
  /** What the next line of incomplete code should start with. */
  indent: string;
}

/** Which entries of the kernel's own history to return. */
export interface GetHistory extends OfSession {
  /** The most entries, the last ones. */
  n?: number;
  /** A glob that the inputs must match; null: all. */
  pattern?: string | null;
  /** Whether an input that comes more than once is returned only once. */
  unique?: boolean;
  /** A session of the kernel's history, whose lines `start` to `stop` are returned whatever `n` and `pattern` say: 0 is that of the running kernel, -1 the one before; null: all sessions. */
  of?: number | null;
  /** The first line of that session, from 0. */
  start?: number;
  /** The line before which to end; null: to the last one. */
  stop?: number | null;
  /** Whether inputs are as they were typed, before the kernel transformed them. */
  raw?: boolean;
  /** Whether each input comes with its output. */
  output?: boolean;
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** Entries of the kernel's own history (Jupyter messaging 5.4, history_reply). */
export interface History {
  /** The entries, each `[kernel session, line number, input]`; with outputs, the input is a pair `[input, output]`. */
  history: Json[];
}

/**
 * How long to wait for the variables of the kernel.
 *
 * The kernel makes the texts of the values. That may run code of classes that were defined there; its output goes nowhere.
 */
export interface ListVariables extends OfSession {
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** A name and what it holds. */
export interface Variable {
  /** The name. */
  name: string;
  /** The name of the type of the value. */
  type: string;
  /** What kind of thing the value is. */
  group: "function" | "module" | "value";
  /** Its length, or its shape; null: it has none. */
  size: number[] | null;
  /** The value as a short text. */
  text: string;
}

/** The first few hundred variables, values before functions and modules. */
export interface VariableList {
  /** Whether the kernel could be asked: `unsupported` for kernels of other languages. */
  status: "listed" | "unsupported";
  /** The variables. */
  variables: Variable[];
  /** How many variables there are. */
  all: number;
}

/**
 * Which rows of a table to return. The table is known by the HTML that it was shown with.
 *
 * The kernel makes the texts of the values. That may run code of classes that were defined there; its output goes nowhere.
 */
export interface ReadVariable extends OfSession {
  /** The `text/html` of the output that shows the table. */
  html: string;
  /** The number of the first row, from 0. */
  offset?: number;
  /** The most rows that are returned; fewer are when they are long. */
  limit?: number;
  /** The number of the column that rows are sorted by, from 0; null: as they are in the table. */
  sort?: number | null;
  /** Whether the greatest value comes first; rows without a value come last either way. */
  descending?: boolean;
  /** Only rows with a value that has this text in it, in whatever case; empty: all rows. Without effect if `can_filter` is false. */
  filter?: string;
  /** Whether a value is returned whole, up to 8 million characters; otherwise one of more than 2,000 is cut, and ends with `…`. */
  whole?: boolean;
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** Some rows of a table in the kernel. */
export interface VariablePart {
  /** `gone`: the kernel has no table that is shown like that, as it was changed or let go of; `unsupported` for kernels of other languages. */
  status: "gone" | "shown" | "unsupported";
  /** The names of the columns. */
  columns: string[];
  /** The values of each row, as texts. */
  rows: string[][];
  /** The name of each of these rows. */
  labels: string[];
  /** Whether rows have names of their own, and not their numbers. */
  has_labels: boolean;
  /** How many rows there are. */
  total: number;
  /** Whether the table is small enough to be filtered. */
  can_filter: boolean;
}

/**
 * The name to look up: the one at the cursor. A dotted name counts up to the end of the word that the cursor is in.
 *
 * A kernel that runs code and cannot answer meanwhile is not asked (failure `kernel_busy`).
 */
export interface GetDefinition extends OfSession {
  /** The code that has the name; at most 200,000 unicode characters. */
  code: string;
  /** The position of the cursor in `code`: unicode characters before it. */
  cursor: number;
  /** How many seconds the kernel has to answer; then the call fails with `timeout`. */
  timeout_s?: number;
}

/** Where a name is defined. */
export interface Definition {
  /** `found`; or `built_in` (compiled into the language or a library: there is no source to read), `no_source` (what defined it cannot be read), `value` (a variable: a kernel does not note who assigned it), `unknown` (the kernel has no such name), `no_name` (there is none at the cursor) or `unsupported` (kernels of this language cannot be asked). */
  status: "built_in" | "found" | "no_name" | "no_source" | "unknown" | "unsupported" | "value";
  /** The name; empty: there is none. */
  name: string;
  /** What the name is; empty: not known. */
  kind: "" | "class" | "function" | "module" | "variable";
  /** The type of the value of a variable; empty: not known. */
  type: string;
  /** Where it is defined: in a `file`, in a `cell`, or in the `code` of the call; null: not found. */
  place: "cell" | "code" | "file" | null;
  /** The path of the file as the kernel sees it; null: it is in no file. */
  file: string | null;
  /** The path of the file relative to the server's root, for the methods `file.*`; null: they do not reach it. */
  path: string | null;
  /** The number of the execution of the cell; null: it is in no cell. */
  execution_count: number | null;
  /** The line to look at, from 1; 0: none. */
  line: number;
  /** Some lines of the source around it; of `code` only the line itself. */
  source: string;
  /** The number of the first line of `source`, from 1; 0: there is none. */
  first_line: number;
  /** How many lines the whole source has. */
  lines: number;
}

/** A cell as it is now. */
export interface Cell {
  /** The id of the cell. */
  id: string;
  /** The type of the cell. */
  cell_type: CellType;
  /** The source of the cell. */
  source: string;
  /** The version of the cell's source: 0 at first, and one more with each change set. */
  version: number;
  /** Whether the source was changed since its last run. */
  is_stale: boolean;
  /** The id of its last execution; null: it was not run. */
  execution: string | null;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata?: JsonMap;
  /** The attachments of the cell (nbformat 4.5), a JSON map; left out: it has none. */
  attachments?: Json;
}

/** The cells in their order. */
export interface CellList {
  /** The seq of the newest event: the cells are as it left them. */
  seq: number;
  /** The cells. */
  cells: Cell[];
}

/** The cell to insert. The same `id` again changes nothing and has the same answer. */
export interface InsertCell extends OfSession {
  /** The id of the cell that it stands after; null: it stands first. */
  after?: string | null;
  /** The type of the cell. */
  cell_type?: CellType;
  /** The source of the cell. */
  source?: string;
  /** The id of the cell; null: the server makes one. */
  id?: string | null;
  /** The metadata, a JSON map; in params, left out: `{}`. */
  metadata?: JsonMap;
  /** The attachments of the cell (nbformat 4.5), a JSON map; left out: it has none. */
  attachments?: Json;
  /** The id of a cell, there or among those that were deleted last, whose outputs the new one shows, too; unknown: none. */
  outputs_of?: string | null;
  /** The session of that cell; null: this one. One that is not open has none. */
  outputs_from?: string | null;
}

/** The change of a cell is in the journal. */
export interface CellAccepted {
  /** The id of the cell. */
  cell: string;
  /** The seq of the event. */
  seq: number;
  /** The version of the cell's source: 0 at first, and one more with each change set. */
  version: number;
}

/** A method on one cell. */
export interface OfCell extends OfSession {
  /** The id of the cell. */
  cell: string;
}

/** Where to split a cell: what follows goes into a new cell after it, of the same type. */
export interface SplitCell extends OfCell {
  /** The version of the source that is split. */
  version: number;
  /** The position: UTF-16 units of the source before it. */
  at: number;
  /** The id of the new cell; null: the server makes one. */
  id?: string | null;
}

/** The cells to join, in the order of the notebook and with an empty line between. The first of them stays; the others are deleted. */
export interface MergeCells extends OfSession {
  /** The ids of the cells, in any order. */
  cells: string[];
}

/** The new metadata of a cell. */
export interface SetCellMetadata extends OfCell {
  /** All the metadata, a JSON map. */
  metadata: JsonMap;
}

/** The new attachments of a cell. */
export interface SetAttachments extends OfCell {
  /** All the attachments, a JSON map: a MIME bundle for each name. */
  attachments: Json;
}

/** Where to put the cell. */
export interface MoveCell extends OfCell {
  /** The id of the cell that it stands after; null: it stands first. */
  after?: string | null;
}

/**
 * How the source changes.
 *
 * A client that is behind gets `stale_version` with the current version, rebases on the `cell_edited` events between and calls again.
 */
export interface EditCell extends OfCell {
  /** The version of the source that the first change set is for. */
  version: number;
  /** Change sets, one after the other; each makes one version more. */
  changes: Changes[];
  /** What the editing client calls itself, so that it knows its own change when that comes back; at most 64 characters. */
  client?: string;
}

/** The new source of a cell. */
export interface SetSource extends OfCell {
  /** The source, whole. */
  source: string;
  /** The version of the source that is replaced; null: whichever it is. */
  version?: number | null;
}

/** The new type of a cell. */
export interface SetCellType extends OfCell {
  /** The type of the cell. */
  cell_type: CellType;
}

/** The cells whose outputs are put away. */
export interface ClearOutputs extends OfSession {
  /** The id of the cell; null: all cells. */
  cell?: string | null;
}

/** Outputs that another program has made, for a code cell. */
export interface SetOutputs extends OfCell {
  /** The outputs (nbformat 4.5), all that the cell shows then. */
  outputs: JsonMap[];
  /** The number that a kernel gave to the execution; null: there is none. */
  execution_count?: number | null;
}

/** The cells that show again what was cleared last under them. */
export interface RestoreOutputs extends OfSession {
  /** The ids of the cells; those that were deleted last, or that ran since, stay as they are. */
  cells: string[];
}

/** Why the file is not written: another program changed or deleted it. */
export interface Conflict {
  /** What does not go together, as one sentence for a person. */
  reason: string;
  /** The etag of the file that is there; null: it was deleted. */
  etag: string | null;
  /** The ids of the cells that differ on both sides. */
  cells: string[];
}

/** The document of a session: its file, and whether the file holds everything. */
export interface NotebookState {
  /** The id of the session. */
  session: string;
  /** The path of the file, relative to the server's root, with `/` between its parts; null: there is no file. */
  path: string | null;
  /** The format of the file: `ipynb`, or the name that jupytext has for a text format, such as `py:percent`. */
  format: string;
  /** The etag of the file, as it was last read or written; null: there is no file. */
  etag: string | null;
  /** Whether the file holds everything. */
  is_saved: boolean;
  /** The seq of the last event whose effect the file has. */
  saved_seq: number;
  /** The seq of the newest event of the session. */
  seq: number;
  /** How many cells the document has. */
  cells: number;
  /** The metadata of the document, a JSON map. */
  metadata: JsonMap;
  /** Why the file is not written; null: there is no conflict. */
  conflict: Conflict | null;
  /** Why it could not be written last, as one sentence for a person; null: it could. */
  save_failed: string | null;
  /** The minor version of nbformat 4 that the file has (cells have ids since 5); null: it is a text, or there is no file. */
  minor: number | null;
  /** What was wrong in the file and was repaired when it was read, one sentence each. */
  repairs: string[];
  /** Whether the file is written in place, as it cannot be replaced: another program may see half of it. */
  in_place: boolean;
}

/** How to write the file. */
export interface SaveNotebook extends OfSession {
  /** The new path of the file, relative to the server's root; its suffix chooses the format, and the session keeps it. Null: the path that it has. */
  path?: string | null;
  /** After a conflict: the etag of the file that may be replaced (what it held is kept beside it as a copy), or `"missing"` to write a deleted file again; null: nothing is overwritten. */
  overwrite?: string | null;
  /** Whether an `.ipynb` of nbformat 4.0 to 4.4 becomes one of 4.5, with the ids of its cells. */
  upgrade?: boolean;
}

/** The new metadata of the notebook. */
export interface SetNotebookMetadata extends OfSession {
  /** All the metadata, a JSON map. */
  metadata: JsonMap;
}

/** Which states of the document to return, the newest first. */
export interface ReadHistory extends OfSession {
  /** The most states that are returned. */
  limit?: number;
  /** Only states before the event with this seq; null: all. */
  before?: number | null;
}

/** A cell that a state of the document differs in from the one before, or that ran. */
export interface TouchedCell {
  /** The id of the cell. */
  cell: string;
  /** What happened to it. */
  what: "added" | "changed" | "moved" | "ran" | "removed";
}

/** A state of the document worth going back to. */
export interface HistoryPoint {
  /** The seq of the event after which the document was so. */
  seq: number;
  /** When that event was written, RFC 3339 in UTC with microseconds. */
  time: string;
  /** What made it; `edited` stands for a row of edits by one person. */
  kind: "checkpoint" | "conflict" | "edited" | "opened" | "ran" | "reloaded" | "saved";
  /** The name of the person who did it; null: the kernel or the server did. */
  by: string | null;
  /** The name of a checkpoint, the path of a file that was opened, reloaded or saved, or the reason of a conflict; else empty. */
  name: string;
  /** How many cells it touched. */
  cells: number;
  /** The first of these cells. */
  touched: TouchedCell[];
}

/** States of the document, the newest first. */
export interface HistoryPoints {
  /** The states. */
  moments: HistoryPoint[];
  /** The seq of the oldest state that can be shown. */
  first_seq: number;
}

/** A state of the document, by one of its three fields; without any of them: the state now. */
export interface AtPoint extends OfSession {
  /** The state after the event with this seq. */
  seq?: number | null;
  /** The state at this time, RFC 3339. */
  time?: string | null;
  /** The state with this name. */
  checkpoint?: string | null;
}

/** A state of the document. */
export interface NotebookAt {
  /** The seq of the event after which the document was so. */
  seq: number;
  /** When that event was written, RFC 3339 in UTC with microseconds. */
  time: string;
  /** The document, JSON of nbformat 4.5. */
  notebook: Json;
}

/** A name for the state of the document now. */
export interface MakeCheckpoint extends OfSession {
  /** The name, 1 to 100 characters. */
  checkpoint: string;
}

/** The two states to compare. */
export interface DiffNotebook extends OfSession {
  /** The older state: after the event with this seq. */
  since: number;
  /** The newer state: after the event with this seq; null: now. */
  until?: number | null;
}

/** How one cell differs. */
export interface CellChange {
  /** The id of the cell. */
  cell: string;
  /** What happened to it. */
  change: "added" | "changed" | "moved" | "removed";
  /** The type of the cell. */
  cell_type: CellType;
  /** Its source in the older state; null: it was not there. */
  before: string | null;
  /** Its source in the newer state; null: it is not there. */
  after: string | null;
  /** Whether its outputs differ. */
  outputs_changed: boolean;
  /** Whether its metadata differ. */
  metadata_changed: boolean;
}

/** How two states of the document differ. */
export interface NotebookDiff {
  /** The seq of the older state. */
  since: number;
  /** The seq of the newer state. */
  until: number;
  /** The cells that differ, in the order of the newer state (those removed where they stood). */
  cells: CellChange[];
  /** Whether the metadata of the notebook differ. */
  metadata_changed: boolean;
}

/** The state to restore, or one cell of it. */
export interface RestoreNotebook extends AtPoint {
  /** The id of the only cell that becomes what it was; one that is gone comes back where it stood; null: the whole document. */
  cell?: string | null;
}

/** The notebook to read, and whether its content is wanted. */
export interface ReadNotebook {
  /** The path of the file, relative to the server's root. */
  path: string;
  /** Whether the notebook itself is returned; else only what is known of it. */
  content?: boolean;
}

/** A notebook as it is now, for a client that keeps a copy of it and writes it back whole. */
export interface NotebookCopy {
  /** The path of the file, relative to the server's root. */
  path: string;
  /** The bytes of the file on disk. */
  size: number;
  /** Whether the server may write the file. */
  is_writable: boolean;
  /** When somebody last wrote in the notebook, RFC 3339 in UTC; outputs that a kernel made do not count. */
  modified: string;
  /** SHA-256, hex, of what people write in the notebook: it changes with its sources and metadata, and not with outputs. */
  text_hash: string;
  /** The id of its open session; null: there is none. */
  session: string | null;
  /** What was repaired in it to read it, in sentences. */
  repairs: string[];
  /** The document with its outputs, JSON of nbformat 4.5; its metadata have the id of the copy as `webipy_copy`. Left out: it was not asked for. */
  notebook?: Json;
}

/** A copy of a notebook as a client has it now. */
export interface MergeNotebook {
  /** The path of the file, relative to the server's root. */
  path: string;
  /** The whole notebook, JSON of nbformat 4, with the `webipy_copy` in its metadata that it came with. */
  notebook: Json;
}

/** The document after a copy was merged into it, and saved. */
export interface NotebookMerged {
  /** The path of the file, relative to the server's root. */
  path: string;
  /** Whether the file was made. */
  is_new: boolean;
  /** The id of its session; null: the file was made and is not open. */
  session: string | null;
  /** What was repaired in the notebook that was sent, in sentences. */
  repairs: string[];
}

/**
 * What the server does at the end of a run, and when it ends it early, whether its caller is still there or not.
 *
 * The result is written whole and at once. A run that was stopped never replaces a file: what it has is written beside.
 */
export interface RunPlan {
  /** The path of the file that gets the result, relative to the server's root; null: the notebook's own file. */
  to?: string | null;
  /** Whether the result may replace a file that is there. */
  overwrite?: boolean;
  /** Whether the result replaces a file only when every cell has ended well. */
  only_if_ok?: boolean;
  /** Seconds after which the run is stopped; null: no limit. */
  timeout_s?: number | null;
  /** Seconds that the kernel has to get ready, before the run is stopped; null: no limit. */
  start_timeout_s?: number | null;
  /** Seconds that running code has to react to the interrupt, before its kernel is killed, if the session is the run's own. */
  grace_s?: number;
  /** Whether the run is also stopped when nobody has followed its session for 10 s. */
  attached?: boolean;
  /** Whether a temporary session stays open after the run. */
  keep?: boolean;
}

/**
 * Which code cells to run, in their order. The same `id` again is the same run.
 *
 * Cells are chosen by `cells`, or by `which`; of the latter, those with the tag `skip-execution` are left out. With a `plan` the server brings the
 * run to its end, which `run_finished` reports.
 */
export interface RunNotebook extends OfSession {
  /** The ids of the cells to run; null: `which` chooses. */
  cells?: string[] | null;
  /** All cells, those before `cell` (`above`), `cell` and those after it (`below`), or those whose source was changed since their last run (`stale`). */
  which?: "above" | "all" | "below" | "stale";
  /** The id of the cell that `above` and `below` count from; null: for these, an error. */
  cell?: string | null;
  /** Whether a failure keeps the rest of the run from running, unless it is that of a cell with the tag `raises-exception`. */
  stop_on_error?: boolean;
  /** Values, by their names, that a new cell sets after the cell with the tag `parameters` (or first), in place of what an earlier run put there. `{"$numberDouble": "NaN"}` is a number that JSON lacks, as are `"Infinity"` and `"-Infinity"`. Left out: none. */
  parameters?: { [name: string]: Json };
  /** The id of the run; null: the server makes one. */
  id?: string | null;
  /** What the server does at the end; null: it does nothing. */
  plan?: RunPlan | null;
  /** Whether the caller is told once when all of its executions have ended, as by `notification.ask`. */
  notify?: boolean;
}

/** A cell and the execution that runs it. */
export interface CellRun {
  /** The id of the cell. */
  cell: string;
  /** The id of the execution. */
  execution: string;
  /** Whether its failure does not fail the run: it has the tag `raises-exception`. */
  may_fail: boolean;
}

/** The run is in the journal. */
export interface NotebookRun {
  /** The id of the run. */
  run: string;
  /** Its executions, in their order. */
  executions: CellRun[];
  /** The seq of the event that has the last of them. */
  seq: number;
}

/** An execution that has not ended. */
export interface QueuedExecution {
  /** The id of the execution. */
  execution: string;
  /** Whether it waits or runs. */
  status: "queued" | "running";
  /** The source code. */
  code: string;
  /** The id of the cell that it belongs to; null: it belongs to none. */
  cell: string | null;
  /** The id of the run of many cells that it is part of; null: it is part of none. */
  run: string | null;
  /** The name of the person who did it; null: the kernel or the server did. */
  by: string | null;
  /** When it was queued, RFC 3339 in UTC with microseconds; empty: not known. */
  queued: string;
}

/** The queue of a session. */
export interface ExecutionQueue {
  /** The seq of the newest event: the queue is as it left it. */
  seq: number;
  /** What has not ended: the one that runs first, then those that wait, in their order. */
  executions: QueuedExecution[];
}

/** Where a queued execution waits. */
export interface MoveExecution extends OfSession {
  /** The id of the execution. */
  execution: string;
  /** The id of the execution that it is to wait just before; null: it waits last. */
  before?: string | null;
}

/** What to take back of what waits. */
export interface CancelRun extends OfSession {
  /** The id of the run; null: everything that waits. */
  run?: string | null;
}

/** The executions that were taken back. */
export interface RunCancelled {
  /** Their ids, in their order. */
  executions: string[];
}

/** A notebook, and where the result of its run would be written. */
export interface CheckRun {
  /** The path of the notebook, relative to the server's root; null: it has no file. */
  path: string | null;
  /** The path that the result would get, relative to the server's root. */
  to: string;
  /** Whether the result may replace a file that is there. */
  overwrite?: boolean;
}

/** The run to end early: what waits is taken back, and what runs is interrupted. */
export interface StopRun extends OfSession {
  /** The id of the run. */
  run: string;
  /** Seconds that running code has to react to the interrupt, before its kernel is killed, if the session is the run's own; null: as the plan says. */
  grace_s?: number | null;
}

/** One run that has a plan. */
export interface OfRun {
  /** The id of the run. */
  run: string;
}

/** A run that has a plan. */
export interface RunState {
  /** The id of the run. */
  run: string;
  /** The id of the session. */
  session: string;
  /** The path of the notebook that was run, relative to the server's root; null: it has no file. */
  source: string | null;
  /** How it ended; null: it has not ended. */
  status: "cancelled" | "error" | "lost" | "not_started" | "ok" | "timed_out" | null;
  /** The path of the file that has the result, relative to the server's root; null: there is none. */
  path: string | null;
  /** Why there is no result in a file, as one sentence for a person; empty: there is one, or the run goes on. */
  reason: string;
  /** When it began, RFC 3339 in UTC with microseconds; empty: not known. */
  started: string;
  /** When it ended, RFC 3339 in UTC with microseconds; null: it has not ended. */
  finished: string | null;
}

/** The format to make of the document. */
export interface ExportNotebook extends OfSession {
  /** The format. */
  format: ExportFormat;
  /** Whether it shows the code. */
  input?: boolean;
  /** Whether it shows the numbers of cells. */
  prompts?: boolean;
  /** The name of a template that is installed beside nbconvert, for html, slides and pdf; null: webipy's own. */
  template?: string | null;
}

/** Where the export can be fetched with the same login, for an hour: `GET url`. */
export interface Exported {
  /** The path of its address on this server. */
  url: string;
  /** The name of the file. */
  name: string;
  /** The MIME type of the file. */
  media_type: string;
  /** Its size in bytes. */
  size: number;
}

/** One file or folder. */
export interface OfFile {
  /** The path of the file or folder, relative to the server's root, with `/` between its parts; empty: the root itself. */
  path: string;
}

/** Which part of a folder to return: folders first, then by name. */
export interface ListFiles extends OfFile {
  /** The number of the first entry that is returned, from 0. */
  offset?: number;
  /** The most entries that are returned. */
  limit?: number;
}

/** A file or folder. */
export interface File {
  /** The last part of its path. */
  name: string;
  /** The path of the file or folder, relative to the server's root. */
  path: string;
  /** What it is: a `notebook` is a file that opens as one by its name, `other` is what cannot be opened, such as sockets and dangling links. */
  kind: "file" | "folder" | "notebook" | "other";
  /** Its size in bytes. */
  size: number;
  /** When it was last changed, RFC 3339 in UTC. */
  modified: string;
  /** The etag of the file; it changes whenever the content of the file may have changed. */
  etag: string;
  /** Whether the server may write it. */
  is_writable: boolean;
  /** The id of the open session of this file; null: there is none. */
  session: string | null;
  /** What the kernel of that session does; null: there is none. */
  kernel_state: KernelState | null;
}

/** A part of a folder. */
export interface FileList {
  /** The path of the folder, relative to the server's root. */
  path: string;
  /** The files and folders of this part. */
  entries: File[];
  /** How many entries the folder has, without hidden ones. */
  total: number;
}

/** Which files to find by their names. */
export interface FindFiles {
  /** Words; a file is found when each is in its path, or at least its letters in their order. */
  query: string;
  /** The most files that are returned. */
  limit?: number;
}

/** The files that were found, the best ones first. */
export interface FoundFiles {
  /** The files and folders. */
  entries: File[];
  /** Whether all names below the root were looked at; else call again for the rest. */
  is_complete: boolean;
}

/** Which part of a file to return; larger parts are read by `GET /files/PATH`. */
export interface ReadFile extends OfFile {
  /** Where the part begins, in bytes. */
  offset?: number;
  /** The most bytes that are returned. */
  limit?: number;
}

/** A part of a file. */
export interface FileContent {
  /** The part: its text where it is UTF-8, else base64. */
  content: string;
  /** How `content` is written: as its own text (`utf-8`), or in `base64`. */
  encoding: "base64" | "utf-8";
  /** Where the part begins, in bytes. */
  offset: number;
  /** The size of the whole file, in bytes. */
  size: number;
  /** The etag of the file; it changes whenever the content of the file may have changed. */
  etag: string;
}

/** The folder to watch. */
export type WatchFolder = OfFile;

/** What a file holds from now on; it is replaced whole, atomically. */
export interface WriteFile extends OfFile {
  /** The whole content, written as `encoding` says. */
  content: string;
  /** How `content` is written: as its own text (`utf-8`), or in `base64`. */
  encoding?: "base64" | "utf-8";
  /** The etag that the file must have now; `"missing"`: there must be no file; null: whatever is there is replaced. */
  if_match?: string | null;
}

/** The file, folder or notebook to make. */
export interface CreateFile extends OfFile {
  /** What to make; a `notebook` gets one empty cell, a `file` is empty. */
  kind?: "file" | "folder" | "notebook";
  /** The name of the kernelspec that a notebook is for; null: the default one. */
  kernelspec?: string | null;
  /** Whether another name is found when the name is taken. */
  unique?: boolean;
}

/** The new path of a file or folder; nothing is written over something that exists. */
export interface MoveFile extends OfFile {
  /** The new path, relative to the server's root. */
  to: string;
}

/** Where to copy a file or folder; nothing is written over something that exists. */
export interface CopyFile extends OfFile {
  /** The path of the copy, relative to the server's root; null: a free name beside it. */
  to?: string | null;
  /** Whether of a link the link itself is copied; else what it leads to. */
  entry?: boolean;
}

/** The file or folder to delete. */
export interface DeleteFile extends OfFile {
  /** Whether a folder that holds something is deleted, too. */
  recursive?: boolean;
  /** Whether it is deleted for good; else it is kept in the trash. */
  permanent?: boolean;
}

/** Something in the trash. */
export interface Trashed {
  /** Its name in the trash. */
  id: string;
  /** The path where it was, relative to the server's root. */
  path: string;
  /** What it is. */
  kind: "file" | "folder" | "notebook" | "other";
  /** Its size in bytes. */
  size: number;
  /** When it was deleted, RFC 3339 in UTC. */
  deleted: string;
  /** Where it is now, an absolute path on the server's machine. */
  location: string;
}

/** What was deleted. */
export interface Deleted {
  /** What it is in the trash; null: it is gone for good. */
  trashed: Trashed | null;
}

/** How much of the trash to return. */
export interface ListTrash {
  /** The most entries, the latest ones. */
  limit?: number;
}

/** What was deleted below the root and is still in the trash, the latest first. */
export interface TrashList {
  /** What is in the trash. */
  entries: Trashed[];
}

/** Something that is in the trash; `path` is where it was. */
export interface OfTrashed extends OfFile {
  /** Its name in the trash. */
  id: string;
}

/** What to bring back, and where to; nothing is written over something that exists. */
export interface RestoreFile extends OfTrashed {
  /** The new path, relative to the server's root; null: where it was. */
  to?: string | null;
}

/** An account, all accounts of a group, or everybody with an account. */
export interface Recipient {
  /** Whether it is one account, a group, or everybody with an account. */
  kind?: "account" | "everybody" | "group";
  /** Of an account its id or the name that it signs in with, of a group its name; empty for everybody. */
  whom?: string;
}

/** A notebook that is handed out. */
export interface OfHandout {
  /** The path of the notebook, relative to the server's root. Copies stand beside it, in `handed-out/NAME/`. */
  path: string;
  /** Whom it is about. The caller is left out where only a group or everybody names them. */
  recipients?: Recipient[];
}

/** Who gets a copy. With `execute`, they run code as the person who runs the server, and can do what that person can. */
export interface MakeHandout extends OfHandout {
  /** The right that each has to their copy; who has one already keeps that of before. */
  verb?: Right;
  /** Files and folders that the notebook reads, by their paths from its folder, such as `data.csv`. They are copied once, to where the copies of the notebook find them by the same paths, at most 256 MiB and 2,000 files; each recipient may read them. What stands there already stays as it is, and what begins with a dot is left out. */
  files?: string[];
}

/** What became of the copy for one person. */
export interface Copied {
  /** The id of the account. */
  account: string;
  /** The name that they sign in with. */
  name: string;
  /** The name that others see. */
  display_name: string;
  /** It was made; they had one, which was left as it is; or it could not be made. */
  result: "failed" | "had" | "made";
  /** The path of their copy, relative to the server's root; null: there is none. */
  copy_path: string | null;
  /** Why it could not be made, a sentence; null: it was. */
  reason: string | null;
}

/** What became of a file or folder that the copies need. */
export interface HandedFile {
  /** Its path from the notebook's folder. */
  name: string;
  /** It was copied, or what was missing of it; or all of it stood there already, and was left as it is. */
  result: "had" | "made";
  /** The path of the copy, relative to the server's root. */
  copy_path: string;
}

/** What became of each copy. */
export interface HandoutMade {
  /** The folder of the copies, relative to the server's root. */
  folder: string;
  /** One for each recipient, by the name that they sign in with. */
  copies: Copied[];
  /** What became of the files and folders that were named. */
  files: HandedFile[];
}

/** Somebody's copy, or that they have none. */
export interface HandoutCopy {
  /** The id of the account. */
  account: string;
  /** The name that they sign in with; of an account that is not there any more, its id. */
  name: string;
  /** The name that others see; of an account that is not there any more, its id. */
  display_name: string;
  /** They have no copy (`none`); its file is not there any more (`gone`), is as it was handed out (`untouched`), was opened by somebody, or was changed since. */
  state: "changed" | "gone" | "none" | "opened" | "untouched";
  /** The path of their copy, relative to the server's root; null: they have none. */
  copy_path: string | null;
  /** The right that was given to them there. */
  verb: Verb;
  /** When it was handed out, RFC 3339 in UTC with microseconds; null: they have none. */
  handed_out: string | null;
  /** When it was first opened, by whomever, RFC 3339 in UTC; null: never, or its session is not kept any more. */
  opened: string | null;
  /** When its file was changed last, RFC 3339 in UTC with microseconds; null: never. */
  changed: string | null;
  /** The id of the open session that has it; null: it is not open. */
  session: string | null;
  /** Whether they have it open in a page now. */
  is_here: boolean;
  /** Whether they are one of the recipients of the call. */
  is_recipient: boolean;
}

/** Who has a copy of a notebook, and what they have done with it. */
export interface HandoutList {
  /** The folder of the copies, relative to the server's root. */
  folder: string;
  /** By the name that people sign in with: everybody who has a copy, and those of the recipients who have none. */
  copies: HandoutCopy[];
}

/** Which rows of a file to return. Only files of up to 16 MiB are sorted and filtered (else failure `too_large`). */
export interface ReadTable extends OfFile {
  /** The number of the first row, from 0; a first line that names the columns is no row. */
  offset?: number;
  /** The most rows that are returned. */
  limit?: number;
  /** What stands between two values; null: it is found out. */
  delimiter?: "	" | "," | ";" | "|" | null;
  /** The number of the column that rows are sorted by, from 0; null: as they stand in the file. */
  sort?: number | null;
  /** Whether the greatest value comes first; rows without a value come last either way. */
  descending?: boolean;
  /** Only rows with a value that has this text in it, in whatever case; empty: all rows. */
  filter?: string;
}

/** Some rows of a file. */
export interface TablePart {
  /** The names of the columns; empty: the file has none. */
  columns: string[];
  /** The values of each row; there are fewer rows than asked for when they are long. */
  rows: string[][];
  /** The number of the first of them, from 0. */
  offset: number;
  /** How many rows there are; how many were found up to now, if `is_whole` is false. */
  total: number;
  /** Whether the whole file was counted; else the next call counts on. */
  is_whole: boolean;
  /** Whether the file is small enough to be sorted and filtered. */
  can_order: boolean;
  /** What stands between two values. */
  delimiter: string;
  /** How `content` is written: as its own text (`utf-8`), or in `base64`. */
  encoding: "utf-8" | "windows-1252";
  /** The size of the whole file, in bytes. */
  size: number;
  /** The etag of the file; it changes whenever the content of the file may have changed. */
  etag: string;
}

/** A shell on a terminal of the server's machine; it goes on without anybody who looks, and without the server. */
export interface Terminal {
  /** The id of the terminal. */
  id: string;
  /** What its program calls it, such as `ada@host: ~/work`; at first the name of the shell. */
  title: string;
  /** The folder that the shell was started in, an absolute path on the server's machine. */
  cwd: string;
  /** The same, relative to the root; null: it is outside of it. */
  folder: string | null;
  /** When it was started, RFC 3339 in UTC with microseconds. */
  started: string;
  /** When it last printed or was typed into, RFC 3339 in UTC with microseconds. */
  last_activity: string;
  /** Its lines. */
  rows: number;
  /** Its columns. */
  cols: number;
  /** The position behind its last output. */
  end: number;
  /** Why it has ended, one sentence; null: its shell runs. */
  ended: string | null;
  /** The exit status of the shell; null: it runs, or a signal ended it. */
  exit_status: number | null;
}

/** The terminals of the server, the oldest first. */
export interface TerminalList {
  /** The terminals: those whose shell runs, and those that have ended and were not closed. */
  terminals: Terminal[];
  /** Whether terminals can be started here; false: the server was started with --no-terminals. */
  enabled: boolean;
}

/** Where a terminal is started. */
export interface CreateTerminal {
  /** The folder that its shell starts in, relative to the root; empty: the root. */
  folder?: string;
  /** Its lines. */
  rows?: number;
  /** Its columns. */
  cols?: number;
  /** The id that it gets, at most 40 letters, digits, `_` and `-`; null: the next number. */
  id?: string | null;
}

/** The terminal that a call is about. */
export interface OfTerminal {
  /** The id of the terminal. */
  terminal: string;
}

/** The size that a terminal gets. All who read it see it in the size that was given last. */
export interface ResizeTerminal extends OfTerminal {
  /** Its lines. */
  rows: number;
  /** Its columns. */
  cols: number;
}

/** What is typed into a terminal. */
export interface TypeTerminal extends OfTerminal {
  /** The characters, with control characters as keys send them: `\r` for Enter, `\u0003` for Ctrl-C. */
  text: string;
  /** Whether a program wrote it, as a terminal answers a question for the place of its cursor; it is dropped, unless it comes from the connection that typed last: a question has one answer, however many read it. */
  automatic?: boolean;
}

/** The terminal has what was typed. */
export interface TerminalTyped {
  /** Whether it was automatic and was dropped, as another connection answers. */
  dropped: boolean;
}

/** From where on a connection reads a terminal. */
export interface ReadTerminal extends OfTerminal {
  /** The position of the first byte that is wanted; null: all that is kept. */
  since?: number | null;
  /** The `started` of the terminal that `since` is of; another terminal of the same id is read from its beginning. null: it is not compared. */
  started?: string | null;
}

/** What a connection reads: the notifications `terminal_output` follow, the first one with the byte at `first`. */
export interface TerminalReading {
  /** The terminal. */
  terminal: Terminal;
  /** The position of the first byte that follows. */
  first: number;
  /** The position behind the output that is there already: what the terminal asks in it was answered, or nobody answers it any more. */
  live: number;
  /** What is written to an empty terminal first, so that it has the modes and the title of that place; null: the bytes go on at `since`. */
  restore: string | null;
  /** How many bytes between `since` and `first` are kept no more. */
  skipped: number;
}

/** How far a reader has come. A reader gets 256 KiB ahead of that, and no more: then the terminal waits. */
export interface AcknowledgeTerminal extends OfTerminal {
  /** The position behind what it has shown. */
  position: number;
}

/** The journal of a session: all that happened in it, and the history of its document. */
export interface Journal {
  /** The id of the session. */
  session: string;
  /** The title of the session; empty: the journal cannot be read. */
  title: string;
  /** The path of its document, relative to the server's root; null: it has none, or the document is not there any more. */
  path: string | null;
  /** The bytes that it takes on the disk. */
  size_bytes: number;
  /** When something last happened in the session, RFC 3339 in UTC; of a closed session, when it was closed. */
  last_activity: string;
  /** Whether the session is open. */
  is_open: boolean;
  /** When the session was made, RFC 3339 in UTC; empty: not known. */
  created: string;
  /** The path where its document is or was, relative to the server's root; null: it has none. */
  document: string | null;
}

/** All journals, the one with the latest activity first. */
export interface JournalList {
  /** The journals. */
  journals: Journal[];
  /** The bytes that those of closed sessions take together. */
  closed_bytes: number;
  /** The bytes that those of closed sessions may take together; null: no limit. */
  limit_bytes: number | null;
  /** The days after which the journal of a closed session is deleted; null: never. */
  limit_days: number | null;
}

/** The journal of a closed session. */
export interface OfJournal {
  /** The id of the session. */
  session: string;
}

/** Which events to return. */
export interface ReadJournal extends OfJournal {
  /** The seq of the last event that the reader has; 0: it has none. */
  since?: number;
  /** The most events that are returned. */
  limit?: number;
}

/** Events of a closed session. */
export interface JournalEvents {
  /** The id of the session. */
  session: string;
  /** The seq of the first of `events`. */
  first: number;
  /** The seq of the oldest event that can be read. */
  first_seq: number;
  /** The seq of the last event of the journal. */
  last_seq: number;
  /** Where the oldest events were cut: events that stand for all before `first_seq`. */
  standing: Json[];
  /** The events from `first` on, in their order. */
  events: AnyEvent[];
}

/** The params of the notification `folder_changed`: list the folder again. */
export interface FolderChanged {
  /** The path of the folder, relative to the server's root. */
  path: string;
}

/** Somebody who follows the session on one connection, and where they are. */
export interface Person {
  /** The id of the connection. */
  id: string;
  /** Tells people apart: all connections of one person have it; `owner` is whoever runs the server, `account ID` somebody with an account, `hub NAME` another user of its hub; a guest has the id of their login. */
  person: string;
  /** The name, as `by` of events has it. */
  name: string;
  /** The right that they have in the session. */
  verb: Verb;
  /** Whether they came by a link. */
  is_guest: boolean;
  /** The id of the cell that they are in; null: in no cell. */
  cell: string | null;
  /** What is selected in the source of the cell; null: its source is not being edited. */
  selection: Selection | null;
  /** Whether they have not moved for two minutes. */
  is_idle: boolean;
  /** They would like to do more: nobody has answered (`waiting`), or somebody who manages the session has said not now (`declined`); null: they do not ask. It ends when they are allowed to, when they take it back, and half a minute after they left. */
  asks: "declined" | "waiting" | null;
  /** The right that they ask for; null: they do not ask. */
  asks_for: "execute" | "write" | null;
  /** What their page shows; null while nobody follows them. */
  view: View | null;
  /** The `person` whom their page follows; null: nobody. */
  follows: string | null;
}

/**
 * The params of the notification `presence`: everybody who follows the session now.
 *
 * It comes when somebody comes, moves or leaves, or a right changes; at most every 60 ms, and never to whoever manages the session and is
 * alone. It is in no journal.
 */
export interface Presence {
  /** The id of the session. */
  session: string;
  /** The id of the connection that this is sent to. */
  you: string;
  /** How many more there are that are not listed. */
  more: number;
  /** The `person` whom everybody is asked to follow; null: nobody. */
  lead: string | null;
  /** Who is there: those who ask for a right first, then the one who moved last. */
  people: Person[];
}

/** What a person asked to be told: the params of the JSON-RPC notification `notification`. */
export interface Notified {
  /** Its id: a page that has shown it shows it never again. */
  id: string;
  /** The id of the session. */
  session: string;
  /** The title of the session. */
  title: string;
  executions: string[];
  /** How the executions ended, as a whole: the worst of them. */
  status: ExecutionStatus;
  /** Seconds that they ran, together. */
  duration_s: number;
  /** When the last one had ended, RFC 3339 in UTC. */
  ended: string;
  /** What has happened, as a sentence. */
  text: string;
  /** The page of the session. */
  url: string;
}

/** The params of the notification `terminal_output`: what a terminal printed, in whole characters; bytes that are no UTF-8 are U+FFFD. */
export interface TerminalText {
  /** The id of the terminal. */
  terminal: string;
  /** The position of its first byte. */
  at: number;
  /** The position behind its last byte. */
  end: number;
  /** The characters. */
  text: string;
}

/** The params of the notification `terminal_changed`: the size, the title or the end of a terminal that the connection reads. */
export interface TerminalChanged {
  /** The terminal as it is now. */
  terminal: Terminal;
  /** Whether the connection is no reader of it any more, as it acknowledged nothing for a minute; it may subscribe again. */
  stalled: boolean;
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
  | CellAttachmentsSet
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
  | "kernel_busy"
  | "terminal_failed"
  | "hub_unreachable"
  | "identity_provider_fault";

/** Every method: its params and its result. */
export interface Methods {
  "account.change_password": { params: ChangePassword; result: PasswordChanged };
  "account.code": { params: Nothing; result: SignInCode };
  "account.get": { params: Nothing; result: OwnAccount };
  "account.rename": { params: Rename; result: OwnAccount };
  "account.set_mail": { params: SetMail; result: OwnAccount };
  "audit.list": { params: ListAudit; result: AuditLines };
  "audit.verify": { params: Nothing; result: AuditVerification };
  "cell.clear_outputs": { params: ClearOutputs; result: Accepted };
  "cell.delete": { params: OfCell; result: CellAccepted };
  "cell.edit": { params: EditCell; result: CellAccepted };
  "cell.insert": { params: InsertCell; result: CellAccepted };
  "cell.list": { params: OfSession; result: CellList };
  "cell.merge": { params: MergeCells; result: CellAccepted };
  "cell.move": { params: MoveCell; result: CellAccepted };
  "cell.restore": { params: OfCell; result: CellAccepted };
  "cell.restore_outputs": { params: RestoreOutputs; result: Accepted };
  "cell.set_attachments": { params: SetAttachments; result: CellAccepted };
  "cell.set_metadata": { params: SetCellMetadata; result: CellAccepted };
  "cell.set_outputs": { params: SetOutputs; result: CellAccepted };
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
  "execution.list": { params: ListExecutions; result: ExecutionList };
  "execution.move": { params: MoveExecution; result: Accepted };
  "execution.queue": { params: OfSession; result: ExecutionQueue };
  "execution.start": { params: StartExecution; result: ExecutionAccepted };
  "execution.wait": { params: WaitExecution; result: Execution };
  "file.copy": { params: CopyFile; result: File };
  "file.create": { params: CreateFile; result: File };
  "file.delete": { params: DeleteFile; result: Deleted };
  "file.find": { params: FindFiles; result: FoundFiles };
  "file.list": { params: ListFiles; result: FileList };
  "file.read": { params: ReadFile; result: FileContent };
  "file.rename": { params: MoveFile; result: File };
  "file.stat": { params: OfFile; result: File };
  "file.unwatch": { params: WatchFolder; result: Done };
  "file.watch": { params: WatchFolder; result: Done };
  "file.write": { params: WriteFile; result: File };
  "handout.list": { params: OfHandout; result: HandoutList };
  "handout.make": { params: MakeHandout; result: HandoutMade };
  "history.get": { params: GetHistory; result: History };
  "input.reply": { params: ReplyInput; result: Accepted };
  "inspection.get": { params: GetInspection; result: Inspection };
  "journal.delete": { params: OfJournal; result: Done };
  "journal.list": { params: Nothing; result: JournalList };
  "journal.read": { params: ReadJournal; result: JournalEvents };
  "kernel.attach": { params: AttachKernel; result: Session };
  "kernel.describe": { params: OfSession; result: KernelDescription };
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
  "notebook.at": { params: AtPoint; result: NotebookAt };
  "notebook.checkpoint": { params: MakeCheckpoint; result: Accepted };
  "notebook.diff": { params: DiffNotebook; result: NotebookDiff };
  "notebook.export": { params: ExportNotebook; result: Exported };
  "notebook.get": { params: OfSession; result: NotebookState };
  "notebook.history": { params: ReadHistory; result: HistoryPoints };
  "notebook.merge": { params: MergeNotebook; result: NotebookMerged };
  "notebook.read": { params: ReadNotebook; result: NotebookCopy };
  "notebook.reload": { params: OfSession; result: NotebookState };
  "notebook.restore": { params: RestoreNotebook; result: Accepted };
  "notebook.run": { params: RunNotebook; result: NotebookRun };
  "notebook.save": { params: SaveNotebook; result: NotebookState };
  "notebook.set_metadata": { params: SetNotebookMetadata; result: Accepted };
  "notification.ask": { params: AskNotification; result: Asked };
  "notification.confirm": { params: ConfirmNotification; result: Done };
  "notification.list": { params: Nothing; result: NotificationList };
  "notification.listen": { params: Nothing; result: NotificationList };
  "notification.withdraw": { params: AskNotification; result: Done };
  "output.read": { params: ReadOutput; result: OutputText };
  "presence.allow": { params: AllowPerson; result: Done };
  "presence.ask": { params: AskRight; result: Done };
  "presence.decline": { params: AnswerAsk; result: Done };
  "presence.lead": { params: LeadOthers; result: Done };
  "presence.remove": { params: AnswerAsk; result: Done };
  "presence.set": { params: SetPresence; result: Done };
  "presence.withdraw": { params: OfSession; result: Done };
  "push.key": { params: Nothing; result: PushKey };
  "push.list": { params: Nothing; result: PushBrowsers };
  "push.subscribe": { params: SubscribePush; result: PushBrowsers };
  "push.unsubscribe": { params: UnsubscribePush; result: PushBrowsers };
  "right.grant": { params: GiveRight; result: GivenRight };
  "right.list": { params: AtPlace; result: RightList };
  "right.mine": { params: Nothing; result: MyRights };
  "right.people": { params: Nothing; result: PeopleAndGroups };
  "right.revoke": { params: OfWhom; result: Done };
  "rpc.discover": { params: Nothing; result: OpenRpc };
  "run.cancel": { params: CancelRun; result: RunCancelled };
  "run.check": { params: CheckRun; result: Done };
  "run.get": { params: OfRun; result: RunState };
  "run.stop": { params: StopRun; result: Accepted };
  "server.describe": { params: Nothing; result: Installation };
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
  "share.remove_guest": { params: OfGuest; result: Done };
  "share.revoke": { params: OfShare; result: Done };
  "share.set": { params: SetShare; result: Done };
  "share.set_guest": { params: SetGuest; result: Done };
  "table.read": { params: ReadTable; result: TablePart };
  "terminal.acknowledge": { params: AcknowledgeTerminal; result: Done };
  "terminal.close": { params: OfTerminal; result: Done };
  "terminal.create": { params: CreateTerminal; result: Terminal };
  "terminal.input": { params: TypeTerminal; result: TerminalTyped };
  "terminal.list": { params: Nothing; result: TerminalList };
  "terminal.resize": { params: ResizeTerminal; result: Done };
  "terminal.subscribe": { params: ReadTerminal; result: TerminalReading };
  "terminal.unsubscribe": { params: OfTerminal; result: Done };
  "ticket.make": { params: MakeTicket; result: Ticket };
  "token.create": { params: CreateToken; result: NewToken };
  "token.list": { params: ListTokens; result: TokenList };
  "token.revoke": { params: RevokeToken; result: RevokedTokens };
  "trash.delete": { params: OfTrashed; result: Done };
  "trash.list": { params: ListTrash; result: TrashList };
  "trash.restore": { params: RestoreFile; result: File };
  "user.add": { params: AddUser; result: User };
  "user.invite": { params: Invite; result: Invitation };
  "user.list": { params: Nothing; result: UserList };
  "user.remove": { params: OfUser; result: Done };
  "user.set": { params: SetUser; result: User };
  "user.set_password": { params: SetPassword; result: PasswordChanged };
  "variable.list": { params: ListVariables; result: VariableList };
  "variable.read": { params: ReadVariable; result: VariablePart };
}

export type Method = keyof Methods;
