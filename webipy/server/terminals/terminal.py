"""One terminal of the server: the output of its host, its readers, its size, and what is typed into it.

    host ──bytes──► Scrollback ──► TerminalReader ──► connection      acknowledged by the slowest reader ──► host
    connection ──input, size──► host ──► answer

Output is not journaled (docs/decisions/0055): the host keeps the last of it, and a server that starts gets all that is kept. Readers that come
back after
that are waited for, for `RETURN_SECONDS`.

Invariants: a byte counts as acknowledged to the host only when each reader has acknowledged it; input is sent to the host at most once, and its
caller
is told whether the host has it; a terminal that has ended stays readable until it is closed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.api import terminal_calls
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.host_protocol import Acknowledge
from webipy.core.kernel.wire import Message
from webipy.core.terminals.scrollback import Scrollback
from webipy.core.terminals.terminal_modes import TerminalModes
from webipy.core.terminals.terminal_protocol import (
    TerminalEnded,
    TerminalHangUp,
    TerminalInput,
    TerminalInputAnswered,
    TerminalOutput,
    TerminalSize,
    TerminalState,
)
from webipy.server.ports.kernels import KernelLink
from webipy.server.ports.terminals import TerminalRecord
from webipy.server.ports.world import World
from webipy.server.terminals.terminal_reader import TerminalReader
from webipy.server.terminals.terminal_readers import TerminalReaders

RETURN_SECONDS: Final = 10.0
"""How long readers of the last server are waited for."""

HURRY_BYTES: Final = 128 * 1024
"""So many bytes are acknowledged to the host at once, fewer together with what follows."""


@attrs.define(eq=False)
class Terminal:
    """See `webipy.server.ports.kernels.LinkReceiver`.

    Args:
        world: The outside.
        record: Where its host lives.
        root: The root, absolute.
        is_returned: Whether a former server has started it, and readers may come back.
    """

    world: World
    record: TerminalRecord
    root: str
    is_returned: bool = False
    scrollback: Scrollback = attrs.field(factory=Scrollback)
    rows: int = attrs.field(default=attrs.Factory(lambda self: self.record.rows, takes_self=True))
    cols: int = attrs.field(default=attrs.Factory(lambda self: self.record.cols, takes_self=True))
    ended: str | None = None
    exit_status: int | None = None
    last_activity: str = attrs.field(default=attrs.Factory(lambda self: self.record.started, takes_self=True))
    over: Deferred[None] = attrs.field(factory=Deferred)
    """Fires when its host is gone."""
    readers: TerminalReaders = attrs.field(
        default=attrs.Factory(lambda self: TerminalReaders(self.world.later, self.as_result), takes_self=True)
    )
    _link: KernelLink | None = None
    _modes: TerminalModes = attrs.field(factory=TerminalModes)
    _ready: list[Deferred[None]] = attrs.field(factory=list)
    _is_ready: bool = False
    _goal: int = 0
    """The position behind what the host had when it was attached."""
    _ends: deque[tuple[int, int]] = attrs.field(factory=deque)
    """Numbers of messages that are not acknowledged, each with the position behind it."""
    _hurried: int = 0
    _typed: dict[int, Deferred[bool]] = attrs.field(factory=dict)
    _inputs: int = 0
    _returning: Callable[[], None] | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.terminal

    def connect(self, link: KernelLink | None) -> None:
        """Takes the link to its host; `None`: it lives no more."""
        self._link = link
        if link is None:
            self.gone()
        elif self.is_returned:
            self._returning = self.world.later(RETURN_SECONDS, self._stop_returning)

    def _stop_returning(self) -> None:
        if self._returning is not None:
            self._returning()
            self._returning = None
            self.settle()

    def ready(self) -> Deferred[None]:
        """Fires when the host has answered, or is gone."""
        waited: Deferred[None] = Deferred()
        if self._is_ready:
            waited.callback(None)
        else:
            self._ready.append(waited)
        return waited

    def as_result(self) -> terminal_calls.Terminal:
        """The terminal as clients see it."""
        within = self.record.cwd == self.root or self.record.cwd.startswith(self.root.rstrip("/") + "/")
        return terminal_calls.Terminal(
            id=self.id,
            title=self._modes.title or self.scrollback.title or self.record.shell,
            cwd=self.record.cwd,
            folder=self.record.cwd[len(self.root) :].strip("/") if within else None,
            started=self.record.started,
            last_activity=self.last_activity,
            rows=self.rows,
            cols=self.cols,
            end=self.scrollback.end,
            ended=self.ended,
            exit_status=self.exit_status,
        )

    # ---- from the host

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host has answered; `TerminalState` follows.

        Args:
            is_gap: Never: numbers begin anew.
            pid: The shell's process.
        """

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Messages have arrived.

        Args:
            batch: Each message with its channel, in the host's order.
            number: The host's number of the last one that has one.
        """
        for _, message in batch:
            self._take(message)
        self._ends.append((number, self.scrollback.end))
        if self._link is not None and self.scrollback.end >= self._goal:
            self._become_ready()
        self.readers.wake()
        self.settle()
        self.readers.show()

    def _take(self, message: Message) -> None:
        match message.header.msg_type:
            case TerminalOutput.msg_type:
                printed = b"".join(message.buffers)
                self.scrollback.append(printed)
                self._modes.read_title(printed)
                self.last_activity = self.world.now()
            case TerminalInputAnswered.msg_type:
                answer = jupyter_messages.decode(message.content, TerminalInputAnswered)
                waiting = self._typed.pop(answer.id, None)
                if waiting is not None and answer.refusal:
                    waiting.errback(errors.TerminalFailed(answer.refusal))
                elif waiting is not None:
                    waiting.callback(True)
            case TerminalState.msg_type:
                state = jupyter_messages.decode(message.content, TerminalState)
                self.scrollback = Scrollback(state.start, state.restore.encode())
                self.rows, self.cols, self._goal = state.rows, state.cols, state.end
            case TerminalEnded.msg_type:
                ended = jupyter_messages.decode(message.content, TerminalEnded)
                self.exit_status = ended.exit_status
                self._end(_sentence(ended, self.record.shell))

    def _become_ready(self) -> None:
        self._is_ready = True
        ready, self._ready = self._ready, []
        for waited in ready:
            waited.callback(None)

    def fenced(self) -> None:
        """A newer server has taken the terminal over."""
        self._end("Another server has taken this terminal over.")
        self.gone()

    def gone(self) -> None:
        """The host has ended."""
        self._end(f"The host of the terminal was killed, and its {self.record.shell} with it.")
        self.detach()
        if not self.over.called:
            self.over.callback(None)

    def _end(self, reason: str) -> None:
        if self.ended is not None:
            return
        self.ended = reason
        self._become_ready()
        typed, self._typed = self._typed, {}
        for waiting in typed.values():
            waiting.errback(errors.TerminalFailed(f"What was typed is lost. {reason}"))
        self.readers.wake()
        self.readers.show()

    # ---- readers

    def settle(self) -> None:
        """Acknowledges to the host what every reader has shown, and forgets old output."""
        end = self.scrollback.end
        needed = self.scrollback.start if self._returning is not None else self.readers.needed(end)
        if not self._is_ready:  # what the last server had is taken in whole
            self._acknowledge(end)
            return
        self._acknowledge(needed)
        self.scrollback.trim(needed)

    def _acknowledge(self, position: int) -> None:
        number = 0
        while self._ends and self._ends[0][1] <= position:
            number = self._ends.popleft()[0]
        if number and self._link is not None:
            if position - self._hurried >= HURRY_BYTES:
                self._hurried = position
                self._link.command(Acknowledge(number))
            self._link.acknowledge(number)

    def subscribe(
        self, connection: object, send: Callable[[bytes], None], since: int | None, *, is_paused: bool
    ) -> tuple[TerminalReader, terminal_calls.TerminalReading]:
        """Adds a reader, in place of an earlier one of the same connection; `wake` it after the call is answered.

        Args:
            connection: Who reads.
            send: Sends one notification.
            since: Where the reader is; `None`: nowhere.
            is_paused: Whether its transport is full.

        Returns:
            The reader, and where it begins.
        """
        kept = self.scrollback
        is_kept = since is not None and kept.start <= since <= kept.end
        first = since if is_kept and since is not None else kept.start
        reader = TerminalReader(self, send, first, self.world.clock, is_paused)
        self.readers.add(connection, reader)
        self._stop_returning()
        return reader, terminal_calls.TerminalReading(
            terminal=self.as_result(),
            first=first,
            live=kept.end,
            restore=None if is_kept else kept.restore.decode(errors="replace"),
            skipped=max(0, kept.start - since) if since is not None else 0,
        )

    # ---- to the host

    def type(self, connection: object, text: str, is_automatic: bool) -> Deferred[bool]:
        """Types into the terminal.

        Args:
            connection: Who types.
            text: What is typed.
            is_automatic: Whether a program answers what the terminal was asked: only that of the leader counts.

        Returns:
            Fires with true when the host has it, with false when it was dropped. Fails with errors.TerminalFailed.
        """
        typed: Deferred[bool] = Deferred()
        if self.ended is not None or self._link is None:
            typed.errback(errors.TerminalFailed(self.ended or "The terminal is not connected."))
        elif is_automatic and not self.readers.may_answer(connection):
            typed.callback(False)
        else:
            if not is_automatic:
                self.readers.lead(connection)
            self._inputs += 1
            self._typed[self._inputs] = typed
            self._link.command(TerminalInput(self._inputs, text))
        return typed

    def resize(self, connection: object, rows: int, cols: int) -> None:
        """Sets the size.

        Args:
            connection: Who sets it.
            rows: Lines.
            cols: Columns.
        """
        self.readers.lead(connection)
        if (rows, cols) != (self.rows, self.cols) and self._link is not None and self.ended is None:
            self.rows, self.cols = rows, cols
            self._link.command(TerminalSize(rows, cols))
            self.readers.show()

    def hang_up(self) -> None:
        """Closes the terminal: what runs in it is hung up."""
        self.readers.remove_all(self.ended or "The terminal was closed.")
        self._stop_returning()
        if self._link is not None:
            self._link.command(TerminalHangUp())

    def detach(self) -> None:
        """Closes the link; the host lives on."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
        if self._returning is not None:
            self._returning()
            self._returning = None


def _sentence(ended: TerminalEnded, shell: str) -> str:
    if ended.failure:
        return ended.failure
    if ended.signal is not None:
        return f"The shell {shell} was ended by {ended.signal}."
    return f"The shell {shell} ended with exit status {ended.exit_status}."
