"""A terminal launcher in memory: its hosts answer as real ones do, and run no shell: what is typed is printed in upper case."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from webipy.core.kernel import wire
from webipy.core.kernel.host_protocol import Acknowledge, Typed
from webipy.core.kernel.wire import Message
from webipy.core.terminals.terminal_outbox import TerminalOutbox
from webipy.core.terminals.terminal_protocol import (
    TerminalEnded,
    TerminalHangUp,
    TerminalInput,
    TerminalInputAnswered,
    TerminalOutput,
    TerminalState,
)
from webipy.server.ports.kernels import LinkReceiver
from webipy.server.ports.terminals import TerminalRecord


def message(content: Typed, *buffers: bytes) -> Message:
    """A message of a host."""
    return wire.new_message(content.msg_type, msgspec.json.encode(content), msg_id="m", session="h", buffers=buffers)


@attrs.define(eq=False)
class FakeTerminal:
    """A host, and the link of the server that is attached.

    Args:
        clock: When it answers.
        record: What it is.
        refusal: With what it refuses input; empty: not.
        is_mute: Whether it answers no input.
        commands: What it was sent.
    """

    clock: Clock
    record: TerminalRecord
    outbox: TerminalOutbox = attrs.field(factory=TerminalOutbox)
    receiver: LinkReceiver | None = None
    refusal: str = ""
    is_mute: bool = False
    is_alive: bool = True
    acknowledged: int = 0
    commands: list[Any] = attrs.field(factory=list)

    def print(self, text: bytes) -> None:
        """Prints, and sends it if a server is attached."""
        self.outbox.kept.append(text)
        self.push()

    def push(self) -> None:
        """Sends what the window allows."""
        while self.receiver is not None and self.outbox.has_unsent:
            at = self.outbox.sent
            piece = self.outbox.next_piece()
            self.receiver.received([("host", message(TerminalOutput(at), piece))], self.outbox.next_number())

    def attach(self, receiver: LinkReceiver) -> None:
        """A server attaches."""
        self.receiver = receiver
        self.outbox.rewind(0)
        kept = self.outbox.kept
        state = TerminalState(kept.start, kept.end, kept.restore.decode(), self.record.rows, self.record.cols, 7)
        receiver.attached(False, 7)
        receiver.received([("host", message(state))], 0)
        self.push()

    def end(self, ended: TerminalEnded) -> None:
        """The shell ends, and the host after it."""
        if self.receiver is not None and self.is_alive:
            self.is_alive = False
            receiver = self.receiver
            receiver.received([("host", message(ended))], self.outbox.next_number())
            self.clock.callLater(0, receiver.gone)

    # ---- the link

    def send(self, channel: str, message: Message) -> None:
        """Nothing is sent on another channel."""

    def command(self, command: Typed) -> None:
        """Obeys in the next turn."""
        self.commands.append(command)
        self.clock.callLater(0, self._obey, command)

    def _obey(self, command: Typed) -> None:
        if isinstance(command, TerminalInput) and self.receiver is not None and not self.is_mute:
            self.receiver.received(
                [("host", message(TerminalInputAnswered(command.id, self.refusal)))], self.outbox.number
            )
            self.print(command.text.upper().encode())
        elif isinstance(command, TerminalHangUp):
            self.end(TerminalEnded(signal="SIGHUP"))
        elif isinstance(command, Acknowledge):
            self.acknowledge(command.number)

    def acknowledge(self, number: int) -> None:
        """Sends more."""
        self.acknowledged = number
        self.outbox.acknowledge(number)
        self.clock.callLater(0, self.push)

    def close(self) -> None:
        """The server leaves."""
        self.receiver = None


@attrs.define(eq=False)
class FakeTerminals:
    """Starts `FakeTerminal`s; see `webipy.server.ports.terminals.TerminalLauncher`."""

    clock: Clock
    hosts: dict[str, FakeTerminal] = attrs.field(factory=dict)

    def launch(self, terminal: str, cwd: str, rows: int, cols: int) -> Deferred[TerminalRecord]:
        """Starts a host at once."""
        started = f"2026-01-01T00:00:{len(self.hosts):02}.000000Z"
        record = TerminalRecord(terminal, f"/terminals/{terminal}", started, cwd, "bash", rows, cols)
        self.hosts[terminal] = FakeTerminal(self.clock, record)
        return succeed(record)

    def find(self) -> Deferred[list[TerminalRecord]]:
        """Those that live."""
        return succeed([host.record for host in self.hosts.values() if host.is_alive])

    def connect(self, record: TerminalRecord, receiver: LinkReceiver) -> FakeTerminal | None:
        """Attaches in the next turn."""
        host = self.hosts[record.terminal]
        if not host.is_alive:
            return None
        self.clock.callLater(0, host.attach, receiver)
        return host

    def stop(self) -> None:
        """Leaves all."""

    def remove(self, record: TerminalRecord) -> Deferred[None]:
        """Removes it."""
        self.hosts.pop(record.terminal, None)
        return succeed(None)
