"""Who is given a snapshot instead of a long history, and how it is made.

A session keeps one growing snapshot. It is begun when the first reader needs it and goes on from there: each reader
pays for the events since the one before. Events are read and folded in chunks, so the reactor has its turns in
between.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Awaitable, Callable

import attrs
from twisted.internet.defer import DeferredLock

from webipy.core import events
from webipy.core.events import AnyEvent
from webipy.core.snapshot import Snapshot

FAR_EVENTS = 10_000
FAR_MEBIBYTES = 16
"""A reader that has more than so many events or MiB before it gets a snapshot if it can take one."""

SHOWN_CHARACTERS = 200_000
"""How much of the end of a stream output a snapshot holds at least: some thousand lines."""


@attrs.define(eq=False)
class Snapshots:
    """The snapshots of one session.

    Args:
        each_event: Gives the written events from one seq to another to a function.
        first_seq: Seq of the oldest event that is kept.
    """

    each_event: Callable[[int, int, Callable[[AnyEvent], None]], Awaitable[None]]
    first_seq: Callable[[], int]
    _growing: Snapshot = attrs.field(factory=lambda: Snapshot(SHOWN_CHARACTERS))
    _door: DeferredLock = attrs.field(factory=DeferredLock)
    _mebibytes: list[int] = attrs.field(factory=list)
    _bytes: int = 0

    def weigh(self, seq: int, size: int) -> None:
        """Takes note that the journal has grown by so many bytes, up to event `seq`."""
        self._bytes += size
        self._mebibytes += [seq] * ((self._bytes >> 20) - len(self._mebibytes))

    def place_to_cut(self, keep_mebibytes: int) -> int:
        """The seq up to which the journal may go so that half of what is allowed stays; 0 while it is within that."""
        if len(self._mebibytes) <= keep_mebibytes:
            return 0
        return self._mebibytes[-max(1, keep_mebibytes // 2)]

    def was_cut(self, seq: int) -> None:
        """Takes note that events up to `seq` are gone."""
        self._mebibytes = self._mebibytes[bisect_right(self._mebibytes, seq) :]
        self._bytes = (len(self._mebibytes) << 20) + (self._bytes & 0xFFFFF)

    async def whole(self, seq: int) -> list[bytes]:
        """The events that stand for all up to `seq`, with nothing left out of what is shown."""
        snapshot = Snapshot()
        await self.each_event(0, seq, snapshot.take)
        return [events.encode(event) for event in snapshot.told()]

    def serve(self, since: int, written: int, first_seq: int) -> bool:
        """Whether a reader at `since` is better off with a snapshot."""
        mebibytes = len(self._mebibytes) - bisect_right(self._mebibytes, since)
        return written - since > FAR_EVENTS or mebibytes > FAR_MEBIBYTES or since + 1 < first_seq

    async def take(self, written: int) -> tuple[int, list[bytes]]:
        """A snapshot of at least what is written: the seq it stands for, and its events as JSON."""
        await self._door.acquire()
        try:
            if self._growing.seq + 1 < self.first_seq():  # what is missing in between was cut
                self._growing = Snapshot(SHOWN_CHARACTERS)
            await self.each_event(self._growing.seq + 1, written, self._growing.take)
            return self._growing.seq, [events.encode(event) for event in self._growing.told()]
        finally:
            self._door.release()
