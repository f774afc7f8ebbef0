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

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import blobs
from webipy.core.session.snapshot import Snapshot

FAR_BYTES = 4 * 1024 * 1024
"""A reader that has more than so much before it, of what a snapshot makes short, gets one if it can take one."""

EVENT_BYTES = 800
"""What an event costs a reader beside its bytes, counted as bytes: five thousand small ones are far, too."""

_MARK = 18
"""A mark is set each 2 to this power bytes."""

_KEPT_WHOLE = (b'{"type":"cell_', b'{"type":"notebook_')
"""How the events begin that a snapshot keeps as they are, most of them: cells. A large notebook is not far because it is large."""

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
    _marks: list[int] = attrs.field(factory=list)
    _short: int = 0
    """Bytes of what a snapshot makes short."""

    def account(self, seq: int, body: bytes) -> None:
        """Takes note of event `seq` in the journal, of its JSON and of the blobs that it refers to."""
        self._bytes += len(body) + sum(blobs.found_in(body).values())
        self._mebibytes += [seq] * ((self._bytes >> 20) - len(self._mebibytes))
        if not body.startswith(_KEPT_WHOLE):
            self._short += len(body) + EVENT_BYTES
            self._marks += [seq] * ((self._short >> _MARK) - len(self._marks))

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
        await self.each_event(0, seq, snapshot.apply)
        return [events.encode(event) for event in snapshot.as_events()]

    def serve(self, since: int, first_seq: int) -> bool:
        """Whether a reader at `since` is better off with a snapshot."""
        marks = len(self._marks) - bisect_right(self._marks, since)
        return marks > FAR_BYTES >> _MARK or since + 1 < first_seq

    async def take(self, written: int) -> tuple[int, list[bytes]]:
        """A snapshot of at least what is written: the seq it stands for, and its events as JSON."""
        await self._door.acquire()
        try:
            if self._growing.seq + 1 < self.first_seq():  # what is missing in between was cut
                self._growing = Snapshot(SHOWN_CHARACTERS)
            await self.each_event(self._growing.seq + 1, written, self._growing.apply)
            return self._growing.seq, [events.encode(event) for event in self._growing.as_events()]
        finally:
            self._door.release()
