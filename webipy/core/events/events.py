"""The event types: the wire format of the product.

A session is the list of its events. Each event has a `seq` (dense, from 1), the `time` it was written and `by`, who caused it (`None` for the kernel
and the server themselves). Everything that is shown anywhere is a fold over these structs, and nothing is shown that is not one of them.

Invariants:
    * A field is never renamed or re-typed: additions only, each with a default. Readers ignore fields they do not know.
    * The JSON of an event is made once, when it is journaled, and those bytes go to the journal and to every subscriber.
    * `output` and other values that only kernels and pages understand stay raw JSON (`msgspec.Raw`), checked as they enter and never decoded again.
    * A password typed into `getpass` is in no event.

Rejected: one generic `{type, payload}` record (no schema for clients); nbformat documents as the log (a document forgets when and by whom); protobuf.
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
    """The number of the event in the journal of its session: 1 for the first one, and no number is left out."""
    time: str = ""
    """When the event was written, RFC 3339 in UTC with microseconds."""
    by: str | None = None
    """The name of the person who caused the event; null: the kernel or the server did."""


def _tagged(name: str) -> str:
    """The wire name of an event class: `CellInserted` is `cell_inserted`."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class SessionCreated(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The first event of every session.

    A temporary session is made for one purpose, such as a run of a notebook. The server closes it when that is over, unless `session_kept` came
    before.
    """

    session: str
    title: str
    path: str | None = None
    cwd: str | None = None
    temporary: bool = False
    source: str | None = None
    """The path of the file that the document was copied from; null: it is no copy. The session of a copy has no file of its own."""
    client_path: str | None = None
    """What a client of Jupyter's API calls the session, which has no file; empty: it was made for its kernel alone; null: none has named it."""


class SessionKept(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A temporary session is an ordinary one from now on."""

    reason: str = ""
    """Why what is in it could not be saved; empty: somebody else uses the session."""


class SessionRenamed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The session has another title."""

    title: str


class SessionClosed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The session was closed and its kernel shut down; the last event of the journal until it is opened again."""


class SessionReopened(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The closed session is open again, without a kernel: its journal goes on."""

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
    """The kernel answered for the first time after a start or restart."""

    kernel: str
    start: int
    """Which process of the kernel it is: 1, and one more with each restart."""
    seconds: float
    """Seconds from the start of the process to its first answer."""
    language_info: msgspec.Raw
    """`language_info` of its kernel_info_reply (Jupyter messaging 5.4), a JSON map."""
    implementation: str = ""
    """`implementation` of its kernel_info_reply, such as `ipython`; empty: it has none."""
    banner: str = ""
    """`banner` of its kernel_info_reply; empty: it has none."""
    transport: Literal["ipc", "tcp"] = "ipc"
    """How its host reaches it. Over `tcp` that is not `encrypted`, other users of the server's machine can read what it publishes."""
    encrypted: bool = False
    """Whether the messages between host and kernel are encrypted."""
    answers_beside: bool = False
    """Whether it answers completions, variables and the like while code runs."""
    kernel_info: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """The content of its kernel_info_reply (Jupyter messaging 5.4), whole; left out by earlier versions."""


class KernelStartRetried(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel did not start, and is started once more in another way."""

    kernel: str
    reason: str
    """Why it did not start, as one sentence for a person."""
    how: str
    """In which way it is started now: words for a person that complete a sentence, such as `as its kernelspec says, over loopback TCP`."""
    tail: str = ""


class KernelStateChanged(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel is in another state. A completion or inspection does not make it `busy`; code that runs does."""

    state: KernelState


class KernelDied(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel process ended."""

    kernel: str
    reason: str
    """How it ended, as one sentence for a person."""
    exit_status: int | None = None
    """The exit status of the process; null: a signal ended it, or that is not known."""
    signal: str | None = None
    """The name of the signal that ended the process, such as `SIGSEGV`; null: none did, or that is not known."""
    tail: str = ""
    expected: bool = False
    """Whether the end was asked for, as by `kernel.shut_down`."""


class ExecutionQueued(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """An execution was accepted: it will run once, or end with the reason why it did not.

    The fields from `silent` to `user_expressions` are those of the content of execute_request (Jupyter messaging 5.4).
    """

    execution: str
    code: str
    cell: str | None = None
    silent: bool = False
    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True
    user_expressions: dict[str, str] = {}
    """Expressions that the kernel evaluates after the code, by their names."""
    version: int | None = None
    """The version of the cell's source that `code` is; null: `code` is not just that source."""
    run: str | None = None
    queue: str | None = None
    """The name of the queue: a failure drops what waits behind it in the same queue; null: it is in none."""
    request: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """The header of the execute_request of a client of Jupyter's API, whole: what it is sent names it as its parent; left out: it came otherwise."""


class ExecutionStarted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The kernel began to run it. A silent execution has no count."""

    execution: str
    execution_count: int | None = None
    """The number that the kernel gave to the execution; null: it is silent."""


class ExecutionFinished(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The execution ended. All its outputs come before this event."""

    execution: str
    status: ExecutionStatus
    """How it ended."""
    duration_s: float
    """Seconds from its start to its end; 0 when it never started."""
    execution_count: int | None = None
    reason: str = ""
    """Why it was `aborted`, `cancelled` or `lost`, as one sentence for a person; empty otherwise."""
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """`payload` of the execute_reply (Jupyter messaging 5.4), a list; left out: it is empty."""
    user_expressions: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Omitted(msgspec.Struct, frozen=True):
    """Text of a stream output that a snapshot leaves out; output.read returns it."""

    at: int
    """The position where it is left out: unicode characters of the text before it."""
    characters: int
    """How many unicode characters are left out."""


class OutputAdded(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """One nbformat 4.5 output (`output_type` is stream, display_data, execute_result or error).

    Text of a stream that follows text of the same stream in the same execution belongs to the same output: readers join them.
    """

    execution: str | None
    output: msgspec.Raw
    cell: str | None = None
    display_id: str | None = None
    omitted: Omitted | None = None
    """Only in snapshots: what of the text is left out; null: nothing."""


class OutputUpdated(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Every output shown under `display_id` in this session has new content."""

    display_id: str
    """The id under which the outputs are shown (Jupyter messaging 5.4, update_display_data)."""
    data: msgspec.Raw
    """The new content, a map of MIME types to values."""
    metadata: msgspec.Raw
    """The metadata of the new content, a JSON map."""


class OutputsCleared(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The outputs of an execution are cleared."""

    execution: str
    wait: bool = False
    cell: str | None = None


class OutputLost(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Output is known to be missing. This is never silent."""

    reason: str
    """How the output was lost, as one sentence for a person."""
    count: int | None = None
    """How many messages were lost; null: not known."""


class InputRequested(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Running code waits for a line from a person."""

    request: str
    prompt: str
    """The text that asks for the line."""
    execution: str | None = None
    password: bool = False
    """Whether the line is a password: it must not be shown while it is typed."""


class InputReplied(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The line was given, or the code does not wait for it any more."""

    request: str
    value: str | None = None
    """The line, without its line end; null: it is a password, or none was given."""
    withdrawn: bool = False
    """Whether the code stopped waiting before a line was given."""


class CommOpened(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A comm was opened, by the kernel (`by` is null) or a client."""

    comm: str
    target: str
    content: msgspec.Raw
    """The `data` of comm_open (Jupyter messaging 5.4), a JSON map."""
    metadata: msgspec.Raw
    execution: str | None = None
    buffers: list[str] = []


class CommMessage(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A message on a comm."""

    comm: str
    content: msgspec.Raw
    """The `data` of comm_msg (Jupyter messaging 5.4), a JSON map."""
    metadata: msgspec.Raw
    execution: str | None = None
    buffers: list[str] = []


class CommClosed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A comm was closed."""

    comm: str
    content: msgspec.Raw
    """The `data` of comm_close (Jupyter messaging 5.4), a JSON map."""
    execution: str | None = None


class WidgetOutputAdded(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """One nbformat 4.5 output that the Output widget of `comm` has captured: it belongs to the widget and not to the execution.

    Text joins text as in `output_added`.
    """

    comm: str
    """The id of the comm of the Output widget."""
    output: msgspec.Raw
    execution: str | None = None
    display_id: str | None = None


class WidgetOutputsCleared(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The outputs of an Output widget are cleared."""

    comm: str
    """The id of the comm of the Output widget."""
    wait: bool = False


class MessageReceived(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A kernel message that has no event of its own (a debug event, the `execute_input` of code that another program runs in the kernel), whole."""

    channel: str
    """The channel that it came on: `iopub`, `shell` or another of Jupyter's five."""
    msg_type: str
    content: msgspec.Raw
    metadata: msgspec.Raw
    execution: str | None = None
    buffers: list[str] = []


class MessageSent(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A request that may run code was sent to the kernel as it is (`message.send`). Its reply goes to the sender alone."""

    channel: Literal["shell", "control"]
    """The channel that it was sent on."""
    msg_type: str
    content: msgspec.Raw


class RunStarted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A run with a plan was accepted: the server brings it to its end, whoever is there then.

    Its executions are queued by the events after this one.
    """

    run: str
    executions: int
    """How many executions the run has."""
    to: str | None = None
    overwrite: bool = False
    """Whether the result may replace a file that is there."""
    only_if_ok: bool = False
    timeout_s: float | None = None
    start_timeout_s: float | None = None
    grace_s: float = 10.0
    """Seconds that running code has to react to the interrupt, before its kernel is killed."""
    attached: bool = False
    may_fail: list[str] = []
    """The ids of the executions whose failure does not fail the run."""
    keep_going: bool = False
    """Whether the run goes on after a failure."""
    parameters: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """The values that the run sets, by their names; left out: none."""
    version: str = ""
    """The version of webipy that began the run; it is noted in the result."""


class RunStopped(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A run is being brought to an early end."""

    run: str
    cause: Literal["asked", "timed_out", "not_started", "left"]
    """Why: somebody `asked`, its time is over (`timed_out`), its kernel did not start in time (`not_started`), or nobody follows it (`left`)."""
    grace_s: float | None = None
    """Seconds that running code has to react to the interrupt, before its kernel is killed; null: as the plan of the run says."""


class RunFinished(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A run with a plan ended."""

    run: str
    status: RunStatus
    """How it ended, as a whole."""
    path: str | None = None
    """The path of the file that has the result, relative to the server's root; null: only this session has it."""
    reason: str = ""
    """Why the result is not where it was wanted, as one sentence for a person; empty: it is there."""


class ExecutionMoved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A queued execution waits at another place."""

    execution: str
    before: str | None = None
    """The id of the execution that it waits just before; null: it waits last."""


class CellInserted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """A cell stands in the document. In a snapshot, or for a cell that comes back, its source may be at a later version than 0."""

    cell: str
    after: str | None
    cell_type: CellType
    source: str
    version: int = 0
    metadata: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """The metadata of the cell (nbformat 4.5), a JSON map; left out: `{}`."""
    attachments: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class CellDeleted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell is gone, and its outputs with it."""

    cell: str


class CellMoved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell stands at another place."""

    cell: str
    after: str | None


class CellEdited(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The source of a cell changed."""

    cell: str
    version: int
    """The version of the source that `changes` made, out of the one before."""
    changes: Changes
    """What changed."""
    client: str = ""


class CellTypeSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell is of another type."""

    cell: str
    cell_type: CellType


class CellOutputsCleared(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The outputs shown under a cell were put away."""

    cell: str | None
    """The id of the cell; null: all cells."""


class CellMetadataSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell has other metadata (nbformat 4.5)."""

    cell: str
    metadata: msgspec.Raw
    """All the metadata of the cell, a JSON map."""


class CellAttachmentsSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The cell has other attachments (nbformat 4.5)."""

    cell: str
    attachments: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """All the attachments of the cell, a JSON map; absent: it has none."""


class CellOutputsSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """These outputs stand under the cell now, in place of those of its last execution: a file was read, or an earlier state came back."""

    cell: str
    outputs: list[msgspec.Raw]
    """The outputs, as nbformat 4.5 has them."""
    execution_count: int | None = None
    version: int | None = None
    """The version of the source that the outputs came from; null: the one now if there is an `execution_count`, else none."""


class NotebookMetadataSet(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The notebook has other metadata (nbformat 4.5)."""

    metadata: msgspec.Raw
    """All the metadata of the notebook, a JSON map."""


class NotebookOpened(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The session's document is this file now; the events before this one, written with it, brought its cells in."""

    path: str
    etag: str
    """The etag of the file; empty: there is no such file yet, only the text that is paired with it (see `pairs` of `notebook_saved`)."""
    format: str = "ipynb"
    repairs: list[str] = []
    minor: int | None = None


class NotebookSaved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The file holds the document."""

    path: str
    etag: str
    until: int
    """The seq of the last event whose effect the file has."""
    format: str = "ipynb"
    minor: int | None = None
    in_place: bool = False
    pairs: dict[str, str] = {}
    """The texts that are paired with the file and hold the same: their etags, by their paths."""


class NotebookReloaded(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Another program changed the file, or the text that is paired with it.

    The events before this one, written with it, brought the changes in.
    """

    path: str
    etag: str
    cells: int = 0
    """How many cells were changed."""
    minor: int | None = None
    repairs: list[str] = []
    changed: str | None = None
    """The path of the text that was changed; null: the file itself was."""
    pairs: dict[str, str] | None = None
    """The texts that are paired with the file and hold the same: their etags, by their paths; null: as they were."""


class NotebookConflicted(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """Another program changed or deleted the file in a way that does not go together with the document here.

    It is not written until someone decides: `notebook.save` with that etag, or `notebook.reload`.
    """

    path: str
    reason: str
    """What does not go together, as one sentence for a person."""
    etag: str | None = None
    """The etag of the file that is there; null: it was deleted."""
    cells: list[str] = []
    """The ids of the cells that differ on both sides."""


class NotebookSaveFailed(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The file could not be written. Nothing is lost, and the server tries again."""

    path: str
    reason: str
    """Why it could not be written, as one sentence for a person."""


class NotebookMoved(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The file of the session has another path."""

    path: str
    """The new path of the file, relative to the server's root."""


class CheckpointMade(Event, frozen=True, kw_only=True, omit_defaults=True, tag=_tagged):
    """The state of the document at this event has a name."""

    name: str
    """The name of the checkpoint."""


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
    | CellAttachmentsSet
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
