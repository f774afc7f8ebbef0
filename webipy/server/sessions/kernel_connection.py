"""The connection of a session to its kernel: the one link to its host, requests out, messages in.

Messages come in batches. Each batch is folded by `core.kernel`, its events are appended with the position that they
led to (the host's number of the last message), and the host is acknowledged when that is written. Replies to requests
that are no executions (completions and the like) resolve their pending request and are not journaled.

Invariants: the position is written in the same transaction as the events, so no message is folded twice and none is
left out, wherever the server stops; a request goes out only after the event that it belongs to is written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import blobs, jupyter_messages, wire
from webipy.core.kernel.blobs import Part
from webipy.core.kernel.executions import OpenExecution
from webipy.core.kernel.host_protocol import Cancel, Command, Interrupt, Kill, Move, OutputLost, Restart, ShutDown
from webipy.core.kernel.inquiries import inquiry
from webipy.core.kernel.kernel import Kernel
from webipy.core.kernel.large_messages import Large
from webipy.core.kernel.wire import Header, Message
from webipy.server.ports.journals import Position
from webipy.server.ports.kernels import HostRecord, KernelLink
from webipy.server.ports.world import World
from webipy.server.sessions.pending_requests import PendingRequests

PORTION = 100
"""Requests in one turn: some 4 ms."""

POSITION_SECONDS = 0.05
POSITION_BYTES = 32 * 1024
"""Messages of no more bytes that lead to no event (a completion and its states) are acknowledged with the next events, or after this time."""

NO_KERNEL = "This session has no kernel yet: start one."

_ABOUT_REQUESTS = (Cancel, Interrupt, Move, Restart)
"""Commands about requests that were accepted before them."""


class Append(Protocol):
    """Appends events to a journal; see `webipy.server.sessions.session.Session.append`."""

    def __call__(
        self, new: list[AnyEvent], by: str | None, position: Position | None = None, parts: Sequence[Part] = ()
    ) -> Deferred[int]:
        """Fires when they are written."""


@attrs.define(eq=False)
class RequestQueue:
    """The execute requests of one session that have not been sent yet: a bounded number leaves in each turn of the reactor.

    A run of ten thousand cells is ten thousand signed messages, half a second of work: they leave in portions, so that other calls are answered
    in between. A few leave at once.

    Invariants: requests leave in the order of `add`; a command about requests (after `flush`) finds them at the host; one that has ended
    meanwhile is not sent. Requests that are lost with a connection are added again when the host answers the next one (`restart`): the host runs
    each id once.

    Args:
        send: Sends a message to the kernel, as `KernelConnection.send` does.
        later: Calls a function after so many seconds; returns a function that cancels the call.
    """

    send: Callable[..., None]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    _waiting: deque[OpenExecution] = attrs.field(factory=deque)
    _stop_clock: Callable[[], None] | None = None

    def add(self, runs: Iterable[OpenExecution]) -> None:
        """Queues requests after all that were added before; the first portion is sent now, if the queue was empty."""
        is_first = not self._waiting
        self._waiting.extend(runs)
        if is_first:
            self._portion()

    def restart(self, runs: Iterable[OpenExecution]) -> None:
        """Replaces the queue: the host has answered, and may not have received what was sent before."""
        self.clear()
        self.add(runs)

    def flush(self) -> None:
        """Sends all now."""
        while self._waiting:
            self._send(self._waiting.popleft())
        self.clear()

    def clear(self) -> None:
        """Empties the queue: there is no host."""
        self._waiting.clear()
        if self._stop_clock is not None:
            self._stop_clock()
            self._stop_clock = None

    def _portion(self) -> None:
        self._stop_clock = None
        for _ in range(min(PORTION, len(self._waiting))):
            self._send(self._waiting.popleft())
        if self._waiting:
            self._stop_clock = self.later(0, self._portion)

    def _send(self, run: OpenExecution) -> None:
        if not run.is_over:
            self.send("shell", "execute_request", run.request(), run.id, metadata=run.metadata)


@attrs.define(eq=False)
class KernelConnection:
    """The kernel of one session, if it has one, and the link to it. See `webipy.server.ports.kernels.LinkReceiver`.

    Args:
        session: The session's id, which is also the client id in messages.
        world: The outside.
        append: Appends events to the session's journal.
        is_written: Whether the event that queued an execution is in the journal.
        position: Which messages of a host are in the journal; `None` before the first one.
        sweep: Removes parts of blobs that no event refers to; see `Journal.sweep`.
        environment: Returns the environment variables of the next start, beside those of the server and the kernelspec.
    """

    session: str
    world: World
    append: Append
    is_written: Callable[[str], bool]
    position: Position | None
    sweep: Callable[..., Deferred[None]]
    environment: Callable[[], dict[str, str]]
    kernel: Kernel | None = None
    _record: HostRecord | None = None
    _link: KernelLink | None = None
    _finishing: Deferred[None] | None = None
    is_leaving: bool = False
    """Whether the host was told to end, so that nothing more can be asked of it."""
    _gone: Deferred[None] | None = None
    requests: RequestQueue = attrs.field(init=False)
    """Executions that are accepted and written, on their way to the host."""
    _pending: PendingRequests = attrs.field(init=False)
    _stop_clock: Callable[[], None] | None = None
    """Cancels the writing of the position alone."""
    _large: Large = attrs.field(factory=lambda: Large(_lost))
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.requests = RequestQueue(self.send, self.world.later)
        self._pending = PendingRequests(self.world.later)

    # ---- having a kernel

    def adopt(self, kernel: Kernel, record: HostRecord) -> bool:
        """Attaches to the host of a kernel.

        Args:
            kernel: The kernel, folded from the journal.
            record: Its host.

        Returns:
            Whether the host lives; `finish` the kernel when it does not.
        """
        self.kernel, self._record = kernel, record
        self.is_leaving = kernel.is_over
        since = self.position.number if self.position is not None and self.position.host == record.directory else 0
        self.position = Position(record.directory, since)
        self._link = self.world.launcher.connect(record, since, self)
        return self._link is not None

    @property
    def has_host(self) -> bool:
        """Whether a host is attached, be its kernel alive or not."""
        return self._link is not None

    def live(self) -> Kernel:
        """The kernel, when requests can be sent to it.

        Raises:
            errors.KernelNotReady: There is none.
            errors.KernelDead: It has died.
        """
        if self.kernel is None:
            raise errors.KernelNotReady(NO_KERNEL)
        if self.kernel.state == "dead" or self._link is None:
            is_attached = self._record is not None and self._record.is_attached
            way_back = "start a new one." if is_attached else "restart it."
            raise errors.KernelDead(f"The kernel of this session is not running: {way_back}")
        return self.kernel

    async def end_kernel(self) -> None:
        """Shuts the kernel down, or detaches from one that something else started, and waits until its host has ended."""
        if self.has_host:
            self.end_host()
            self._gone = Deferred()
            await self._gone
            await self.settled()

    def end_host(self) -> None:
        """Ends the host, which must be attached; its kernel ends with it unless something else started that."""
        assert self._record is not None
        self.command(Kill() if self._record.is_attached else ShutDown())

    def detach(self) -> None:
        """Closes the link to the host; the host and its kernel live on."""
        self.requests.clear()
        if self._stop_clock is not None:
            self._stop_clock()
            self._stop_clock = None
        link, self._link = self._link, None
        if link is not None:
            link.close()

    # ---- out

    def command(self, command: Command) -> None:
        """Sends a command to the host; one must be attached."""
        assert self._link is not None
        if isinstance(command, _ABOUT_REQUESTS):
            self.requests.flush()
        self.is_leaving = self.is_leaving or isinstance(command, ShutDown | Kill)
        self._link.command(command)

    def send(
        self,
        channel: str,
        msg_type: str,
        content: bytes,
        msg_id: str,
        *,
        parent: Header | None = None,
        metadata: bytes = b"{}",
        buffers: tuple[bytes, ...] = (),
    ) -> None:
        """Sends a Jupyter message to the kernel; without a host it is dropped: its execution or request has ended with the kernel.

        Args:
            channel: `shell`, `control` or `stdin`.
            msg_type: The message type.
            content: Its content, JSON.
            msg_id: Its id.
            parent: The header of the message that it answers.
            metadata: Its metadata, JSON.
            buffers: Its binary buffers.

        Source:
            Jupyter messaging 5.4, general message format.
        """
        if self._link is not None:
            now = self.world.now()
            message = wire.new_message(
                msg_type,
                content,
                msg_id=msg_id,
                session=self.session,
                date=now,
                parent=parent,
                metadata=metadata,
                buffers=buffers,
            )
            self._link.send(channel, message)

    def send_answer(self, request: str, value: str) -> None:
        """Answers an input request of the kernel.

        Args:
            request: Id of the `input_request`.
            value: The line, without its end.

        Source:
            Jupyter messaging 5.4, messages on the stdin channel.
        """
        parent = Header(msg_id=request, msg_type="input_request")
        content = jupyter_messages.encode({"value": value, "status": "ok"})
        self.send("stdin", "input_reply", content, f"input-{request}", parent=parent)

    async def request(
        self,
        channel: str,
        msg_type: str,
        content: bytes,
        timeout_s: float,
        metadata: bytes = b"{}",
        buffers: tuple[bytes, ...] = (),
        *,
        is_inquiry: bool = False,
    ) -> Message:
        """Sends a request that is no execution of the session, and waits for its reply.

        Args:
            channel: `shell` or `control`.
            msg_type: The message type.
            content: Its content, JSON.
            timeout_s: Seconds that it waits.
            metadata: Its metadata, JSON.
            buffers: Its binary buffers.
            is_inquiry: Whether it gets an id that marks it as an inquiry (see `webipy.core.kernel.inquiries`).

        Returns:
            The reply.

        Raises:
            errors.Timeout: It did not answer in time, or has ended the request without an answer.
            errors.KernelDead: It died before it answered.
        """
        self.live()
        msg_id = inquiry(self.world.new_id()) if is_inquiry else self.world.new_id()
        reply = self._pending.expect(msg_id)
        fault = errors.Timeout(
            f"The kernel did not answer within {timeout_s:g} s; it may be busy with code that runs.",
            timeout_s=timeout_s,
        )
        stop_clock = self.world.later(timeout_s, lambda: self._pending.fail(msg_id, fault))
        try:
            self.send(channel, msg_type, content, msg_id, metadata=metadata, buffers=buffers)
            return await reply
        except errors.Timeout:
            if msg_type == "execute_request" and self._link is not None:  # it may wait in the host
                self.command(Cancel(msg_id))
            raise
        finally:
            stop_clock()
            self._pending.forget(msg_id)

    # ---- in: what the link receives

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host has answered: what it may not have received is sent again (it runs each id once).

        Args:
            is_gap: Whether the host has lost messages that were not acknowledged.
            pid: Id of the kernel's process; `None` when the host does not know it.
        """
        if is_gap:
            reason = "The kernel host no longer had all output that this server had not yet written down."
            self._append([events.OutputLost(reason=reason)])
        if self.kernel is not None:
            self.kernel.pid = pid
            self.requests.restart(run for run in self.kernel.executions.waiting() if self.is_written(run.id))
            if self.kernel.state == "restarting":  # the server may have died before it could say so
                self.command(Restart(self.kernel.start + 1, self.environment()))
            for answer in list(self.kernel.executions.answers.values()):
                self.send_answer(answer.request, answer.value or "")

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Folds a batch of messages, and acknowledges it when its events are written.

        Args:
            batch: Each message with its channel, in the host's order.
            number: The host's number of the last one.
        """
        assert self.kernel is not None and self.position is not None
        rest, parts = _sorted(batch, self._large)
        received = self.kernel.receive(rest)
        if self.kernel.way is not None and self._record is not None:
            self.world.launcher.has_started(self._record, self.kernel.way)
        self.position = Position(self.position.host, number)
        is_small = self._link is not None and sum(len(message.content) for _, message in rest) <= POSITION_BYTES
        if received.events or parts or not is_small:
            self._append(received.events, parts)
        elif self._stop_clock is None:
            self._stop_clock = self.world.later(POSITION_SECONDS, lambda: self._append([]))
        for content in received.widget_updates:
            self.send("shell", "comm_msg", content, self.world.new_id())
        self._pending.resolve(received)

    def _acknowledge(self, _: int, position: Position | None, link: KernelLink | None) -> None:
        if position is not None and link is not None and link is self._link:
            link.acknowledge(position.number)

    def _not_written(self, failure: Failure) -> None:
        self._log.failure("session {session} could not write its journal", failure, session=self.session)

    def _append(self, new: list[AnyEvent], parts: Sequence[Part] = ()) -> None:
        """Appends what the host's messages led to, with the position."""
        if self._stop_clock is not None:
            self._stop_clock()
            self._stop_clock = None
        written = self.append(new, None, self.position, parts)
        written.addCallbacks(self._acknowledge, self._not_written, callbackArgs=(self.position, self._link))

    def fenced(self) -> None:
        """A newer server owns the kernel now: this one detaches."""
        self._log.critical("session {session}: another webipy server has taken its kernel over", session=self.session)
        self.detach()

    def gone(self) -> None:
        """The host has ended, and its kernel with it."""
        self.detach()
        self._pending.fail_all("The kernel host ended before the kernel answered.")
        self._finishing = Deferred.fromCoroutine(self.finish()).addErrback(self._not_written)
        gone, self._gone = self._gone, None
        if gone is not None:
            gone.callback(None)

    async def settled(self) -> None:
        """Waits until the messages that an ended host left are folded."""
        if self._finishing is not None:
            finished: Deferred[None] = Deferred()
            self._finishing.addBoth(lambda _: finished.callback(None))
            await finished

    async def finish(self) -> None:
        """Folds the messages that an ended host left, and then appends the end of the kernel."""
        kernel, record = self.kernel, self._record
        assert kernel is not None and record is not None and self.position is not None
        left = self.world.launcher.leftovers(record, self.position.number)
        while (batch := await left.next()) is not None:
            if batch.is_gap:
                self._append([events.OutputLost(reason="Output that the kernel host had not yet sent is missing.")])
            self.received(batch.messages, batch.number)
        await self.append(kernel.lost(await left.reason()), None, None)
        await left.remove()
        await self.sweep(is_over=True)


def _lost(reason: str) -> Message:
    """The host message that reports missing output."""
    return wire.new_message(
        OutputLost.msg_type, jupyter_messages.encode(OutputLost(reason)), msg_id="lost", session="server"
    )


def _sorted(batch: list[tuple[str, Message]], large: Large) -> tuple[list[tuple[str, Message]], list[Part]]:
    """The messages for the kernel's fold, and the parts of blobs. A host of an earlier version sends large messages whole."""
    rest, parts = [], []
    for whole in batch:
        for channel, message in large.taken_apart(*whole):
            if channel == "host" and message.header.msg_type == blobs.PART:
                parts.append(blobs.decode_part(message))  # verified to be a host's
            else:
                rest.append((channel, message))
    return rest, parts
