"""The params and results of the methods of the API: a pair of structs for each method, none where it takes or returns nothing.

Here are those of the server, sessions, kernels and executions; the other modules of this room have the rest.

Invariants: an unknown param is refused by name, so that a typing mistake has an answer; results may grow fields, and no field is ever renamed or
gets another type. Ids are opaque strings; times are RFC 3339 in UTC with microseconds; positions in code count unicode characters, as Jupyter
messaging 5.4 does, and positions in change sets count UTF-16 units, as editors do. What a field means stands below it, or, where many structs have
it, in `webipy.core.api.shared_fields`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.api.access import Verb
from webipy.core.events.events import ExecutionStatus, KernelState

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
    """Whether anything was interrupted."""

    interrupted: bool = True
    """Whether code ran that could be interrupted."""


class Accepted(Result, frozen=True, kw_only=True):
    """The change is in the journal."""

    seq: int
    """The seq of the event that has the change."""


# ---- server -------------------------------------------------------------------------------------------------------


class ServerInfo(Result, frozen=True, kw_only=True):
    """Who answers, and what the caller may do."""

    name: str
    """`webipy`."""
    version: str
    """The version of webipy."""
    protocol: int
    """The version of this API; additions do not change it."""
    time: str
    """The server's time, RFC 3339 in UTC with microseconds."""
    principal: str | None
    """The name of the caller; null: nobody is logged in on this connection."""
    root: str | None
    """The folder whose files are served, an absolute path on the server's machine; null for guests, and when nobody is logged in."""
    default_kernelspec: str | None
    """The name of the kernelspec that is started when none is named; null: none is installed, or nobody is logged in."""
    degraded: bool = False
    """Whether the server cannot write the journal of a session now: new work in that session fails with `degraded`."""
    verb: Verb | None = None
    """The strongest right of the caller; null: nobody is logged in."""
    session: str | None = None
    """The id of the only session that the caller may use, for guests; null: all sessions."""
    owner: str | None = None
    """The name of the person who runs the server; null: nobody is logged in."""
    public_url: str | None = None
    """The address that people open, with a slash at its end: links begin with it. Null: the server was told none, or nobody is logged in."""
    started: str | None = None
    """When the server began to run, RFC 3339 in UTC with microseconds; null: nobody is logged in."""
    hub: str | None = None
    """Where people start and stop this server, when a JupyterHub has started it: the address of the hub's page. Null: no hub has; and for guests."""
    account: str | None = None
    """The id of the account that the caller has signed in to; null: none."""
    home: str | None = None
    """The caller's own folder, relative to the server's root, which is made when it is asked for first; null: whoever runs the server, admins,
    viewers and guests have none.
    """
    jupyterlab: bool = False
    """Whether JupyterLab is installed beside webipy: its page is at /lab. False for guests, and when nobody is logged in."""


class Installation(Result, frozen=True, kw_only=True):
    """What a report about a problem needs to say of the server; nothing of it is secret."""

    version: str
    """The version of webipy."""
    installed: dict[str, str]
    """Versions of what webipy stands on, by name: Python, the system, packages."""
    kernelspecs: list[str]
    """The names of the kernelspecs that can be started."""
    sessions: int
    """How many sessions are open."""


class OpenRpc(Result, frozen=True, kw_only=True):
    """An OpenRPC 1.3.2 document."""

    openrpc: str
    """The version of OpenRPC: `1.3.2`."""
    info: dict[str, str]
    """Title, version and description of the API."""
    methods: list[dict[str, object]]
    """The methods, by name: OpenRPC Method Objects."""
    components: dict[str, object]
    """The JSON Schemas that the methods refer to."""


class OpenPage(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the page opens."""

    session: str | None = None
    """The id of the session that it shows; null: it opens at home."""


class LaunchCode(Result, frozen=True, kw_only=True):
    """A one-time code that a browser exchanges for a cookie."""

    code: str
    """The code; empty where a hub signs people in."""
    url: str
    """The address of the page, with the code in its fragment."""
    expires: str


# ---- sessions -----------------------------------------------------------------------------------------------------


class Kernel(Result, frozen=True, kw_only=True):
    """The kernel of a session. Its key is in no result."""

    id: str
    """The id of the kernel; it stays the same when the kernel is restarted."""
    kernelspec: str
    display_name: str
    language: str
    state: KernelState
    start: int
    """Which process of the kernel it is: 1, and one more with each restart."""
    execution_count: int
    """The number of the last execution; 0: none has run."""
    queued: int
    """How many executions wait."""
    url_without_key: str
    host: str
    """The folder of the kernel host on the server's machine; empty for guests."""
    pid: int | None = None
    """The id of the kernel's process; null: it is not known."""
    ended: bool = False
    """Whether it was asked to end, and has or will."""


class Session(Result, frozen=True, kw_only=True):
    """A session. Its events `first_seq` to `seq` can be read."""

    id: str
    """The id of the session."""
    title: str
    path: str | None
    cwd: str
    """The folder in which its kernels start, an absolute path on the server's machine; empty for guests."""
    kernel: Kernel | None
    """Its kernel; null: it has none yet."""
    first_seq: int
    seq: int
    """The seq of its newest event."""
    durable_seq: int
    """The seq of the last event that survives a power cut."""
    created: str
    last_activity: str
    """When something last happened in it, RFC 3339 in UTC with microseconds."""
    temporary: bool = False
    client_path: str | None = None
    """The name that a client of Jupyter's API gave it; empty: it was made for its kernel alone; null: none gave it one."""
    verb: Verb = "none"
    """The right that the caller has in it."""


class SessionList(Result, frozen=True, kw_only=True):
    """All open sessions, the one with the latest activity first."""

    sessions: list[Session]
    """The sessions."""


class CreateSession(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The session to make or to open.

    A session that is `temporary` is closed when nothing runs in it and the connections that asked for it are gone (10 s after they were lost, at
    once after session.leave), unless somebody else has come to use it.
    """

    title: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    """The title of a new session; null: the name of its file."""
    path: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    """The path of a notebook file, relative to the server's root: it is opened, in the session that it has already or in a new one; null: the
    session has no file.
    """
    kernelspec: str | None = None
    """The name of the kernelspec whose kernel is started if the session has none; null: no kernel is started."""
    cwd: str | None = None
    """The folder in which its kernels start, an absolute path or one relative to the server's root; null: the folder of its file, or the root."""
    id: ClientChosenId | None = None
    """The id of a new session; null: the server makes one."""
    create: bool = False
    """Whether the file is made if there is none."""
    env: Environment | None = None
    copy: bool = False
    """Whether the session begins with what the file at `path` holds (or its open session), and has no file of its own."""
    temporary: bool = False
    notebook: Raw | UnsetType = UNSET
    """JSON of nbformat 4 that a session without a file begins with; left out: nothing."""
    client_path: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    """What a client of Jupyter's API calls a session that has no file (see `session_created`): the one that is open under this name, or a new one;
    empty: a new one, for its kernel alone; null: it has no such name.
    """


class OfSession(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one session."""

    session: str


class InterruptKernel(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is interrupted."""

    execution: str | None = None
    """The id of the execution that is interrupted, if it is the one that runs; null: whatever runs."""


class CloseSession(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The session to close."""

    discard: bool = False
    """Whether it is closed even when its document cannot be saved."""


class RenameSession(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new title of a session."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Subscribe(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to join the journal.

    A reader whose `since` is older than the oldest event that is kept gets a snapshot, whether it asks for one or not.
    """

    since: Annotated[int, msgspec.Meta(ge=0)] | None = 0
    """The seq of the last event that the reader has: 0: it has none; null: only events from now on are sent."""
    snapshot: bool = False
    """Whether a snapshot may take the place of a long history."""
    keeps: bool = True
    """Whether a temporary session becomes an ordinary one because somebody follows it."""


class SnapshotEvents(Result, frozen=True, kw_only=True):
    """Events that fold to the same as all events up to `seq`. Fold them into an empty model, whatever their own seqs, and go on after `seq`."""

    seq: int
    """The seq of the last event that the snapshot stands for."""
    events: list[Raw]
    """The events of the snapshot, in their order."""


class Subscribed(Result, frozen=True, kw_only=True):
    """Notifications `events` follow, from the event after `since` on, or after `snapshot.seq` where there is a snapshot."""

    first_seq: int
    seq: int
    """The seq of the newest event now."""
    snapshot: SnapshotEvents | None = None
    """What stands for the events before; null: they are all sent."""
    verb: Verb = "none"
    """The right that the caller has in the session now; `presence` tells of a change."""


class ReadEvents(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events to return."""

    since: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The seq of the last event that the reader has; 0: it has none."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
    """The most events that are returned."""
    wait_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0
    """How many seconds the call waits for the first event, if there is none yet."""


class Events(Result, frozen=True, kw_only=True):
    """Events of a session, in their order and without a gap; also the params of the notification `events`."""

    session: str
    first: int
    events: list[Raw]
    """The events."""


# ---- kernels ------------------------------------------------------------------------------------------------------


class Kernelspec(Result, frozen=True, kw_only=True):
    """A launch recipe for kernels of one kind."""

    name: str
    """The name of the kernelspec."""
    display_name: str
    language: str
    note: str = ""
    """How it was started last, if that is not as usual, as one sentence for a person; empty: as usual."""


class KernelspecList(Result, frozen=True, kw_only=True):
    """The installed kernelspecs."""

    default: str | None
    """The name of the one that is started when none is named; null: none is installed."""
    kernelspecs: list[Kernelspec]
    """Those that can be started."""
    broken: dict[str, str] = {}
    """Those that cannot be read: the reasons, by their names; empty for guests."""


class ReadLogs(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which parts of the logs to return."""

    log: str | None = None
    """The name of the logs that the positions are of; null: of the logs now. In the logs of another host everything is new."""
    kernel_since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The position in the kernel's log, in bytes; null: the last part is returned."""
    host_since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The position in the host's log, in bytes; null: the last part is returned."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1024 * 1024)] = 256 * 1024
    """The most bytes that are returned of each log."""


class LogText(Result, frozen=True, kw_only=True):
    """A part of a log."""

    text: str
    """The text of the part."""
    next: int
    """The position to go on from, in bytes."""


class KernelLogs(Result, frozen=True, kw_only=True):
    """What the kernel's process has written past Jupyter, and what its host has."""

    log: str
    """The name of these logs."""
    kernel: LogText
    """What the process has written to its standard streams; if the host is gone, the last that is known of it."""
    host: LogText
    """What the host has written; empty if the host is gone."""
    more: bool = False
    """Whether a part was as long as it may be, so that more can be read."""


class ReadUsage(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which kernels to look at."""

    session: str | None = None
    """The id of the session whose kernel is looked at; null: all kernels, which reaches beyond a session."""


class KernelUsage(Result, frozen=True, kw_only=True):
    """What a kernel, and the processes that it has started, use now."""

    session: str
    kernel: str
    memory_bytes: int
    """Bytes of memory in use; memory that processes share counts once."""
    cpu: float | None
    """The share of processor time since the look before: 1.0 is one processor that is full; null: there was no look to compare with."""
    processes: int
    """How many processes these are."""


class UsageList(Result, frozen=True, kw_only=True):
    """Kernels with a living process; none of those that something else started, whose process is not known."""

    kernels: list[KernelUsage]
    """The kernels."""


class StartKernel(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which kernel to start. A session has at most one: a living one of the same kernelspec is kept.

    `env` is for this kernel and every later one of the session, restarts included, beside the variables of the server and of the kernelspec. No
    result has them, but code that runs can read them. A living kernel keeps what it has: other variables are refused until it is shut down.
    """

    kernelspec: str | None = None
    """The name of the kernelspec; null: the default one."""
    env: Environment | None = None


class AttachKernel(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kernel that something else started, and that takes the place of the one that the session has.

    The kernel is never restarted, killed, or ended with its session or the server; kernel.shut_down asks it to end.
    """

    connection: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    """The absolute path of its Jupyter connection file on the server's machine. The address of a kernel in another form is refused."""


# ---- executions ---------------------------------------------------------------------------------------------------


class StartExecution(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code to run. The same `id` again is the same execution: the answer is repeated and nothing runs twice.

    A failure drops what waits behind it in the same queue: what the same person has started under the same `queue`, or, without one, over the same
    WebSocket or by POST. Runs, and what others have queued, go on.
    """

    code: str
    cell: str | None = None
    """The id of the cell that shows the outputs; null: no cell does."""
    id: ClientChosenId | None = None
    """The id of the execution; null: the server makes one."""
    silent: bool = False
    store_history: bool = True
    stop_on_error: bool = True
    allow_stdin: bool = True
    user_expressions: dict[str, str] = {}
    """Expressions that the kernel evaluates after the code, by their names (Jupyter messaging 5.4, execute_request)."""
    queue: ClientChosenId | None = None
    """The name of the queue; null: the queue of the connection."""
    request: Raw | UnsetType = UNSET
    """The header of the execute_request of a client of Jupyter's API, a JSON map of at most 4096 bytes; left out: there is none."""
    notify: bool = False
    """Whether the caller is told when it has ended, wherever they are then, as by `notification.ask`."""


class ExecutionAccepted(Result, frozen=True, kw_only=True):
    """The execution is in the journal."""

    execution: str
    seq: int
    """The seq of its `execution_queued`."""


class ListExecutions(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At which event."""

    at: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The seq of the event; null: the newest one."""


class ExecutionList(Result, frozen=True, kw_only=True):
    """The executions that had not finished, in the order in which they were queued."""

    queued: list[Raw]
    """Their `execution_queued` events."""


class OfExecution(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one execution."""

    execution: str


class WaitExecution(OfExecution, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The execution to wait for."""

    timeout_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 60
    """The most seconds to wait; then the call fails with `timeout`, and the execution goes on."""


class Execution(Result, frozen=True, kw_only=True):
    """One run of some code."""

    session: str
    id: str
    """The id of the execution."""
    status: Literal["queued", "running"] | ExecutionStatus
    """`queued` or `running` until it has ended, then how it ended."""
    code: str
    outputs: list[Raw]
    """Its outputs as page and file show them, of nbformat 4.5."""
    cell: str | None = None
    execution_count: int | None = None
    duration_s: float | None = None
    """Seconds from its start to its end, 0 when it never started; null: it has not ended."""
    reason: str = ""
    """Why it was `aborted`, `cancelled` or `lost`, as one sentence for a person; empty otherwise."""
    user_expressions: Raw | UnsetType = UNSET
    queued: str | None = None
    """When it was queued, RFC 3339 in UTC with microseconds; null: not known."""
    started: str | None = None
    """When the kernel began to run it, RFC 3339 in UTC with microseconds; null: it has not begun."""
    finished: str | None = None
    by: str | None = None
    """The name of the person who started it; null: the server did."""
    run: str | None = None
    version: int | None = None
    """The version of the cell's source that `code` is; null: `code` is not just that source."""


class ReadOutput(OfExecution, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of an output to return: of the text of a stream, or, with `mime`, of a large value that another output refers to."""

    output: Annotated[int, msgspec.Meta(ge=0)]
    """The number of the output in its execution, from 0."""
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Where the part begins: in unicode characters of the text as it was written; with `mime`, in bytes of the value as UTF-8."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 100_000
    """The most that is returned, in the unit of `offset`; with `mime` the part ends between two characters."""
    mime: str | None = None
    """The MIME type of the value, as the metadata of the output names it (`webipy.blobs`); null: the output is a stream."""


class OutputText(Result, frozen=True, kw_only=True):
    """A part of the text of an output."""

    text: str
    """The text of the part."""
    offset: int
    """Where the part begins, in the unit of the call."""
    size: int
    """The size of the whole, in unicode characters; with `mime`, in bytes."""


class ReplyInput(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The line that `input()` or `getpass()` waits for."""

    request: str
    value: Annotated[str, msgspec.Meta(max_length=10_000_000)]
    """The line, without its line end; at most 10,000,000 characters."""


# ---- introspection ------------------------------------------------------------------------------------------------


class GetCompletion(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to complete code."""

    code: str
    cursor: Annotated[int, msgspec.Meta(ge=0)]
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class Completion(Result, frozen=True, kw_only=True):
    """The texts that may stand at the cursor (Jupyter messaging 5.4, complete_reply)."""

    matches: list[str]
    """The texts; each may replace what is between `cursor_start` and `cursor_end`."""
    cursor_start: int
    """Where the replaced text begins: unicode characters before it."""
    cursor_end: int
    """Where the replaced text ends: unicode characters before that."""
    metadata: Raw
    """More about the texts, a JSON map: `_jupyter_types_experimental` has kinds and signatures, if the kernel gives them."""


class GetInspection(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name to look at."""

    code: str
    cursor: Annotated[int, msgspec.Meta(ge=0)]
    detail: Literal[0, 1] = 0
    """0: signature and documentation; 1: the source too."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class Inspection(Result, frozen=True, kw_only=True):
    """What the kernel knows of a name (Jupyter messaging 5.4, inspect_reply)."""

    found: bool
    """Whether the kernel knows the name."""
    data: Raw
    """A map of MIME types to texts; empty when nothing was found."""
    metadata: Raw
    """The metadata of `data`, a JSON map."""


class IsComplete(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code to judge."""

    code: str
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class Completeness(Result, frozen=True, kw_only=True):
    """Whether the code may be run as it is (Jupyter messaging 5.4, is_complete_reply)."""

    status: Literal["complete", "incomplete", "invalid", "unknown"]
    """What the kernel says of the code."""
    indent: str = ""
    """What the next line of incomplete code should start with."""


# ---- comms and messages -------------------------------------------------------------------------------------------


class OpenComm(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The comm to open."""

    target: str
    comm: ClientChosenId | None = None
    """The id of the comm; null: the server makes one."""
    content: Raw | UnsetType = UNSET
    """The `data` of comm_open (Jupyter messaging 5.4), a JSON map; left out: `{}`."""
    metadata: Raw | UnsetType = UNSET
    buffers: list[str] = []


class CommAccepted(Result, frozen=True, kw_only=True):
    """The message to the comm is in the journal, and sent."""

    comm: str
    seq: int


class SendComm(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message for the kernel's side of a comm."""

    comm: str
    content: Raw | UnsetType = UNSET
    """The `data` of comm_msg (Jupyter messaging 5.4), a JSON map; left out: `{}`."""
    metadata: Raw | UnsetType = UNSET
    buffers: list[str] = []


class CloseComm(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The comm to close."""

    comm: str
    content: Raw | UnsetType = UNSET
    """The `data` of comm_close (Jupyter messaging 5.4), a JSON map; left out: `{}`."""


class KernelDescription(Result, frozen=True, kw_only=True):
    """What a kernel says of itself."""

    kernel_info: Raw
    """The content of its kernel_info_reply (Jupyter messaging 5.4), a JSON map; null: it has not started yet."""


class SendMessage(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Jupyter request, and how long to wait for its reply.

    These can be sent: `kernel_info_request`, `comm_info_request`; and by who manages the session also `connect_request`, `usage_request`,
    `list_subshell_request`, `create_subshell_request`, `delete_subshell_request`, and `debug_request`, which stands in the journal (`message_sent`).
    What has a method of its own, such as `execute_request`, is refused here.
    """

    channel: Literal["shell", "control"]
    """The channel to send it on."""
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
