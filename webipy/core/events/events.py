"""The event types: the wire format of the product.

A session is the list of its events. Each event has a `seq` (dense, from 1), the `time` it was written and `by`, who
caused it (`None` for the kernel and the server themselves). Everything that is shown anywhere is a fold over these
structs, and nothing is shown that is not one of them.

Invariants:
    * A field is never renamed or re-typed: additions only, each with a default. Readers ignore fields they do not know.
    * The JSON of an event is made once, when it is journaled, and those bytes go to the journal and to every subscriber.
    * `output` and other values that only kernels and pages understand stay raw JSON (`msgspec.Raw`), checked to be JSON when they
      enter and never decoded again.
    * A password typed into `getpass` is in no event.

Rejected: one generic `{type, payload}` record (no schema for clients); nbformat documents as the log (a document
forgets when and by whom); a protobuf form (browsers and shells read JSON).
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

ExecutionStatus = Literal["ok", "error", "aborted", "cancelled", "lost"]
"""How an execution ended. `aborted`: not run because an earlier one failed; `lost`: its kernel died before or during it."""

KernelState = Literal["starting", "idle", "busy", "restarting", "dead"]
"""What a kernel does now. `dead` also for a kernel that could not be started."""

RunStatus = Literal["ok", "error", "lost", "cancelled", "timed_out", "not_started"]
"""How a run of a notebook ended, as a whole. `not_started`: its kernel did not start, or not in time."""

CellType = Literal["code", "markdown", "raw"]

Changes = list[int | list[int | str]]
"""A CodeMirror change set in its JSON form: an integer keeps so many UTF-16 units, a list `[deleted, *lines]` replaces them."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=True):
    """What all events have in common.

    `seq` and `time` are set once, when the session takes the event in; every event that is written has them.
    """

    seq: int = 0
    time: str = ""
    by: str | None = None


def _tagged(name: str) -> str:
    """The wire name of an event class: `CellInserted` is `cell_inserted`."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class SessionCreated(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The first event of every session.

    One that is `temporary` was made for one purpose, such as a run of a notebook, and is closed by the server when that is over, unless
    `session_kept` came before. `source` is the file that its document was copied from; the session has no file of its own then.
    """

    session: str
    title: str
    path: str | None = None
    cwd: str | None = None
    temporary: bool = False
    source: str | None = None


class SessionKept(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A temporary session is an ordinary one from now on: somebody else uses it, or what is in it could not be saved (`reason`)."""

    reason: str = ""


class SessionRenamed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The session has another title."""

    title: str


class SessionClosed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The session was closed and its kernel shut down; the last event of the journal until it is opened again."""


class SessionReopened(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The closed session is open again, without a kernel: its journal goes on. `cwd` is the folder that its kernels start in now.

    It is `temporary` when it is closed again by the server once what it was opened for is over.
    """

    cwd: str | None = None
    temporary: bool = False


class KernelStarted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A kernel is being started for this session; it is ready when its state becomes `idle`."""

    kernel: str
    kernelspec: str
    display_name: str
    language: str
    url_without_key: str


class KernelReady(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel answered for the first time after a start or restart.

    `language_info`, `banner` and `implementation` are those of its kernel_info_reply (Jupyter messaging 5.4); `seconds` counts from spawn.
    `transport` is how its host speaks to it: over `tcp` that is not `encrypted`, other users of the server's machine can read what it publishes.
    With `answers_beside`, completions, variables and the like are answered while code runs.
    """

    kernel: str
    start: int
    seconds: float
    language_info: msgspec.Raw
    implementation: str = ""
    banner: str = ""
    transport: Literal["ipc", "tcp"] = "ipc"
    encrypted: bool = False
    answers_beside: bool = False


class KernelStartRetried(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel did not start, and is started once more in another way: `how` says which.

    `reason` is one sentence for a person, `tail` the last raw output of the process.
    """

    kernel: str
    reason: str
    how: str
    tail: str = ""


class KernelStateChanged(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel is in another state. A completion or inspection does not make it `busy`; code that runs does."""

    state: KernelState


class KernelDied(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel process ended.

    `exit_status` or `signal` (such as `SIGSEGV`) says how, `tail` is the last raw output of the process, `reason` one sentence for a person.
    `expected` is true after `kernel.shut_down`.
    """

    kernel: str
    reason: str
    exit_status: int | None = None
    signal: str | None = None
    tail: str = ""
    expected: bool = False


class ExecutionQueued(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """An execution was accepted: it will run once, or end with the reason why it did not.

    `silent` to `user_expressions` say how the kernel was asked to run it, as in the content of execute_request (Jupyter messaging 5.4).
    `version` is that of the cell's source when `code` is just that source; `run` names the run of many cells that it is part of,
    `queue` what waits behind its failure: the executions of the same name.
    """

    execution: str
    code: str
    cell: str | None = None
    silent: bool = False
    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True
    user_expressions: dict[str, str] = {}
    version: int | None = None
    run: str | None = None
    queue: str | None = None


class ExecutionStarted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel began to run it. A silent execution has no count."""

    execution: str
    execution_count: int | None = None


class ExecutionFinished(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """It ended. Its outputs are all before this event.

    `duration_s` counts from its start (0 when it never started), `reason` tells why for `aborted`, `cancelled` and `lost`;
    `payload` and `user_expressions` are those of the execute_reply (Jupyter messaging 5.4), absent when empty.
    """

    execution: str
    status: ExecutionStatus
    duration_s: float
    execution_count: int | None = None
    reason: str = ""
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    user_expressions: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Omitted(msgspec.Struct, frozen=True):
    """Text of a stream output that a snapshot leaves out: `characters` of them after the first `at`. output.read gives them."""

    at: int
    characters: int


class OutputAdded(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """One nbformat 4.5 output (`output_type` is stream, display_data, execute_result or error).

    Text of a stream that follows text of the same stream in the same execution belongs to the same output: readers join them.
    """

    execution: str | None
    output: msgspec.Raw
    cell: str | None = None
    display_id: str | None = None
    omitted: Omitted | None = None
    """Only in snapshots: what of the text is not here."""


class OutputUpdated(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Every output shown under `display_id` in this session has new content."""

    display_id: str
    data: msgspec.Raw
    metadata: msgspec.Raw


class OutputsCleared(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The outputs of the execution are cleared: now, or (`wait`) when the next one comes."""

    execution: str
    wait: bool = False
    cell: str | None = None


class OutputLost(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Output that is known to be missing. Never silent: `reason` says how it came, `count` how many messages if that is known."""

    reason: str
    count: int | None = None


class InputRequested(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Running code waits for a line from a person; with `password` the answer must not be shown."""

    request: str
    prompt: str
    execution: str | None = None
    password: bool = False


class InputReplied(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The line was given (`value`, never that of a password), or is not waited for any more (`withdrawn`)."""

    request: str
    value: str | None = None
    withdrawn: bool = False


class CommOpened(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A comm was opened, by the kernel (`by` is null) or a client. `buffers` are base64."""

    comm: str
    target: str
    content: msgspec.Raw
    metadata: msgspec.Raw
    execution: str | None = None
    buffers: list[str] = []


class CommMessage(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A message on a comm. `content` is the `data` of comm_msg (Jupyter messaging 5.4), `buffers` are base64."""

    comm: str
    content: msgspec.Raw
    metadata: msgspec.Raw
    execution: str | None = None
    buffers: list[str] = []


class CommClosed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A comm was closed."""

    comm: str
    content: msgspec.Raw
    execution: str | None = None


class WidgetOutputAdded(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """One nbformat 4.5 output that the Output widget of `comm` has captured: it belongs to the widget and not to the execution.

    Text joins text as in `output_added`.
    """

    comm: str
    output: msgspec.Raw
    execution: str | None = None
    display_id: str | None = None


class WidgetOutputsCleared(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The outputs of an Output widget are cleared: now, or (`wait`) when the next one comes."""

    comm: str
    wait: bool = False


class MessageReceived(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A kernel message of a type that has no event of its own (debug events and the like), whole."""

    channel: str
    msg_type: str
    content: msgspec.Raw
    metadata: msgspec.Raw
    execution: str | None = None
    buffers: list[str] = []


class MessageSent(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A request that may run code was sent to the kernel as it is (`message.send`). Its reply is told to who sent it alone."""

    channel: Literal["shell", "control"]
    msg_type: str
    content: msgspec.Raw


class RunStarted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A run with a plan was accepted: the server brings it to its end, whoever is there then. Its executions are queued by the events after this one.

    At its end the document is written to the file `to` (null: to its own file): over one that is there only with `overwrite`, and with
    `only_if_ok` only when every cell has ended well. After `timeout_s` seconds it is stopped, and so it is when its kernel is not ready after
    `start_timeout_s`; with `attached` also when nobody has followed the session for a while. Code that does not react to the interrupt is
    given `grace_s` seconds until its kernel is killed.
    """

    run: str
    executions: int
    to: str | None = None
    overwrite: bool = False
    only_if_ok: bool = False
    timeout_s: float | None = None
    start_timeout_s: float | None = None
    grace_s: float = 10.0
    attached: bool = False
    may_fail: list[str] = []
    """Executions whose failure is none of the run."""
    keep_going: bool = False
    """Whether a failure stops nothing."""
    parameters: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    version: str = ""
    """webipy's, for the result."""


class RunStopped(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A run is being brought to an early end: somebody `asked`, its time is over, its kernel did not start in time, or nobody follows it (`left`)."""

    run: str
    cause: Literal["asked", "timed_out", "not_started", "left"]
    grace_s: float | None = None


class RunFinished(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A run with a plan ended. Its result is in the file `path`, or (null) in this session only; `reason` says why it is not where it was wanted."""

    run: str
    status: RunStatus
    path: str | None = None
    reason: str = ""


class ExecutionMoved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A queued execution now waits just before execution `before` (null: last of all)."""

    execution: str
    before: str | None = None


class CellInserted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A cell stands after cell `after` (null: first). In a snapshot, or for a cell that comes back, its source may be at a later version than 0.

    `metadata` and `attachments` are those of nbformat 4.5.
    """

    cell: str
    after: str | None
    cell_type: CellType
    source: str
    version: int = 0
    metadata: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    attachments: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class CellDeleted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell is gone, and its outputs with it."""

    cell: str


class CellMoved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell stands after cell `after` now (null: first)."""

    cell: str
    after: str | None


class CellEdited(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The source of a cell changed: `changes` made version `version` out of the one before.

    `client` is what the editing client called itself, so that it knows its own change when it comes back.
    """

    cell: str
    version: int
    changes: Changes
    client: str = ""


class CellTypeSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell is of another type."""

    cell: str
    cell_type: CellType


class CellOutputsCleared(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The outputs shown under a cell (null: under every cell) were put away."""

    cell: str | None


class CellMetadataSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The metadata of a cell, whole (nbformat 4.5)."""

    cell: str
    metadata: msgspec.Raw


class CellOutputsSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """These outputs stand under the cell now, in place of those of its last execution: a file was read, or an earlier state came back.

    `version` is that of the source they came from; null: the one now if there is an `execution_count`, else none.
    """

    cell: str
    outputs: list[msgspec.Raw]
    execution_count: int | None = None
    version: int | None = None


class NotebookMetadataSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The metadata of the notebook, whole (nbformat 4.5)."""

    metadata: msgspec.Raw


class NotebookOpened(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The session's document is the file `path` (relative to the root) now; the events before it, written with it, brought its cells in.

    Without an etag there is no such file yet: its text partner is (see `notebook_saved`). `format` is `ipynb`, or a text format as jupytext names it
    (`py:percent`). `repairs` are sentences about what was wrong in the file.
    `minor` is the minor version of nbformat 4 that the file has: cells have ids in it since 5.
    """

    path: str
    etag: str
    format: str = "ipynb"
    repairs: list[str] = []
    minor: int | None = None


class NotebookSaved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The file holds what the events up to `until` make; `minor` as in `notebook_opened`.

    `in_place`: it cannot be replaced, so it was written in place, and another program may have seen half of it meanwhile.
    `pairs`: the texts that are paired with it and in step, by their paths, with their etags.
    """

    path: str
    etag: str
    until: int
    format: str = "ipynb"
    minor: int | None = None
    in_place: bool = False
    pairs: dict[str, str] = {}


class NotebookReloaded(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Another program changed the file, or (`changed`) the text that is paired with it; the events before this one, written with it, took its changes
    of `cells` cells in.

    `minor` and `repairs` as in `notebook_opened`, `pairs` as in `notebook_saved`.
    """

    path: str
    etag: str
    cells: int = 0
    minor: int | None = None
    repairs: list[str] = []
    changed: str | None = None
    pairs: dict[str, str] | None = None


class NotebookConflicted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The file was changed (or, without `etag`, deleted) by another program in a way that does not go together with what is here.

    It is not written until someone decides: `notebook.save` with that etag, or `notebook.reload`. `cells` differ on both sides.
    """

    path: str
    reason: str
    etag: str | None = None
    cells: list[str] = []


class NotebookSaveFailed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The file could not be written; nothing is lost, and it is tried again."""

    path: str
    reason: str


class NotebookMoved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The file of the session has another path."""

    path: str


class CheckpointMade(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The state of the document at this event has a name."""

    name: str


AnyEvent = (
    SessionCreated
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
    | CheckpointMade
)


class _Kind(msgspec.Struct, frozen=True):
    type: str


_NAMES = frozenset(kind.__struct_config__.tag for kind in get_args(AnyEvent))
_encoder = msgspec.json.Encoder()
_kind_decoder = msgspec.json.Decoder(_Kind)
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: AnyEvent) -> bytes:
    """The JSON bytes of an event: what the journal keeps and every subscriber receives."""
    return _encoder.encode(event)


def kind(of: type[AnyEvent]) -> str:
    """The `type` of the events of a class."""
    tag = of.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def decode(body: bytes) -> AnyEvent:
    """The event of those bytes.

    Raises:
        msgspec.DecodeError: The bytes are not an event of a type that this version knows.
    """
    return _decoder.decode(body)


def decode_known(body: bytes) -> AnyEvent | None:
    """The event of those bytes, or `None` when it is of a type that only a newer version knows: a fold passes over it.

    Raises:
        msgspec.DecodeError: The bytes are not an event.
    """
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError:
        if _kind_decoder.decode(body).type not in _NAMES:
            return None
        raise


_OUTPUT = b'{"type":"output_added",'


def execution_of_output(body: bytes) -> bytes | None:
    """Which execution an output is of, as JSON; `None` for other events. Nothing is decoded: journals are mostly outputs.

    Args:
        body: The bytes of an event, as `encode` made them.
    """
    if not body.startswith(_OUTPUT):
        return None
    start = body.find(b',"execution":')
    return body[start : body.find(b',"output":', start)]
