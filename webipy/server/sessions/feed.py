"""Feeds: how each subscriber gets every event once, in order, however slow it is.

A feed is a cursor, not a queue: the next seq to send. When events are written, every feed that stands at the end
sends the same bytes, made once; a feed whose transport is full stops and costs nothing; when it resumes, it reads
what it missed from the session's tail (the newest events, in memory) or, when it is further behind, from the journal.

    written ──► Tail (bytes of the newest events) ──FanOut──► Feed ──► transport
                Journal (all events) ──read range──►──┘

Invariants: a feed never sends a seq twice nor leaves one out; nothing is sent that is not written; one feed holds at
most one chunk (`CHUNK_BYTES`, or one event that is larger) besides what its transport buffers; a slow feed delays no
other; what is written is sent at the latest a pause after, and the end of a session is never held back.

Rejected: a queue for each subscriber (memory grows with the slowest); sending in the kernel's read loop (one stalled
tab stalls all); dropping output for slow readers; a pause for each feed (their notifications would begin at different
events and could not be the same bytes); a pause by the time that the last fan-out took (most of it is spent at the end of
the turn, in the writes).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core.api import rpc

CHUNK_BYTES = 256 * 1024
"""Size of one notification; a chunk of history is read and sent in some milliseconds."""

CHUNK_EVENTS = 1000
"""Events in one notification."""

TAIL_BYTES = 1024 * 1024
"""Newest events of a session that stay in memory, so that a short pause needs no reading."""

LAGGING_BYTES = 8 * 1024 * 1024
"""The same while a subscriber has yet to get them: one large output more, and a reader that is as fast as its network would read the journal."""

JOINED_BYTES = 64 * 1024
"""Events that were written together are sent together up to this size."""

TURN_BYTES = 1024 * 1024
"""What one feed sends in one turn of the reactor before other feeds have their turn."""

CROWD = 20
"""With more feeds than this a session is sent in pauses."""

EACH_SECONDS = 0.0003
"""The pause, for each feed: thirty milliseconds for a hundred."""


def notification(session: str, first: int, bodies: list[bytes]) -> bytes:
    """The `events` notification for some events in a row.

    Args:
        session: The session's id.
        first: Seq of the first one.
        bodies: The events, JSON.

    Returns:
        The notification, JSON.
    """
    head = b'{"session":"%b","first":%d,"events":[' % (session.encode(), first)
    return rpc.notification("events", head, b",".join(bodies), b"]}")


class _Block(msgspec.Struct):
    first: int
    bodies: list[bytes]
    size: int
    message: bytes | None = None

    def holds_before(self, seq: int) -> bool:
        """Whether event `seq` follows right after this block, and there is room for it."""
        return self.first + len(self.bodies) == seq and len(self.bodies) < CHUNK_EVENTS


@attrs.define(slots=True)
class Tail:
    """The newest written events of a session, in blocks as they were written."""

    session: str
    _blocks: deque[_Block] = attrs.field(factory=deque)
    _size: int = 0

    def add(self, first: int, bodies: list[bytes]) -> None:
        """Adds newly written events.

        Events that were written together are sent together, up to `CHUNK_BYTES`: they join the newest block unless that was sent already.

        Args:
            first: Seq of the first one.
            bodies: The events, JSON.
        """
        portion: list[bytes] = []
        size = 0
        for body in bodies:
            if portion and size + len(body) > CHUNK_BYTES:
                self._add(first, portion)
                first, portion, size = first + len(portion), [], 0
            portion.append(body)
            size += len(body)
        self._add(first, portion)

    def _add(self, first: int, bodies: list[bytes]) -> None:
        size = sum(map(len, bodies))
        last = self._blocks[-1] if self._blocks else None
        if last is not None and last.message is None and last.holds_before(first) and last.size + size <= JOINED_BYTES:
            last.bodies += bodies
            last.size += size
        else:
            self._blocks.append(_Block(first, list(bodies), size))
        self._size += size

    def trim(self, needed: int) -> None:
        """Removes the oldest events, those from `needed` on only when there are too many of them."""
        blocks = self._blocks
        while self._size > TAIL_BYTES and len(blocks) > 1:
            if blocks[0].first + len(blocks[0].bodies) > needed and self._size <= LAGGING_BYTES:
                return
            self._size -= blocks.popleft().size

    def message_from(self, seq: int) -> tuple[bytes, int] | None:
        """The notification that starts with event `seq` and the seq after its last event; `None` when `seq` is no longer here."""
        for block in reversed(self._blocks):
            if block.first <= seq:
                end = block.first + len(block.bodies)
                if seq >= end:
                    return None
                if seq > block.first:
                    return notification(self.session, seq, block.bodies[seq - block.first :]), end
                if block.message is None:
                    block.message = notification(self.session, block.first, block.bodies)
                return block.message, end
        return None

    def bodies_from(self, seq: int, limit: int, limit_bytes: int) -> list[bytes]:
        """The events that are here from event `seq` on, as JSON.

        Args:
            seq: The first one.
            limit: At most so many.
            limit_bytes: No more once they have so many bytes.

        Returns:
            At least one; none when `seq` is no longer here, or not yet.
        """
        found: list[bytes] = []
        size = 0
        for block in self._blocks:
            if block.first + len(block.bodies) <= seq:
                continue
            if block.first > seq and not found:
                break
            for body in block.bodies[max(0, seq - block.first) :]:
                found.append(body)
                size += len(body)
                if len(found) == limit or size >= limit_bytes:
                    return found
        return found


class Source(Protocol):
    """What a feed reads: a session."""

    @property
    def id(self) -> str:
        """The session's id."""

    @property
    def written(self) -> int:
        """Seq of the newest event that may be shown."""

    @property
    def tail(self) -> Tail:
        """The newest events."""

    def read(self, first: int, limit: int, limit_bytes: int) -> Deferred[list[bytes]]:
        """Written events in a row.

        Args:
            first: Seq of the first one.
            limit: Events at most.
            limit_bytes: Bytes at most; a larger first event is returned whole.
        """


@attrs.define(eq=False)
class Feed:
    """One subscriber's pump.

    Args:
        source: The session.
        send: Sends one whole notification over the transport.
        cursor: The next seq to send.
        soon: Calls a function in a later turn of the reactor.
        is_paused: Whether the transport is full.
        gave_up: Called when the journal cannot be read, so that the subscriber does not wait for events that will not come.
    """

    source: Source
    send: Callable[[bytes], None]
    cursor: int
    soon: Callable[[Callable[[], None]], object]
    is_paused: bool = False
    gave_up: Callable[[], None] = lambda: None
    is_closed: bool = False
    _is_busy: bool = False
    _waiting: list[tuple[int, Deferred[None]]] = attrs.field(factory=list)
    _log = Logger()

    def wake(self) -> None:
        """Sends the events that are written; called when events were written and when the transport has room."""
        if self._is_busy or self.is_closed:
            return
        sent = 0
        while not self.is_paused and not self.is_closed and self.cursor <= self.source.written:
            if sent > TURN_BYTES:
                self._go_on_later()
                return
            found = self.source.tail.message_from(self.cursor)
            if found is None:
                self._read()
                return
            sent += len(found[0])
            self._send(*found)

    def pause(self) -> None:
        """The transport is full: nothing more is sent."""
        self.is_paused = True

    def resume(self) -> None:
        """The transport has room again."""
        self.is_paused = False
        self.wake()

    def close(self) -> None:
        """Ends the feed: nothing more is sent, and waits for `sent` are over."""
        self.is_closed = True
        waiting, self._waiting = self._waiting, []
        for _, sent in waiting:
            sent.callback(None)

    def close_after(self, seq: int) -> None:
        """Closes once every event up to `seq` is sent, however long the reader takes."""
        self.sent(seq).addCallback(lambda _: self.close())

    def sent(self, seq: int) -> Deferred[None]:
        """Fires when every event up to `seq` has been given to the transport, or the feed is closed."""
        sent: Deferred[None] = Deferred()
        if self.cursor > seq or self.is_closed:
            sent.callback(None)
        else:
            self._waiting.append((seq, sent))
        return sent

    def _send(self, message: bytes, cursor: int) -> None:
        self.cursor = cursor
        self.send(message)
        while self._waiting and self._waiting[0][0] < cursor:
            self._waiting.pop(0)[1].callback(None)

    def _go_on_later(self) -> None:
        self._is_busy = True
        self.soon(self._go_on)

    def _go_on(self) -> None:
        self._is_busy = False
        self.wake()

    def _read(self) -> None:
        self._is_busy = True
        self.source.read(self.cursor, CHUNK_EVENTS, CHUNK_BYTES).addCallbacks(self._was_read, self._failed)

    def _was_read(self, bodies: list[bytes]) -> None:
        if self.is_closed:
            return
        self._send(notification(self.source.id, self.cursor, bodies), self.cursor + len(bodies))
        self._go_on_later()

    def _failed(self, failure: Failure) -> None:
        self._log.failure(
            "a feed of session {session} cannot read event {seq}", failure, session=self.source.id, seq=self.cursor
        )
        self.close()
        self.gave_up()


@attrs.define(eq=False)
class FanOut:
    """Wakes the feeds of one session when events were written.

    With few subscribers each commit of the journal is sent at once. With many, a hundred commits a second to a hundred subscribers are ten thousand
    writes to sockets, which take more than all else: they are woken at most once in a pause that grows with their number, and what was written
    meanwhile leaves together. The first event after a pause is sent at once: who types alone is not seen later.

    Args:
        source: The session.
        feeds: Its feeds.
        clock: Seconds that only go forward.
        later: Calls a function after so many seconds.
    """

    source: Source
    feeds: set[Feed]
    clock: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    _woken: float = -math.inf
    _is_due: bool = False

    def notify(self, *, is_last: bool = False) -> None:
        """Events were written.

        Args:
            is_last: Whether they are the last ones for now: they are sent at once.
        """
        if is_last or len(self.feeds) <= CROWD:
            self._wake()
        elif not self._is_due:
            left = self._woken + len(self.feeds) * EACH_SECONDS - self.clock()
            if left <= 0:
                self._wake()
            else:
                self._is_due = True
                self.later(left, self._end_pause)

    def _end_pause(self) -> None:
        self._is_due = False
        self._wake()

    def _wake(self) -> None:
        self._woken = self.clock()
        for feed in tuple(self.feeds):
            feed.wake()
        self.source.tail.trim(min((feed.cursor for feed in self.feeds), default=self.source.written + 1))
