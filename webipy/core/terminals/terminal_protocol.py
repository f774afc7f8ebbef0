"""What a server and a terminal host write to each other, beside what is the same for kernel hosts (`webipy.core.kernel.host_protocol`).

A terminal host is attached, fenced and acknowledged as a kernel host is, over the same link (`webipy.core.kernel.wire`). What differs: it keeps bytes
by their position in all that the terminal ever printed, and not messages. So it numbers its messages anew for each server that attaches, and tells
after `Attached` in `TerminalState` where the bytes begin that follow::

    server                                   host
    attach {generation, since: 0} ─────────►
           ◄───────────────────────────────── 0  attached {first: 1, next: 1}
           ◄───────────────────────────────── 0  terminal_state {start, end, restore, ...}
           ◄───────────────────────────────── 1  terminal_output {at}, the bytes as its one buffer
    acknowledge {number} ──────────────────►     the host reads the terminal again when it had waited for this
    terminal_input {id, text} ─────────────►
           ◄───────────────────────────────── 0  terminal_input_answered {id, refusal}
           ◄───────────────────────────────── n  terminal_ended {exit_status, signal}   after the last byte

Invariants: as those of `host_protocol`; input is carried out at most once, for no message of a server is ever sent again.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

STATE_FILE: Final = "terminal.json"
"""What a server that starts reads of a terminal: a `TerminalLaunch` without its key."""


class TerminalLaunch(msgspec.Struct, frozen=True):
    """`launch.json` of a terminal host: what it starts.

    Attributes:
        terminal: The id of the terminal.
        argv: The command: a login shell.
        cwd: The folder that it starts in, absolute.
        key: The key of the link, hex, at least 32 characters.
        started: When it was started, RFC 3339 in UTC.
        rows: Lines of the terminal.
        cols: Columns of the terminal.
        env: Environment variables of the shell, all of them.
        place: A path that is there as long as the state folder is; without it nobody can come to this host any more.
        grace_s: How long a shell that does nothing waits for a server.
    """

    terminal: str
    argv: list[str]
    cwd: str
    key: str
    started: str
    rows: int
    cols: int
    env: dict[str, str] = {}
    place: str = ""
    grace_s: float = 86400


# ---- commands: server to host


class TerminalInput(msgspec.Struct, frozen=True):
    """Text that is typed into the terminal; the answer has the same id."""

    msg_type: ClassVar[str] = "terminal_input"
    id: int
    text: str


class TerminalSize(msgspec.Struct, frozen=True):
    """The size of the terminal from now on."""

    msg_type: ClassVar[str] = "terminal_size"
    rows: int
    cols: int


class TerminalHangUp(msgspec.Struct, frozen=True):
    """Closes the terminal: SIGHUP to what runs in it, and SIGKILL to what is left of the shell some seconds later."""

    msg_type: ClassVar[str] = "terminal_hang_up"


# ---- answers: host to server, without a number


class TerminalState(msgspec.Struct, frozen=True):
    """What the terminal is, right after a server has attached.

    Attributes:
        start: Position of the first byte that is kept, in bytes since the terminal was started.
        end: Position behind the last one.
        restore: What brings an empty terminal to the modes and the title that this one had at `start`.
        rows: Lines of the terminal.
        cols: Columns of the terminal.
        pid: The process of the shell; `None` when it has ended.
    """

    msg_type: ClassVar[str] = "terminal_state"
    start: int
    end: int
    restore: str
    rows: int
    cols: int
    pid: int | None = None


class TerminalInputAnswered(msgspec.Struct, frozen=True):
    """Input was given to the terminal; or not at all, then `refusal` is the reason, one sentence."""

    msg_type: ClassVar[str] = "terminal_input_answered"
    id: int
    refusal: str = ""


# ---- events: host to server, numbered


class TerminalOutput(msgspec.Struct, frozen=True):
    """Bytes that the terminal printed: the buffer of the message; `at` is the position of the first one."""

    msg_type: ClassVar[str] = "terminal_output"
    at: int


class TerminalEnded(msgspec.Struct, frozen=True):
    """The shell has ended; all that it printed was sent before.

    Attributes:
        exit_status: Its exit status; `None` when a signal ended it.
        signal: That signal's name, such as `SIGHUP`.
        failure: Why it could not be started, one sentence; empty when it was.
    """

    msg_type: ClassVar[str] = "terminal_ended"
    exit_status: int | None = None
    signal: str | None = None
    failure: str = ""
