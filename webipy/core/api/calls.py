"""The params and results of every method of the API: one pair of structs for each (none where a method takes or gives
nothing).

Params are by name and refused when a name is unknown, so that a typing mistake is told and not ignored. Results may
grow fields; none is ever renamed or re-typed. Ids are opaque strings; times are RFC 3339 UTC with microseconds;
positions in code count unicode characters, as Jupyter messaging 5.4 does, while positions in change sets count UTF-16
units, as editors do.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.api.access import Verb
from webipy.core.events.events import CellType, Changes, ExecutionStatus, KernelState

ClientChosenId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$")]
"""An id that a client may choose, so that repeating a call is harmless: letters, digits, `_` and `-`, at most 64."""


EnvironmentName = Annotated[str, msgspec.Meta(pattern=r"^[^=\x00]+$", max_length=1000)]
EnvironmentValue = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$", max_length=100_000)]
Environment = Annotated[dict[EnvironmentName, EnvironmentValue], msgspec.Meta(max_length=1000)]
"""Environment variables; Linux takes 128 KiB for each."""


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root of all params: unknown fields are refused."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The root of all results."""


class Nothing(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method without params."""


class Done(Result, frozen=True, kw_only=True):
    """A method that was carried out and has nothing to say."""


class Interrupted(Result, frozen=True, kw_only=True):
    """Whether anything ran that could be interrupted."""

    interrupted: bool = True


class Accepted(Result, frozen=True, kw_only=True):
    """The change is in the journal as event `seq`."""

    seq: int


# ---- server -------------------------------------------------------------------------------------------------------


class ServerInfo(Result, frozen=True, kw_only=True):
    """Who answers, since when it runs (`started`), and to whom: `principal` may do `verb`, a guest only in `session`.

    `owner` runs the server, whose `root` is told to no guest. `degraded` while a journal cannot be written.
    """

    name: str
    version: str
    protocol: int
    time: str
    principal: str | None
    root: str | None
    default_kernelspec: str | None
    degraded: bool = False
    verb: Verb | None = None
    session: str | None = None
    owner: str | None = None
    started: str | None = None


class OpenRpc(Result, frozen=True, kw_only=True):
    """An OpenRPC 1.3.2 document."""

    openrpc: str
    info: dict[str, str]
    methods: list[dict[str, object]]
    components: dict[str, object]


class OpenPage(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the page should open: a session, or home."""

    session: str | None = None


class LaunchCode(Result, frozen=True, kw_only=True):
    """A one-time code that a browser exchanges for a cookie; `url` carries it in its fragment."""

    code: str
    url: str
    expires: str


# ---- sessions -----------------------------------------------------------------------------------------------------


class Kernel(Result, frozen=True, kw_only=True):
    """The kernel of a session. `start` counts its processes: 1, and one more with each restart. The key is told to nobody."""

    id: str
    kernelspec: str
    display_name: str
    language: str
    state: KernelState
    start: int
    execution_count: int
    queued: int
    url_without_key: str
    host: str
    pid: int | None = None


class Session(Result, frozen=True, kw_only=True):
    """A session. Events `first_seq` to `seq` can be read; those up to `durable_seq` survive a power cut."""

    id: str
    title: str
    path: str | None
    cwd: str
    kernel: Kernel | None
    first_seq: int
    seq: int
    durable_seq: int
    created: str
    last_activity: str
    temporary: bool = False


class SessionList(Result, frozen=True, kw_only=True):
    """All open sessions, the one with the latest activity first."""

    sessions: list[Session]


class CreateSession(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With `path`, opens the notebook file of that path below the root, in the session that it has already or in a new one, in the file's folder.

    With `create`, the file is made if there is none. With `kernelspec`, starts that kernel if the session has none. With `env`, the kernels of the
    session get these environment variables, as kernel.start has it. With `copy` it begins with what that file holds (or its open session) and has no
    file of its own; so does one that begins with `notebook`, JSON of nbformat 4.

    A session that is `temporary` is closed when nothing runs in it and the connections that asked for it are gone (10 s after they were lost, at once
    after session.leave), unless somebody else has come to use it.
    """

    title: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    path: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    kernelspec: str | None = None
    cwd: str | None = None
    id: ClientChosenId | None = None
    create: bool = False
    env: Environment | None = None
    copy: bool = False
    temporary: bool = False
    notebook: Raw | UnsetType = UNSET


class OfSession(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one session."""

    session: str


class InterruptKernel(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Interrupts what runs; with `execution` only that one, and nothing if it does not run."""

    execution: str | None = None


class CloseSession(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Closes it; with `discard` also when its document cannot be saved."""

    discard: bool = False


class RenameSession(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new title, 1 to 200 characters."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Subscribe(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Join the journal after seq `since`: 0 for all of it, null for only what comes from now on.

    With `snapshot`, a reader that is far behind gets a snapshot in place of a long history; so does, whatever it asked, one whose `since` is older
    than the oldest event that is kept. Who follows a temporary session makes it an ordinary one, but not without `keeps`.
    """

    since: Annotated[int, msgspec.Meta(ge=0)] | None = 0
    snapshot: bool = False
    keeps: bool = True


class SnapshotEvents(Result, frozen=True, kw_only=True):
    """Events that fold to what events 1 to `seq` fold to: fold them into an empty model, whatever their own seqs, and go on after `seq`."""

    seq: int
    events: list[Raw]


class Subscribed(Result, frozen=True, kw_only=True):
    """`events` notifications follow: from the event after `since` on, or after `snapshot.seq` where there is a snapshot.

    `seq` is the newest event now, `first_seq` the oldest that is kept.
    """

    first_seq: int
    seq: int
    snapshot: SnapshotEvents | None = None


class ReadEvents(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to `limit` events after `since`; waits up to `wait_s` seconds for the first one if there is none yet."""

    since: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
    wait_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0


class Events(Result, frozen=True, kw_only=True):
    """Events `first`, `first` + 1, ... of a session; also the params of the notification `events`."""

    session: str
    first: int
    events: list[Raw]


# ---- kernels ------------------------------------------------------------------------------------------------------


class Kernelspec(Result, frozen=True, kw_only=True):
    """A launch recipe for kernels of one kind. `note` says what is to be known of how it was started last."""

    name: str
    display_name: str
    language: str
    note: str = ""


class KernelspecList(Result, frozen=True, kw_only=True):
    """The installed kernelspecs; `broken` tells of those that cannot be read, with the reason."""

    default: str | None
    kernelspecs: list[Kernelspec]
    broken: dict[str, str] = {}


class ReadLogs(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From these positions on (null: the last of each), at most `limit` bytes of each log. Positions are those of `log`, where it is given: in the
    logs of another host everything is new.
    """

    log: str | None = None
    kernel_since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    host_since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1024 * 1024)] = 256 * 1024


class LogText(Result, frozen=True, kw_only=True):
    """A part of a log, and the position to go on from."""

    text: str
    next: int


class KernelLogs(Result, frozen=True, kw_only=True):
    """What a kernel's process has written to its standard streams past Jupyter (`kernel`), and what its host says (`host`); there is `more` if a
    part was as long as may be. Where the host is gone, `kernel` is the last that is known of it, and `host` is empty.
    """

    log: str
    kernel: LogText
    host: LogText
    more: bool = False


class ReadUsage(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of the kernel of one session, or (null) of all kernels, which reaches beyond a session."""

    session: str | None = None


class KernelUsage(Result, frozen=True, kw_only=True):
    """What a kernel and the processes that it has started use now, all in its session of the system.

    `memory_bytes` are in memory, shared ones counted once. `cpu` is a share of processor time since the look before: 1.0 is one processor that is
    full; null where there was no look to compare with.
    """

    session: str
    kernel: str
    memory_bytes: int
    cpu: float | None
    processes: int


class UsageList(Result, frozen=True, kw_only=True):
    """Kernels with a living process; none of those that something else started, whose process is not known."""

    kernels: list[KernelUsage]


class StartKernel(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Starts a kernel of this kernelspec (null: the default one). A session has at most one: a living one of the same kernelspec is kept.

    `env` are environment variables that this kernel gets beside the server's and those of its kernelspec, and so does every later one of the
    session, restarts included; null leaves them as they are, `{}` takes them away. They are told to nobody, but code that runs can read them. A
    living kernel keeps what it has: other ones are refused until it is shut down.
    """

    kernelspec: str | None = None
    env: Environment | None = None


class AttachKernel(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Joins a kernel that something else started, in place of the one that the session has. `connection` is the absolute path of its Jupyter
    connection file on the server's machine; the address of a kernel in another form is not understood. The kernel is never restarted, killed, or
    ended with its session or the server; kernel.shut_down asks it to end.
    """

    connection: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


# ---- executions ---------------------------------------------------------------------------------------------------


class StartExecution(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs `code`. The same `id` again is the same execution: the answer is repeated and nothing runs twice.

    A failure drops what waits behind it in the same queue: what the same person has started under the same `queue`, or, without one, over the same
    WebSocket or by POST. Runs, and what others have queued, go on.

    `user_expressions` maps names to expressions that the kernel evaluates afterwards (Jupyter messaging 5.4, execute_request).
    """

    code: str
    cell: str | None = None
    id: ClientChosenId | None = None
    silent: bool = False
    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True
    user_expressions: dict[str, str] = {}
    queue: ClientChosenId | None = None


class ExecutionAccepted(Result, frozen=True, kw_only=True):
    """The execution is in the journal as event `seq`."""

    execution: str
    seq: int


class OfExecution(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one execution."""

    execution: str


class WaitExecution(OfExecution, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Waits until it has finished, at most `timeout_s` seconds (then failure `timeout`; it goes on running)."""

    timeout_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 60


class Execution(Result, frozen=True, kw_only=True):
    """One run of some code. `status` is `queued` or `running` until it is an end; `outputs` are of nbformat 4.5, as page and file show them.

    `by` has started it; `run` is the run of many cells that it is part of, `version` that of the cell's source if `code` was just that.
    """

    session: str
    id: str
    status: Literal["queued", "running"] | ExecutionStatus
    code: str
    outputs: list[Raw]
    cell: str | None = None
    execution_count: int | None = None
    duration_s: float | None = None
    reason: str = ""
    user_expressions: Raw | UnsetType = UNSET
    queued: str | None = None
    started: str | None = None
    finished: str | None = None
    by: str | None = None
    run: str | None = None
    version: int | None = None


class ReadOutput(OfExecution, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The text of stream output number `output` (from 0) of an execution, as it was written: `limit` characters from `offset` on.

    With `mime` a large value of another output, as its metadata refer to it (`webipy.blobs`): `limit` bytes of its text as UTF-8, from byte `offset`
    on; what is given begins and ends between two characters.
    """

    output: Annotated[int, msgspec.Meta(ge=0)]
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 100_000
    mime: str | None = None


class OutputText(Result, frozen=True, kw_only=True):
    """Part of the text of an output; `size` is all of it, in characters (with `mime`: in bytes, as `offset`)."""

    text: str
    offset: int
    size: int


class ReplyInput(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The line that `input()` or `getpass()` waits for, without its line end."""

    request: str
    value: Annotated[str, msgspec.Meta(max_length=10_000_000)]


# ---- introspection ------------------------------------------------------------------------------------------------


class GetCompletion(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Completions of `code` at `cursor` (unicode characters)."""

    code: str
    cursor: Annotated[int, msgspec.Meta(ge=0)]
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class Completion(Result, frozen=True, kw_only=True):
    """The text from `cursor_start` to `cursor_end` may be replaced by any of `matches` (Jupyter messaging 5.4, complete_reply).

    `metadata` may hold `_jupyter_types_experimental`: kinds and signatures.
    """

    matches: list[str]
    cursor_start: int
    cursor_end: int
    metadata: Raw


class GetInspection(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the kernel knows of the name at `cursor`; `detail` 0 (signature, documentation) or 1 (source too)."""

    code: str
    cursor: Annotated[int, msgspec.Meta(ge=0)]
    detail: Literal[0, 1] = 0
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class Inspection(Result, frozen=True, kw_only=True):
    """A MIME bundle, empty when nothing was `found`."""

    found: bool
    data: Raw
    metadata: Raw


class IsComplete(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether `code` may be run as it is."""

    code: str
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class Completeness(Result, frozen=True, kw_only=True):
    """`indent` is what the next line of incomplete code should start with."""

    status: Literal["complete", "incomplete", "invalid", "unknown"]
    indent: str = ""


class GetHistory(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The kernel's own input history: the last `n` entries, those that match `pattern` (glob) if given."""

    n: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 100
    pattern: str | None = None
    unique: bool = False
    raw: bool = True
    output: bool = False
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class History(Result, frozen=True, kw_only=True):
    """Entries as history_reply has them: `[kernel session, line number, input]`, the input a pair with the output if asked for."""

    history: list[Raw]


# ---- comms and messages -------------------------------------------------------------------------------------------


class OpenComm(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Opens a comm to `target` in the kernel. `buffers` are base64."""

    target: str
    comm: ClientChosenId | None = None
    content: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    buffers: list[str] = []


class CommAccepted(Result, frozen=True, kw_only=True):
    """The comm's id and the event that tells of it."""

    comm: str
    seq: int


class SendComm(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sends `content` (the `data` of comm_msg) to the kernel's side of the comm."""

    comm: str
    content: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    buffers: list[str] = []


class CloseComm(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Closes the comm."""

    comm: str
    content: Raw | UnsetType = UNSET


class SendMessage(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sends a Jupyter request on shell or control and waits for its reply.

    These can be sent: `kernel_info_request`, `comm_info_request`; and by who owns the session also `connect_request`, `usage_request`,
    `list_subshell_request`, `create_subshell_request`, `delete_subshell_request`, and `debug_request`, which stands in the journal (`message_sent`).
    What has a method of its own, such as `execute_request`, is refused here.
    """

    channel: Literal["shell", "control"]
    msg_type: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,64}(?!\n)$")]
    content: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    buffers: list[str] = []
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10


class Reply(Result, frozen=True, kw_only=True):
    """The reply of the kernel, whole."""

    msg_type: str
    content: Raw
    metadata: Raw
    buffers: list[str] = []


# ---- cells --------------------------------------------------------------------------------------------------------


class InsertCell(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new cell after cell `after` (null: first). The same `id` again changes nothing and is answered alike."""

    after: str | None = None
    cell_type: CellType = "code"
    source: str = ""
    id: ClientChosenId | None = None
    metadata: Raw | UnsetType = UNSET
    attachments: Raw | UnsetType = UNSET


class CellAccepted(Result, frozen=True, kw_only=True):
    """The cell's id, the event that tells of it, and the version of its source."""

    cell: str
    seq: int
    version: int


class OfCell(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one cell."""

    cell: str


class MoveCell(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Puts the cell after cell `after` (null: first)."""

    after: str | None = None


class EditCell(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes the source from `version` on: each of `changes` makes one version more.

    A client that is behind gets `stale_version` with the current one, rebases on the `cell_edited` events between and asks again. `client` comes
    back in the events, so that an editor knows its own changes.
    """

    version: Annotated[int, msgspec.Meta(ge=0)]
    changes: Annotated[list[Changes], msgspec.Meta(min_length=1, max_length=1000)]
    client: Annotated[str, msgspec.Meta(max_length=64)] = ""


class SetSource(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replaces the source whole; `version` as in `cell.edit`, null to replace whatever is there."""

    source: str
    version: Annotated[int, msgspec.Meta(ge=0)] | None = None


class SetCellType(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Makes the cell code, markdown or raw."""

    cell_type: CellType


class SplitCell(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Splits the cell at `at` (UTF-16 units): what follows goes into a new cell after it, of the same type, with the id `id`."""

    version: Annotated[int, msgspec.Meta(ge=0)]
    at: Annotated[int, msgspec.Meta(ge=0)]
    id: ClientChosenId | None = None


class MergeCells(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Joins the sources of `cells`, in the order of the notebook and with an empty line between, into the first of them; the others are deleted."""

    cells: Annotated[list[str], msgspec.Meta(min_length=2, max_length=10_000)]


class SetCellMetadata(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replaces the metadata of the cell, a JSON map."""

    metadata: Raw


class ClearOutputs(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Puts away what is shown under a cell (null: under every cell)."""

    cell: str | None = None


class Cell(Result, frozen=True, kw_only=True):
    """A cell as it is now."""

    id: str
    cell_type: CellType
    source: str
    version: int
    is_stale: bool = False
    """Whether the source was changed since its last run."""
    execution: str | None = None
    metadata: Raw | UnsetType = UNSET
    attachments: Raw | UnsetType = UNSET


class CellList(Result, frozen=True, kw_only=True):
    """The cells in their order, as of event `seq`."""

    seq: int
    cells: list[Cell]
