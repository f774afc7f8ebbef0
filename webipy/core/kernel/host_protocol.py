"""What a server and a kernel host write to each other: the files in the host's folder, and the messages on the link.

Each command, answer and event is one struct; its `msg_type` is the type of the message that carries it on the channel `host`. A server sends
commands, a host sends answers (without a number) and events (numbered, kept until they are acknowledged). How a message is framed and signed is in
`webipy.core.kernel.wire`; what the fields mean is in docs/kernel-host.md.

Invariants: a struct ignores fields that it does not name, and a field that a former version does not write has a default; so a server and a host of
different versions understand each other. The names and fields are a contract: hosts of a former version live on after an upgrade.

Source: docs/kernel-host.md. Rejected: a struct on each side (they drift apart); a tagged union (the type is in the header of the message already).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal, Protocol

import msgspec
from msgspec import Raw

from webipy.core.kernel.connection_file import Connection

PROTOCOL: Final = 1
"""The version of all this."""

MAX_SOCKET_PATH: Final = 107
"""Bytes of the path of a Unix socket. Source: unix(7), `sun_path` of 108 bytes with its terminating zero."""

SOCKET: Final = "host"
LAUNCH_FILE: Final = "launch.json"
HOST_FILE: Final = "host.json"
FAREWELL_FILE: Final = "farewell.json"
KERNEL_LOG: Final = "kernel.log"
HOST_LOG: Final = "host.log"
"""The files in a host's folder; SOCKET is its endpoint."""

SPOOL_PREFIX: Final = "spool-"
"""What the names of spool files begin with; a number follows."""


class Typed(Protocol):
    """A struct that is the content of a message of its type: a command, an answer or an event, of a kernel host or of another one."""

    msg_type: ClassVar[str]


def endpoint(folder: str) -> str:
    """The ZeroMQ address of the host in a folder, which is an absolute path."""
    return f"ipc://{folder}/{SOCKET}"


# ---- files


class Kernelspec(msgspec.Struct, frozen=True):
    """How to start a kind of kernel.

    Source: "Making kernels for Jupyter", kernel specs.
    """

    name: str
    argv: list[str]
    display_name: str = ""
    language: str = ""
    env: dict[str, str] = {}
    interrupt_mode: Literal["signal", "message"] = "signal"
    metadata: dict[str, Any] = {}
    resource_dir: str = ""


class Way(msgspec.Struct, frozen=True):
    """One way to start a kernel.

    Attributes:
        boot: `ipykernel` with the boot file in place of ipykernel's launcher, `module` with the boot file around another
            module that may build on ipykernel, empty as the kernelspec says.
        transport: What the kernel listens on.
    """

    boot: str = ""
    transport: Literal["ipc", "tcp"] = "ipc"

    @property
    def words(self) -> str:
        """The way as a phrase for a person."""
        how = "with webipy's boot file" if self.boot else "as its kernelspec says"
        return f"{how}, over loopback TCP" if self.transport == "tcp" else how


class KnownWay(Way, frozen=True):
    """The way in which a kernel has started; `is_encrypted` when its sockets are (CurveZMQ)."""

    is_encrypted: bool = False


class Launch(msgspec.Struct, frozen=True):
    """`launch.json`: what a host starts.

    Attributes:
        kernel: The kernel's id.
        spec: Its kernelspec.
        cwd: The folder it runs in, absolute.
        key: The key of its first start, hex, at least 32 characters.
        env: Environment variables to add last.
        username: Name of the user it is for.
        grace_s: How long an idle kernel waits for a server.
        ready_timeout_s: How long it may take to answer its first request.
        prefix: `sys.prefix` of webipy, for `{prefix}` in the kernelspec; empty means the host's own Python's.
        start: Number of the first start; more than 1 when an earlier host of the same kernel had some.
        nice: How much the kernel's process gives way to others when the processors are busy, as nice(1) has it, from 0 to 19.
        connection: A kernel that something else started, to join instead of starting one.
        way: What started such a kernel before, to begin with.
        waits: Whether its first process waits, with everything imported, for the command `enter`.
    """

    kernel: str
    spec: Kernelspec
    cwd: str
    key: str
    env: dict[str, str] = {}
    username: str = ""
    grace_s: float = 86400
    ready_timeout_s: float = 60
    prefix: str = ""
    start: int = 1
    nice: Annotated[int, msgspec.Meta(ge=0, le=19)] = 0
    connection: Connection | None = None
    way: Way | None = None
    waits: bool = False


class HostFile(msgspec.Struct, frozen=True):
    """`host.json`: where a host listens, and the process that it is.

    Attributes:
        pid: Its process.
        start_time: When that process started, in clock ticks since boot: another one may get its number.
        boot_id: The boot of the machine that both are of.
        endpoint: Its ZeroMQ address.
        key: The key of the kernel's present start, hex.
        start: Number of that start.
        kernel_pid: The kernel's process; `None` without one.
        protocol: The version of the protocol that it speaks.
    """

    pid: int
    start_time: int
    boot_id: str
    endpoint: str
    key: str
    start: int
    kernel_pid: int | None = None
    protocol: int = PROTOCOL


class Farewell(msgspec.Struct, frozen=True):
    """`farewell.json`: why a host ended in order, and which messages it left in its spool.

    Attributes:
        reason: One sentence.
        start: Number of the kernel's last start.
        acknowledged: The last number that a server acknowledged.
        next: The number that would have come next; 0 where it is not known.
    """

    reason: str
    start: int = 0
    acknowledged: int = 0
    next: int = 0


# ---- commands: server to host


class Attach(msgspec.Struct, frozen=True):
    """Attaches a server of this generation, which has everything up to number `since`; `bundles`: whether it takes several messages as one."""

    msg_type: ClassVar[str] = "attach"
    generation: int
    since: int
    bundles: bool = False


class Acknowledge(msgspec.Struct, frozen=True):
    """Lets the host forget everything up to a number."""

    msg_type: ClassVar[str] = "acknowledge"
    number: int


class Cancel(msgspec.Struct, frozen=True, omit_defaults=True):
    """Drops execute requests that wait."""

    msg_type: ClassVar[str] = "cancel"
    msg_id: str | None = None
    msg_ids: list[str] = []


class Move(msgspec.Struct, frozen=True):
    """Moves an execute request that waits before another one, or (`None`) behind all."""

    msg_type: ClassVar[str] = "move"
    msg_id: str
    before: str | None = None


class Enter(msgspec.Struct, frozen=True):
    """Gives a kernel that was started in advance its folder and its environment.

    Attributes:
        cwd: The folder that it runs in from now on; later starts begin there.
        code: What brings a kernel there that does not wait; empty where nothing has to be run.
        grace_s: How long the host waits for a server from now on.
        env: Environment variables of later starts; `None` for those of `launch.json`.
    """

    msg_type: ClassVar[str] = "enter"
    cwd: str
    code: str
    grace_s: float
    env: dict[str, str] | None = None


class Interrupt(msgspec.Struct, frozen=True):
    """Interrupts what runs; with an id, that execution alone."""

    msg_type: ClassVar[str] = "interrupt"
    msg_id: str | None = None


class Restart(msgspec.Struct, frozen=True, omit_defaults=True):
    """Starts the kernel's process again.

    Attributes:
        start: Number of the start to make; the command has no effect where that was made already. `None` for the next one.
        env: Environment variables from this start on; `None` for those it has.
    """

    msg_type: ClassVar[str] = "restart"
    start: int | None = None
    env: dict[str, str] | None = None


class ShutDown(msgspec.Struct, frozen=True):
    """Ends the kernel politely, and then the host."""

    msg_type: ClassVar[str] = "shut_down"


class Kill(msgspec.Struct, frozen=True):
    """Ends the kernel at once, and then the host."""

    msg_type: ClassVar[str] = "kill"


class Ping(msgspec.Struct, frozen=True):
    """Asks for `Pong`."""

    msg_type: ClassVar[str] = "ping"


Command = Attach | Acknowledge | Cancel | Move | Enter | Interrupt | Restart | ShutDown | Kill | Ping

COMMANDS: Final[dict[str, type[Command]]] = {
    kind.msg_type: kind for kind in (Attach, Acknowledge, Cancel, Move, Enter, Interrupt, Restart, ShutDown, Kill, Ping)
}
"""The commands, by `msg_type`."""


# ---- answers: host to server, without a number


class Attached(msgspec.Struct, frozen=True):
    """The server is attached.

    Attributes:
        first: The oldest number that is kept.
        next: The number that comes next.
        state: `starting`, `ready`, `dead` or `failed`.
        start: Number of the kernel's present start.
        pid: The kernel's process; `None` without one.
        protocol: The version of the protocol that the host speaks.
    """

    msg_type: ClassVar[str] = "attached"
    first: int
    next: int
    state: str = ""
    start: int = 0
    pid: int | None = None
    protocol: int = PROTOCOL


class Fenced(msgspec.Struct, frozen=True):
    """Another server is attached; its generation."""

    msg_type: ClassVar[str] = "fenced"
    generation: int


class Pong(msgspec.Struct, frozen=True):
    """The answer to `Ping`."""

    msg_type: ClassVar[str] = "pong"


Answer = Attached | Fenced | Pong


# ---- events: host to server, numbered


class KernelStarting(msgspec.Struct, frozen=True):
    """A kernel process was started; with `waits` it waits for `Enter`."""

    msg_type: ClassVar[str] = "kernel_starting"
    start: int
    pid: int | None = None
    waits: bool = False


class KernelReady(msgspec.Struct, frozen=True):
    """The kernel answered for the first time.

    Attributes:
        start: Number of this start.
        pid: Its process; `None` where something else started it.
        kernel_info: The content of its kernel_info_reply, JSON.
        seconds: The time since its process was started.
        way: How it was started; `None` where something else started it.
        is_encrypted: Whether its sockets are encrypted (CurveZMQ).
    """

    msg_type: ClassVar[str] = "kernel_ready"
    start: int
    pid: int | None
    kernel_info: Raw
    seconds: float
    way: Way | None = None
    is_encrypted: bool = False


class StartRetried(msgspec.Struct, frozen=True):
    """The kernel did not start, and is started once more in another way.

    Attributes:
        reason: Why, one sentence.
        how: How it is started next, a phrase.
        tail: Its last raw output.
        start: Number of the start, which stays the same.
    """

    msg_type: ClassVar[str] = "start_retried"
    reason: str
    how: str
    tail: str = ""
    start: int = 0


class KernelDied(msgspec.Struct, frozen=True):
    """The kernel's process ended.

    Attributes:
        exit_status: Its exit status; `None` when a signal ended it.
        signal: That signal's name, such as `SIGSEGV`.
        tail: Its last raw output.
        expected: Whether the end was asked for.
        reason: One sentence where more is known than status and signal say; else empty.
        start: Number of the start that ended.
    """

    msg_type: ClassVar[str] = "kernel_died"
    exit_status: int | None = None
    signal: str | None = None
    tail: str = ""
    expected: bool = False
    reason: str = ""
    start: int = 0


class KernelEntered(msgspec.Struct, frozen=True):
    """The command `enter` was taken in."""

    msg_type: ClassVar[str] = "kernel_entered"
    cwd: str


class StartFailed(msgspec.Struct, frozen=True):
    """No kernel could be started: why, in one sentence, and its last raw output."""

    msg_type: ClassVar[str] = "start_failed"
    reason: str
    tail: str = ""
    start: int = 0


class KernelRestarting(msgspec.Struct, frozen=True, omit_defaults=True):
    """The next process is about to be started; `key` signs everything that follows, and is put in when the event is sent."""

    msg_type: ClassVar[str] = "kernel_restarting"
    start: int
    key: str = ""


class RequestDropped(msgspec.Struct, frozen=True):
    """A request will have no reply, because it was `aborted`, `cancelled`, `unanswered`, or the kernel ended (`kernel_died`, `kernel_restarted`)."""

    msg_type: ClassVar[str] = "request_dropped"
    msg_id: str
    reason: str


class RequestMoved(msgspec.Struct, frozen=True):
    """A request waits just behind `after` now; `None`: before all others."""

    msg_type: ClassVar[str] = "request_moved"
    msg_id: str
    after: str | None = None


class OutputLost(msgspec.Struct, frozen=True):
    """Messages are known to be missing: how many, if that is known, and why."""

    msg_type: ClassVar[str] = "output_lost"
    reason: str
    count: int | None = None


Event = (
    KernelStarting
    | KernelReady
    | StartRetried
    | KernelDied
    | KernelEntered
    | StartFailed
    | KernelRestarting
    | RequestDropped
    | RequestMoved
    | OutputLost
)
