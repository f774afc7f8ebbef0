"""The server's end of the link to one kernel host: the one subclass of txZMQ's `ZmqConnection`.

txZMQ reads until its socket is empty, so a kernel that floods would keep the reactor for as long as it floods. This
subclass reads a bounded batch and comes back in the next turn, so that everything else has its turn in between. It
delivers whole batches to its receiver: one journal transaction, one acknowledgement, one notification for each.

ZeroMQ's file descriptor is edge-triggered: after reading less than everything, or after sending, it must be looked at
again without waiting for it. ZeroMQ does not notice a peer's end either: a pidfd does.

Invariants: a message with a wrong signature is dropped and counted; numbers reach the receiver dense and once; the
key changes exactly at the `kernel_restarting` that carries the new one. Source: docs/kernel-host.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import perf_counter

import zmq
from twisted.internet.interfaces import IDelayedCall, IReactorFDSet, IReadDescriptor
from twisted.logger import Logger
from txzmq import ZmqConnection, ZmqEndpoint, ZmqEndpointType, ZmqFactory
from zope.interface import implementer

from webipy.core.kernel import bundles, jupyter_messages, wire
from webipy.core.kernel.host_protocol import Acknowledge, Attach, Attached, Fenced, KernelRestarting, Typed
from webipy.core.kernel.wire import Message
from webipy.host.multipart import has_message, read_parts, send_parts
from webipy.io.reactor import Reactor
from webipy.server.ports.kernels import LinkReceiver

TURN_MESSAGES = 200
TURN_SECONDS = 0.004
TURN_BYTES = 1024 * 1024
"""What one link reads in one turn of the reactor: what comes of it (fold, JSON, sending) is paid in the same turn."""

ACKNOWLEDGE_SECONDS = 0.05
ACKNOWLEDGE_MESSAGES = 500
ACKNOWLEDGE_BYTES = 2 * 1024 * 1024
"""The host is acknowledged after this time, so many messages or bytes: its window is 2,000 messages and 8 MiB."""

FLOOD_BATCHES = 16
FLOOD_GAP_SECONDS = 0.002
PACE_SECONDS = 0.004
"""After so many batches that came each within the gap of the one before, batches are read at this pace: a kernel that prints line after line then
costs the server a fraction (each batch is a transaction and a notification), and an answer to a person is never delayed, for it is no such row."""

LAST_WORDS_SECONDS = 0.05
"""After a host has ended, ZeroMQ's own thread may still be taking its last messages off the socket; nothing shows when it is done."""

SERVER = "webipy-server"


class LinkFactory(ZmqFactory):  # type: ignore[misc]  # txZMQ has no types
    """The ZeroMQ context of all links."""

    lingerPeriod = 0

    def __init__(self, reactor: Reactor) -> None:
        super().__init__()
        self.reactor = reactor


class HostLink(ZmqConnection):  # type: ignore[misc]  # txZMQ has no types
    """See `webipy.server.ports.kernels.KernelLink`.

    Args:
        factory: Owns the ZeroMQ context.
        endpoint: Where the host listens.
        key: The key of the kernel's present start.
        start: Number of that start.
        generation: This server's generation; the host obeys the newest server only.
        since: The last message that is taken in already.
        receiver: Gets what comes.
    """

    socketType = zmq.DEALER
    reconnectInterval = 10
    read_scheduled: IDelayedCall | None = None
    _log = Logger()

    def __init__(
        self,
        factory: LinkFactory,
        endpoint: str,
        key: str,
        start: int,
        *,
        generation: int,
        since: int,
        receiver: LinkReceiver,
    ) -> None:
        self._clock = factory.reactor
        self._key = key.encode()
        self._start = start
        self._number = since
        self._receiver = receiver
        self.is_closed = False
        self._batch: list[tuple[str, Message]] = []
        self._written = self._acknowledged = since
        self._acknowledging: IDelayedCall | None = None
        self._bytes_read = 0
        self._row = 0
        self._last_read = 0.0
        self.refused = 0
        super().__init__(factory)
        self.addEndpoints([ZmqEndpoint(ZmqEndpointType.connect, endpoint)])
        self.command(Attach(generation, since, bundles=True))

    # ---- to the host

    def send(self, channel: str, message: Message) -> None:
        """Sends a request for the kernel; the host forwards each id once.

        Args:
            channel: `shell`, `control` or `stdin`.
            message: The request.
        """
        if self.is_closed:
            return
        send_parts(self.socket, wire.encode_link(self._key, wire.stamp(channel), message))
        if has_message(self.socket):
            self._look_again()

    def command(self, command: Typed) -> None:
        """Sends a command for the host itself."""
        content, name = jupyter_messages.encode(command), command.msg_type
        self.send("host", wire.new_message(name, content, msg_id=name, session=SERVER))

    def acknowledge(self, number: int) -> None:
        """Lets the host forget all messages up to `number`; the command is sent later, for many of them together."""
        self._written = number
        if number - self._acknowledged >= ACKNOWLEDGE_MESSAGES or self._bytes_read >= ACKNOWLEDGE_BYTES:
            self._acknowledge_now()
        elif self._acknowledging is None and not self.is_closed:
            self._acknowledging = self._clock.callLater(ACKNOWLEDGE_SECONDS, self._acknowledge_now)

    def _acknowledge_now(self) -> None:
        _cancel(self._acknowledging)
        self._acknowledging = None
        if self._written > self._acknowledged:
            self._acknowledged, self._bytes_read = self._written, 0
            self.command(Acknowledge(self._written))

    def close(self) -> None:
        """Closes the link; what was sent still goes out, and the host lives on."""
        if not self.is_closed:
            self._acknowledge_now()
            self.is_closed = True
            self.socket.set(zmq.LINGER, 1000)
            self.shutdown()

    # ---- from the host

    def _look_again(self) -> None:
        if self.read_scheduled is None:
            self.read_scheduled = self._clock.callLater(0, self.doRead)

    def doRead(self) -> None:
        """Reads a bounded batch and delivers it to the receiver; comes back at once when there may be more."""
        if self.read_scheduled is not None:
            if self.read_scheduled.active():
                self.read_scheduled.cancel()
            self.read_scheduled = None
        if self.factory is None:
            return
        batch = self._batch
        end, size = perf_counter() + TURN_SECONDS, 0
        is_more = True
        while len(batch) < TURN_MESSAGES and size < TURN_BYTES and perf_counter() < end:
            frames = read_parts(self.socket)
            if frames is None:
                is_more = False
                break
            size += sum(map(len, frames))
            self._take(frames, batch)
        self._bytes_read += size
        if is_more:
            self._look_again()
            self._deliver()
        elif batch:
            self._deliver()
            self._pace()

    def _deliver(self) -> None:
        """Delivers what was read to the receiver."""
        batch, self._batch = self._batch, []
        if batch and not self.is_closed:
            self._receiver.received(batch, self._number)

    def _pace(self) -> None:
        """Pauses the reading when the kernel floods with small batches; a full one leaves nothing to wait for."""
        now = perf_counter()
        self._row = self._row + 1 if now - self._last_read < FLOOD_GAP_SECONDS + PACE_SECONDS * self._is_pacing else 0
        self._last_read = now
        if self._row > FLOOD_BATCHES and self.factory is not None and self.read_scheduled is None:
            self._clock.removeReader(self)
            self.read_scheduled = self._clock.callLater(PACE_SECONDS, self._go_on)

    @property
    def _is_pacing(self) -> bool:
        return self._row > FLOOD_BATCHES

    def _go_on(self) -> None:
        self.read_scheduled = None
        if self.factory is not None:
            self._clock.addReader(self)
            self.doRead()

    def _take(self, frames: list[bytes], batch: list[tuple[str, Message]]) -> None:
        try:
            if bundles.is_bundle(frames):
                for kept in bundles.decode(self._key, frames):
                    self._take_one(kept.number, kept.channel, kept.message, batch)
            else:
                self._take_one(*wire.decode_link(self._key, frames), batch)
        except wire.BadFrame as fault:
            self.refused += 1
            if self.refused & (self.refused - 1) == 0:
                self._log.warn(
                    "{refused} messages of a kernel host refused, the last one: {fault}",
                    refused=self.refused,
                    fault=str(fault),
                )

    def _take_one(self, number: int, channel: str, message: Message, batch: list[tuple[str, Message]]) -> None:
        if number == 0:
            self._unnumbered(channel, message, batch)
        elif number > self._number:
            self._number = number
            batch.append((channel, message))
            if channel == "host" and message.header.msg_type == KernelRestarting.msg_type:
                self._renew_key(jupyter_messages.decode(message.content, KernelRestarting))

    def _unnumbered(self, channel: str, message: Message, batch: list[tuple[str, Message]]) -> None:
        match message.header.msg_type:
            case Attached.msg_type:
                attached = jupyter_messages.decode(message.content, Attached)
                is_gap = attached.first > self._number + 1
                self._number = max(self._number, attached.first - 1)
                self._receiver.attached(is_gap, attached.pid)
            case Fenced.msg_type:
                self._receiver.fenced()
            case _:
                batch.append((channel, message))  # an answer that is none of the link's own

    def _renew_key(self, restarting: KernelRestarting) -> None:
        if restarting.start > self._start and restarting.key:
            self._key, self._start = restarting.key.encode(), restarting.start


def _cancel(call: IDelayedCall | None) -> None:
    """Cancels a delayed call if it is still to come."""
    if call is not None and call.active():
        call.cancel()


@implementer(IReadDescriptor)
class ProcessWatch:
    """Notices when a process has ended, ours or not, by its pidfd.

    Args:
        reactor: Watches the pidfd.
        pid: A living process.
        ended: Called once.

    Raises:
        ProcessLookupError: There is no such process.
    """

    def __init__(self, reactor: IReactorFDSet, pid: int, ended: Callable[[], None]) -> None:
        self._reactor = reactor
        self._ended: Callable[[], None] | None = ended
        self._fd = os.pidfd_open(pid)
        reactor.addReader(self)

    def fileno(self) -> int:
        """The pidfd."""
        return self._fd

    def doRead(self) -> None:
        """The process has ended."""
        ended = self._ended
        self.close()
        if ended is not None:
            ended()

    def close(self) -> None:
        """Cancels the watch."""
        if self._ended is not None:
            self._ended = None
            self._reactor.removeReader(self)
            os.close(self._fd)

    def connectionLost(self, reason: object) -> None:
        """The reactor stops."""
        self.close()

    def logPrefix(self) -> str:
        """How the reactor names this in its log."""
        return "process watch"
