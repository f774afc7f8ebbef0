"""The ports to kernels: kernelspecs, kernel hosts, the link to one, what a host leaves, and what processes use.

Launcher ──launch, attach──► HostRecord ──connect──► KernelLink ──messages──► LinkReceiver
                                 └── the host has ended ──► Leftovers
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Protocol

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core.kernel.host_protocol import Kernelspec, KnownWay, Typed
from webipy.core.kernel.wire import Message

NO_ENV: Mapping[str, str] = MappingProxyType({})
"""No environment variables but the usual ones."""


@attrs.define(frozen=True, slots=True)
class Specs:
    """The installed kernelspecs.

    Args:
        default: The name of the default one; `None` when there is none.
        found: Those that can be started, by name.
        broken: Why others cannot be read, by name.
        ways: How those were started that have been started since the server was, by name.
    """

    default: str | None
    found: dict[str, Kernelspec]
    broken: dict[str, str]
    ways: dict[str, KnownWay] = attrs.field(factory=dict)


class HostRecord(msgspec.Struct, frozen=True):
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


class LinkReceiver(Protocol):
    """Receives what comes over the link to a kernel host."""

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host has answered; the messages that it keeps follow.

        Args:
            is_gap: Whether it has lost messages that were not acknowledged.
            pid: Id of the kernel's process; `None` when the host does not know it.
        """

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Messages have arrived.

        Args:
            batch: Each message with its channel, in the host's order.
            number: The host's number of the last one.
        """

    def fenced(self) -> None:
        """A newer server has taken the host over."""

    def gone(self) -> None:
        """The host has ended; nothing follows on this link."""


class KernelLink(Protocol):
    """The server's end of the link to one kernel host."""

    def send(self, channel: str, message: Message) -> None:
        """Sends a request for the kernel; the host forwards each id once.

        Args:
            channel: `shell`, `control` or `stdin`.
            message: The request.
        """

    def command(self, command: Typed) -> None:
        """Sends a command for the host itself."""

    def acknowledge(self, number: int) -> None:
        """Lets the host forget all messages up to `number`."""

    def close(self) -> None:
        """Disconnects; the host and its kernel live on."""


class LeftBatch(msgspec.Struct, frozen=True):
    """Some messages that an ended host left.

    Args:
        messages: Each with its channel, in order.
        number: The host's number of the last one.
        is_gap: Whether some before them are missing.
    """

    messages: list[tuple[str, Message]]
    number: int
    is_gap: bool


class Leftovers(Protocol):
    """What an ended host left behind, after the messages that are in the journal already."""

    def next(self) -> Deferred[LeftBatch | None]:
        """The next messages; `None` when there are no more."""

    def reason(self) -> Deferred[str]:
        """Why the host ended, in one sentence."""

    def remove(self) -> Deferred[None]:
        """Removes what the host left."""


class LogPart(msgspec.Struct, frozen=True):
    """Text of a log, and the position after it: bytes from the beginning of the file."""

    text: str
    next: int


class Launcher(Protocol):
    """Starts kernel hosts, and finds them again."""

    def specs(self) -> Deferred[Specs]:
        """The kernelspecs that are installed now."""

    def is_folder(self, path: str) -> Deferred[bool]:
        """Whether there is a folder at this absolute path, where kernels run."""

    def launch(
        self,
        kernel: str,
        spec: Kernelspec,
        cwd: str,
        start: int,
        *,
        grace_s: float | None = None,
        env: Mapping[str, str] = NO_ENV,
        waits: bool = False,
    ) -> Deferred[HostRecord]:
        """Starts a host for a new kernel, or for a later start of one whose host is gone.

        Args:
            kernel: The kernel's id.
            spec: What is started.
            cwd: The folder that it runs in, absolute.
            start: Number of the start of this kernel, from 1.
            grace_s: How long the host waits for a server before it ends by itself, idle; `None` for as long as is usual.
            env: Environment variables beside those of the server and the kernelspec.
            waits: Whether the kernel waits, almost started, for the host's command `enter`; not every kernel can.

        Raises:
            errors.KernelFailed: It cannot be started; the Deferred fails with it.
        """

    def has_started(self, record: HostRecord, way: KnownWay) -> None:
        """Records how a kernel got ready: the next one of its kernelspec is started the same way first.

        Args:
            record: The kernel's host.
            way: How it was started.
        """

    def discard(self, record: HostRecord) -> None:
        """Ends a host that was launched in advance and is not needed, with its kernel, and removes its directory."""

    def attach(self, kernel: str, connection: str, start: int) -> Deferred[HostRecord]:
        """Starts a host that joins a kernel which something else started.

        Args:
            kernel: The kernel's new id here.
            connection: Path of its connection file on this machine.
            start: Number of the start, from 1.

        Raises:
            errors.InvalidParams: The file cannot be used.
            errors.KernelFailed: The host cannot be started.
        """

    def logs(
        self, record: HostRecord, kernel_since: int | None, host_since: int | None, limit: int
    ) -> Deferred[tuple[LogPart, LogPart] | None]:
        """The raw output of a kernel and the log of its host.

        Args:
            record: The host.
            kernel_since: Position in the kernel's output, bytes; `None` for the end of it.
            host_since: Position in the host's log, bytes; `None` for the end of it.
            limit: Bytes of each at most.

        Returns:
            Both parts; `None` when nothing of the host is left.
        """

    def connect(self, record: HostRecord, since: int, receiver: LinkReceiver) -> KernelLink | None:
        """Attaches to a host, in place of the server that was attached before.

        Args:
            record: The host.
            since: The host's number of the last message that is in the journal.
            receiver: Receives the messages after that one.

        Returns:
            The link; `None` when the host lives no more.
        """

    def leftovers(self, record: HostRecord, since: int) -> Leftovers:
        """What an ended host left.

        Args:
            record: The host.
            since: The host's number of the last message that is in the journal.
        """


class Used(msgspec.Struct, frozen=True):
    """What the processes of one session of the system use.

    Args:
        memory_bytes: Their memory; what several of them share counts once.
        cpu_s: Processor time of them, and of those of them that have ended.
        processes: Their number.
    """

    memory_bytes: int
    cpu_s: float
    processes: int


class Processes(Protocol):
    """The processes of this machine."""

    def used(self, leaders: Collection[int]) -> Deferred[dict[int, Used]]:
        """What the sessions of these leaders (by their process ids) use now, without those that are gone."""
