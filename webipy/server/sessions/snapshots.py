"""Snapshots: which readers get one instead of a long history, and how it is made.

A session keeps one snapshot that grows. It is begun when the first reader needs it, and each reader pays for the
events since the one before. Events are read and folded in chunks, so the reactor has its turns in between.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Awaitable, Callable

import attrs
from twisted.internet.defer import DeferredLock

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import blobs
from webipy.core.session.snapshot import Snapshot

FAR_BYTES = 4 * 1024 * 1024
"""A reader that has more than so much to read, of what a snapshot makes short, gets one if it can use one."""

EVENT_BYTES = 800
"""What an event costs a reader beside its bytes, counted as bytes: five thousand small ones are many, too."""

_MARK = 18
"""A mark is set each 2 to the power of this bytes."""

_KEPT_WHOLE = (b'{"type":"cell_', b'{"type":"notebook_')
"""How the events begin that a snapshot mostly keeps as they are: cells. They do not count, so a large notebook needs no snapshot for its size."""

SHOWN_CHARACTERS = 200_000
"""How much of the end of a stream output a snapshot holds at least: some thousand lines."""


@attrs.define(eq=False)
class Snapshots:
    """The snapshots of one session.

    Args:
        each_event: Calls a function with the written events from one seq to another.
        first_seq: Seq of the oldest event that is kept.
    """

    each_event: Callable[[int, int, Callable[[AnyEvent], None]], Awaitable[None]]
    first_seq: Callable[[], int]
    _snapshot: Snapshot = attrs.field(factory=lambda: Snapshot(SHOWN_CHARACTERS))
    _lock: DeferredLock = attrs.field(factory=DeferredLock)
    _mebibytes: list[int] = attrs.field(factory=list)
    _bytes: int = 0
    _marks: list[int] = attrs.field(factory=list)
    _short: int = 0
    """Bytes of what a snapshot makes short."""

    def account(self, seq: int, body: bytes) -> None:
        """Counts an event of the journal, with the blobs that it refers to.

        Args:
            seq: Its seq.
            body: The event, JSON.
        """
        self._bytes += len(body) + sum(blobs.found_in(body).values())
        self._mebibytes += [seq] * ((self._bytes >> 20) - len(self._mebibytes))
        if not body.startswith(_KEPT_WHOLE):
            self._short += len(body) + EVENT_BYTES
            self._marks += [seq] * ((self._short >> _MARK) - len(self._marks))

    def place_to_cut(self, keep_mebibytes: int) -> int:
        """The seq up to which the journal may be cut so that half of so many MiB stays; 0 while it is smaller than that."""
        if len(self._mebibytes) <= keep_mebibytes:
            return 0
        return self._mebibytes[-max(1, keep_mebibytes // 2)]

    def was_cut(self, seq: int) -> None:
        """Counts off the events up to `seq`, which were cut."""
        self._mebibytes = self._mebibytes[bisect_right(self._mebibytes, seq) :]
        self._bytes = (len(self._mebibytes) << 20) + (self._bytes & 0xFFFFF)

    async def whole(self, seq: int) -> list[bytes]:
        """The events that stand for all up to `seq`, with nothing left out of what is shown: JSON."""
        snapshot = Snapshot()
        await self.each_event(0, seq, snapshot.apply)
        return [events.encode(event) for event in snapshot.as_events()]

    def is_better(self, since: int, first_seq: int) -> bool:
        """Whether a reader gets the present state faster from a snapshot than from the events.

        Args:
            since: Seq of the last event that the reader has.
            first_seq: Seq of the oldest event that is kept.
        """
        marks = len(self._marks) - bisect_right(self._marks, since)
        return marks > FAR_BYTES >> _MARK or since + 1 < first_seq

    async def latest(self, written: int) -> tuple[int, list[bytes]]:
        """A snapshot of the events up to `written` at least: the seq of its last event, and its own events, JSON."""
        await self._lock.acquire()
        try:
            if self._snapshot.seq + 1 < self.first_seq():  # what is missing in between was cut
                self._snapshot = Snapshot(SHOWN_CHARACTERS)
            await self.each_event(self._snapshot.seq + 1, written, self._snapshot.apply)
            return self._snapshot.seq, [events.encode(event) for event in self._snapshot.as_events()]
        finally:
            self._lock.release()
