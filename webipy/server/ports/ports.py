"""The ports: what the behaviour of the server needs of the outside world, and nothing of how it is done.

Each is a `Protocol` of a few methods; webipy.io holds the real ones, tests/fakes.py those for faults and time, and
the same contract tests run on both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar

import attrs
from twisted.internet.defer import Deferred

from webipy.core.api.file_calls import FileKind
from webipy.core.api.formats import PLAIN, ExportFormat, ExportOptions
from webipy.core.events.events import RunStatus
from webipy.core.ipynb.blob_folding import Folded
from webipy.core.kernel.blobs import Part, Ref
from webipy.core.kernel.jupyter_messages import Way
from webipy.core.kernel.wire import Message
from webipy.server.ports.turns import Turns

T = TypeVar("T")

NO_ENV: Mapping[str, str] = MappingProxyType({})
"""No environment variables but the usual ones."""


@attrs.define(frozen=True, slots=True)
class Spec:
    """A kernelspec, as it is launched. Source: Jupyter's kernel.json."""

    name: str
    display_name: str
    language: str
    argv: list[str]
    env: dict[str, str]
    interrupt_mode: str
    metadata: dict[str, object]
    resource_dir: str


@attrs.define(frozen=True, slots=True)
class Specs:
    """All kernelspecs that were found, by name; the default one; and those that cannot be read, with the reason.

    `ways` tells how those were started that have been started since the server was.
    """

    default: str | None
    found: dict[str, Spec]
    broken: dict[str, str]
    ways: dict[str, Way] = attrs.field(factory=dict)


@attrs.define(frozen=True, slots=True)
class HostRecord:
    """Where a kernel host lives, as the registry keeps it.

    Args:
        kernel: The kernel's id.
        directory: The host's private directory.
        spec: Name of its kernelspec.
        display_name: Its name for people.
        language: Its language.
        is_attached: Whether something else started the kernel: it is not restarted, not killed, and not ended with its session.
    """

    kernel: str
    directory: str
    spec: str
    display_name: str
    language: str
    is_attached: bool = False

    @property
    def url_without_key(self) -> str:
        """Where it listens."""
        return f"ipc://{self.directory}/host"


@attrs.define(frozen=True, slots=True)
class SessionRecord:
    """A session, as the registry keeps it.

    Args:
        env: Environment variables for its kernels; they may be secrets, and are told to nobody.
    """

    id: str
    title: str
    path: str | None
    cwd: str
    created: str
    host: HostRecord | None = None
    env: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.define(frozen=True, slots=True)
class ClosedSession:
    """A closed session, as the registry keeps it.

    Args:
        record: The session as it was, with the path of its document.
        closed: When it was closed, RFC 3339 UTC; `""` when that was not written down.
        etag: The state of its file that was read or written last; says which file it is, whatever its name.
        is_gone: Whether its document was deleted, or another session has taken over its path.
        digest: SHA-256 of what its file held, in hex; `None` when that is not known.
    """

    record: SessionRecord
    closed: str = ""
    etag: str | None = None
    is_gone: bool = False
    digest: str | None = None

    @property
    def path(self) -> str | None:
        """Where its document is; `None` for a session without one, or whose document is not there any more."""
        return None if self.is_gone else self.record.path


@attrs.define(frozen=True, slots=True)
class Position:
    """How far a session has taken the messages of a host in: all up to `number` are in its journal."""

    host: str
    number: int


class LinkReceiver(Protocol):
    """Who is told what comes over the link to a kernel host."""

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host answered; what it kept follows. `is_gap`: it no longer has all that was not acknowledged. `pid`: of the kernel's process."""

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Messages with their channels, in order; the last one has `number`."""

    def fenced(self) -> None:
        """A newer server has taken the host over."""

    def gone(self) -> None:
        """The host has ended; nothing follows on this link."""


class KernelLink(Protocol):
    """The server's end of the link to one kernel host."""

    def send(self, channel: str, message: Message) -> None:
        """Sends a request for the kernel; the host forwards each id once."""

    def command(self, name: str, content: bytes = b"{}") -> None:
        """Sends a command for the host itself, such as `interrupt`."""

    def acknowledge(self, number: int) -> None:
        """Lets the host forget all messages up to `number`."""

    def close(self) -> None:
        """Leaves; the host and its kernel live on."""


@attrs.define(frozen=True, slots=True)
class LeftBatch:
    """Messages with their channels, in order, from what a host left; `is_gap` when some before them are missing."""

    messages: list[tuple[str, Message]]
    number: int
    is_gap: bool


class Leftovers(Protocol):
    """What a host that has ended left behind, after the messages that are taken in already."""

    def next(self) -> Deferred[LeftBatch | None]:
        """The next messages, or `None` when there are no more."""

    def reason(self) -> Deferred[str]:
        """Why the host ended, in one sentence."""

    def remove(self) -> Deferred[None]:
        """Removes what it left."""


@attrs.define(frozen=True, slots=True)
class LogPart:
    """Text of a log, and the position after it: bytes from the beginning of the file."""

    text: str
    next: int


class Launcher(Protocol):
    """Starts kernel hosts, and finds them again."""

    def specs(self) -> Deferred[Specs]:
        """The kernelspecs that are installed now."""

    def launch(
        self,
        kernel: str,
        spec: Spec,
        cwd: str,
        start: int,
        *,
        grace_s: float | None = None,
        env: Mapping[str, str] = NO_ENV,
        waits: bool = False,
    ) -> Deferred[HostRecord]:
        """Starts a host for a new kernel, or for start number `start` of one whose host is gone.

        Args:
            env: Environment variables beside those of the server and the kernelspec.
            waits: Whether it should wait, almost started, to be told where it is needed; not every kernel can.
            grace_s: How long it waits for a server before it ends by itself, idle; `None` for as long as is usual.

        Fails with errors.KernelFailed when it cannot be started.
        """

    def has_started(self, record: HostRecord, way: Way) -> None:
        """Takes note of how the kernel of a host got ready: the next one of its kernelspec begins with that."""

    def discard(self, record: HostRecord) -> None:
        """Ends a host that was launched in advance and is not needed, with its kernel and all that it has."""

    def attach(self, kernel: str, connection: str, start: int) -> Deferred[HostRecord]:
        """Starts a host that joins the kernel of a connection file, which is told by its path.

        Fails with errors.InvalidParams when the file cannot be used, with errors.KernelFailed when the host cannot be started.
        """

    def logs(
        self, record: HostRecord, kernel_since: int | None, host_since: int | None, limit: int
    ) -> Deferred[tuple[LogPart, LogPart] | None]:
        """The raw output of a kernel and the log of its host, from these positions on (`None`: the last of it), at most `limit` bytes of each; `None`
        when nothing of the host is left."""

    def connect(self, record: HostRecord, since: int, receiver: LinkReceiver) -> KernelLink | None:
        """Attaches to a host after message `since`, in place of who was attached before; `None` when the host lives no more."""

    def leftovers(self, record: HostRecord, since: int) -> Leftovers:
        """What a host that has ended left, after message `since`."""


class Journal(Protocol):
    """The log of one session."""

    first_seq: int
    written: int
    durable_seq: int
    fault: str | None
    """Why nothing can be written now, or `None`."""

    def append(
        self, first: int, bodies: list[bytes], position: Position | None, parts: Sequence[Part] = ()
    ) -> Deferred[None]:
        """Writes parts of blobs, and events `first` and on with the position in one transaction; fires when that is committed, in order."""

    def read(self, first: int, limit: int, limit_bytes: int) -> Deferred[list[bytes]]:
        """Written events from `first` on: at least one if there is one, until a limit is reached."""

    def prelude(self) -> Deferred[list[bytes]]:
        """The events that stand for those before `first_seq`; none when nothing was ever cut."""

    def read_blob(self, blob: str, offset: int, limit: int) -> Deferred[bytes]:
        """Some bytes of a blob. Fails with errors.NotFound when it is not there, or not whole."""

    def take_blob(self, blob: str, path: str) -> Deferred[None]:
        """Makes a blob of another journal one of this, too; nothing happens when it is not there (any more)."""

    def has_blob(self, blob: str) -> Deferred[bool]:
        """Whether a blob is there, whole."""

    def blob_path(self, blob: str) -> str:
        """Where a blob lies on this machine, if it is there."""

    def sweep(self, *, is_over: bool = False) -> Deferred[None]:
        """Removes blobs that no event refers to; with `is_over` also those whose events would still be to come."""

    async def cut(self, seq: int, bodies: list[bytes]) -> None:
        """Lets `bodies` stand for all events up to `seq`; these can still be read until they are trimmed."""

    async def trim(self, before: int) -> None:
        """Gives the room of the events back that a prelude stands for and that are older than event `before`."""


@attrs.define(frozen=True, slots=True)
class OpenedJournal:
    """A journal and where its session stopped."""

    journal: Journal
    position: Position | None


@attrs.define(frozen=True, slots=True)
class KeptJournal:
    """A journal on the disk.

    Args:
        session: Its session's id.
        size_bytes: What it takes there, with all that belongs to it.
        changed: When it was last written to, RFC 3339 UTC.
    """

    session: str
    size_bytes: int
    changed: str


@attrs.define(frozen=True, slots=True)
class JournalPart:
    """Some events of a closed journal.

    Args:
        first_seq: The oldest event that is kept by itself.
        last_seq: The newest one.
        standing: The events that stand for those before `first_seq`.
        bodies: The events that were asked for.
    """

    first_seq: int
    last_seq: int
    standing: list[bytes]
    bodies: list[bytes]


class Journals(Protocol):
    """All journals."""

    def open(self, session: str) -> Deferred[OpenedJournal]:
        """Opens or creates the journal of a session. Fails with errors.Damaged when it cannot be read."""

    async def close(self, session: str) -> None:
        """Closes the journal of a session: it is not appended to any more. Slow readers may go on."""


@attrs.define(frozen=True, slots=True)
class RunRecord:
    """A run with a plan, as the registry keeps it when it has ended.

    Args:
        source: The notebook that was run.
        status: How it ended; `None` while it has not.
        path: The file with its result.
        reason: Why that is not where it was wanted.
        started, finished: RFC 3339 UTC with microseconds.
    """

    run: str
    session: str
    source: str | None
    status: RunStatus | None
    path: str | None
    reason: str
    started: str
    finished: str | None


class Archive(Protocol):
    """The journals on the disk, as files: what is there of closed sessions."""

    def kept(self) -> Deferred[list[KeptJournal]]:
        """All that are on the disk, be their sessions open or not."""

    def look(self, session: str, first: int, limit: int, limit_bytes: int) -> Deferred[JournalPart]:
        """Events of a closed session from `first` on, as `Journal.read`. Fails with errors.NotFound and errors.Damaged."""

    def describe(self, session: str) -> Deferred[ClosedSession]:
        """What the journal of a closed session says of it. Fails as `look`."""

    async def remove(self, session: str) -> None:
        """Removes the journal of a closed session, with all that belongs to it."""


class Registry(Protocol):
    """The list of sessions and their hosts, which outlives the server."""

    def sessions(self) -> Deferred[list[SessionRecord]]:
        """All sessions that are not closed."""

    def put(self, record: SessionRecord) -> Deferred[None]:
        """Writes a session down, new or changed; fires when it survives a power cut."""

    def close_session(self, closed: ClosedSession) -> Deferred[None]:
        """Marks a session as closed, or notes what has changed about one that is."""

    def closed(self) -> Deferred[list[ClosedSession]]:
        """All closed sessions that have not been forgotten, the one that was closed last first."""

    def reopen(self, record: SessionRecord) -> Deferred[None]:
        """Marks a closed session as open, without a host; another closed one loses its path to it."""

    def forget(self, session: str) -> Deferred[None]:
        """Forgets a closed session."""

    def put_run(self, record: RunRecord) -> Deferred[None]:
        """Writes down how a run has ended; only the latest are kept."""

    def run(self, run: str) -> Deferred[RunRecord | None]:
        """The run of that id that has ended."""


@attrs.define(frozen=True, slots=True)
class FileRecord:
    """A file or folder under the root, as it was found.

    Args:
        path: Relative to the root, with `/` between its parts; `""` is the root.
        size: Bytes; 0 for what is no file.
        modified: RFC 3339 UTC with microseconds.
        etag: Changes whenever the content may have changed; opaque.
        is_writable: Whether this server may write it.
        is_in_place: It was just written in place, because it cannot be replaced: a reader could see half of it meanwhile.
    """

    path: str
    kind: FileKind
    size: int
    modified: str
    etag: str
    is_writable: bool
    is_in_place: bool = False


FileRecords = list[FileRecord]


@attrs.define(frozen=True, slots=True)
class BlobFile:
    """A value that is written into a file from where it lies.

    Args:
        path: The blob, on this machine.
        ref: What it is.
    """

    path: str
    ref: Ref


Body = bytes | Sequence[bytes | BlobFile]
"""What a file is to hold."""

Placing = Literal["free", "taken", "source"]
"""What is at a place: nothing, another file, or the very file (by its inode) that is read."""


class Files(Protocol):
    """The files under the root. Everything fails with errors.NotFound for what is not there, hidden, or outside the root, with
    errors.InvalidParams for what is no path, and with errors.FileFault where the system refuses."""

    def list(self, path: str, offset: int, limit: int) -> Deferred[tuple[FileRecords, int]]:
        """`limit` entries of a folder from number `offset` on, and how many it has: folders first, then by name."""

    def stat(self, path: str) -> Deferred[FileRecord]:
        """One file or folder."""

    def seek(self, path: str, etag: str) -> Deferred[FileRecord | None]:
        """The very file that was at `path`, with this etag, where it is now; `None` when it is not found below the root."""

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> Deferred[tuple[bytes, FileRecord]]:
        """`limit` bytes of a file from `offset` on (all: `None`), and the file as it was when they were read."""

    def read_folded(self, path: str, limit: int) -> Deferred[tuple[Folded, FileRecord]]:
        """A notebook file with marks in place of long strings. Fails with errors.TooLarge when there is more than `limit` beside them."""

    def write(self, path: str, body: Body, if_match: str | None) -> Deferred[FileRecord]:
        """Replaces a file whole, or makes it: at any time, and after any crash, it is the old one or the new one. A file that cannot be replaced
        is written in place (`FileRecord.is_in_place`): a reader may see half of it, and what a crash left torn is mended when the server starts.

        Args:
            if_match: The etag that the file must have, `"missing"` for none, or `None` for whatever is there.

        Fails with errors.Conflict when it is another one; then nothing has changed.
        """

    def check_place(self, path: str, source: str) -> Deferred[Placing]:
        """What a file written to `path` would replace; nothing is changed. Links are followed, as `write` does. Fails as `write` would."""

    def create(self, path: str, kind: FileKind, body: bytes = b"") -> Deferred[FileRecord]:
        """Makes a folder, or a file with this content. Fails with errors.AlreadyExists."""

    def rename(self, path: str, to: str) -> Deferred[FileRecord]:
        """Gives a file or folder another path, never over something. Fails with errors.AlreadyExists."""

    def copy(self, path: str, to: str | None, entry: bool = False) -> Deferred[FileRecord]:
        """A copy at `to`, or beside it under a free name (`None`). Fails with errors.AlreadyExists.

        Args:
            entry: Whether a link is copied as a link; else what it leads to is.
        """

    def delete(self, path: str, recursive: bool) -> Deferred[None]:
        """Deletes a file, or a folder; one that holds something only with `recursive`."""

    def watch(self, path: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` when a file, or what is directly in a folder, may have changed: at most five times a second. Gives what ends it.

        Raises:
            errors.InvalidParams: It is no path. What is not there can be watched: it may come.
        """


@attrs.define(frozen=True, slots=True)
class Trashed:
    """Something that was deleted and can be brought back.

    Args:
        id: Its name in the trash.
        path: Where it was.
        deleted: RFC 3339 UTC with microseconds.
        location: Where it is now on this machine.
    """

    id: str
    path: str
    kind: FileKind
    size: int
    deleted: str
    location: str


class Trash(Protocol):
    """What was deleted below the root and can be brought back. Fails as `Files` does, and with errors.NotFound for what is not in it (any more)."""

    def put(self, path: str, recursive: bool) -> Deferred[Trashed]:
        """Puts a file or folder into it, a folder that holds something only with `recursive`, in one step.

        Fails with errors.FileFault, reason `no_trash`, where that cannot be done; then nothing has changed.
        """

    def list(self, limit: int) -> Deferred[list[Trashed]]:
        """What is in it, the latest first."""

    def restore(self, path: str, id: str, to: str | None) -> Deferred[FileRecord]:
        """Brings something from `path` back, to `to` if it is given, never over something. Fails with errors.AlreadyExists."""

    def delete(self, path: str, id: str) -> Deferred[None]:
        """Deletes something from `path` that is in it for good."""


@attrs.define(frozen=True, slots=True)
class ExportedFile:
    """A document in another format, as a file that is kept for an hour.

    Args:
        id: Names it in addresses; nobody can guess it.
        path: Where it lies on this machine.
        name: Its name for people, with its suffix.
        media_type: Its content type, with the charset where it is text.
        size: Bytes.
    """

    id: str
    path: str
    name: str
    media_type: str
    size: int


class Converter(Protocol):
    """Turns documents into other formats, outside of this process.

    Everything fails with errors.ConversionFailed when it cannot be done, with errors.Timeout when it takes too long, and as a cancelled
    Deferred when the server stops. Cancelling a Deferred ends the work.
    """

    def upgrade(self, body: bytes) -> Deferred[bytes]:
        """A notebook of nbformat 1 to 3 as one of 4.5. Fails with errors.InvalidNotebook when it is none."""

    def to_notebook(self, body: bytes, format: str, name: str) -> Deferred[bytes]:
        """A text notebook as nbformat 4.5.

        Args:
            body: The text, UTF-8.
            format: As core.formats names it, such as `py:percent`.
            name: The file's name, for what is said when it cannot be read.

        Fails with errors.InvalidNotebook when it is none.
        """

    def from_notebook(self, notebook: bytes, format: str, original: bytes | None) -> Deferred[bytes]:
        """A notebook as text: `original` is the text that it was made from, whose header and style are kept."""

    def export(
        self,
        notebook: bytes,
        format: ExportFormat,
        name: str,
        images: Mapping[str, bytes],
        options: ExportOptions = PLAIN,
        guest: str = "",
    ) -> Deferred[ExportedFile]:
        """A notebook in another format, as a file.

        Args:
            notebook: nbformat 4 JSON.
            name: The document's name without its suffix; the file is called after it.
            images: What lies beside the document, by the addresses under which it shows that.
            options: What of the document is shown, and how.
            guest: The login of the guest who asks, whose exports hold up and push out those of guests only, and no script of a document runs for them
                when it is printed; empty for whoever runs the server. Fails with errors.Throttled when too many wait.
        """


@attrs.define(frozen=True, slots=True)
class Used:
    """What the processes of one session of the system use.

    Args:
        memory_bytes: What is theirs in memory; what several of them share counts once.
        cpu_s: Processor time that they, and those of them that have ended, have had.
        processes: How many there are.
    """

    memory_bytes: int
    cpu_s: float
    processes: int


class Processes(Protocol):
    """The processes of this machine."""

    def used(self, leaders: Collection[int]) -> Deferred[dict[int, Used]]:
        """What the sessions of these leaders (by their process ids) use now; those that are gone are not in it."""


class Aside(Protocol):
    """Runs a function of values off the reactor."""

    def __call__(self, call: Callable[[], T]) -> Deferred[T]:
        """What it gives, or how it failed."""


@attrs.define(frozen=True, slots=True)
class World:
    """What every session needs of the outside, in one value.

    Args:
        archive: The journals as files.
        turns: Turns of the reactor, for whoever has much to do.
        files: The files under the root.
        trash: What was deleted there.
        converter: Other formats of documents.
        clock: Seconds that only go forward.
        aside: Runs long work on values off the reactor.
        processes: The processes of this machine.
        now: The time as RFC 3339 UTC with microseconds.
        new_id: A new id that nobody can guess.
        later: Calls a function after so many seconds and gives what cancels that.
    """

    journals: Journals
    registry: Registry
    launcher: Launcher
    now: Callable[[], str]
    new_id: Callable[[], str]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    files: Files
    converter: Converter
    clock: Callable[[], float]
    aside: Aside
    processes: Processes
    trash: Trash
    archive: Archive
    turns: Turns = attrs.field(default=attrs.Factory(lambda self: Turns(self.clock, self.later), takes_self=True))
