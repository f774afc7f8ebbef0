"""Snapshots: which readers get one instead of a long history, and how it is made.

A snapshot is written from the state of the session as it is, and handed out when the last event in it is in the journal. Where the state has
more than the journal will take now, or is there no more, one is folded again from the journal.
"""

from __future__ import annotations

from bisect import bisect_right

import attrs

from webipy.core.events import events
from webipy.core.kernel import blobs
from webipy.core.session.session_state import SHOWN_CHARACTERS, SessionState
from webipy.core.session.snapshot import snapshot_of

FAR_BYTES = 4 * 1024 * 1024
"""A reader that has more than so much to read, of what a snapshot makes short, gets one if it can use one."""

EVENT_BYTES = 800
"""What an event costs a reader beside its bytes, counted as bytes: five thousand small ones are many, too."""

_MARK = 18
"""A mark is set each 2 to the power of this bytes."""

_KEPT_WHOLE = (b'{"type":"cell_', b'{"type":"notebook_')
"""How the events begin that a snapshot mostly keeps as they are: cells. They do not count, so a large notebook needs no snapshot for its size."""


@attrs.define(eq=False)
class Snapshots:
    """What the snapshots of one session cost, and save."""

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
        size, found = len(body), blobs.found_in(body)
        self._bytes += size + sum(found.values()) if found else size
        more = (self._bytes >> 20) - len(self._mebibytes)
        if more:
            self._mebibytes += [seq] * more
        if not body.startswith(_KEPT_WHOLE):
            self._short += size + EVENT_BYTES
            more = (self._short >> _MARK) - len(self._marks)
            if more:
                self._marks += [seq] * more

    def place_to_cut(self, keep_mebibytes: int) -> int:
        """The seq up to which the journal may be cut so that half of so many MiB stays; 0 while it is smaller than that."""
        if len(self._mebibytes) <= keep_mebibytes:
            return 0
        return self._mebibytes[-max(1, keep_mebibytes // 2)]

    def was_cut(self, seq: int) -> None:
        """Counts off the events up to `seq`, which were cut."""
        self._mebibytes = self._mebibytes[bisect_right(self._mebibytes, seq) :]
        self._bytes = (len(self._mebibytes) << 20) + (self._bytes & 0xFFFFF)

    def is_better(self, since: int, first_seq: int) -> bool:
        """Whether a reader gets the present state faster from a snapshot than from the events.

        Args:
            since: Seq of the last event that the reader has.
            first_seq: Seq of the oldest event that is kept.
        """
        marks = len(self._marks) - bisect_right(self._marks, since)
        return marks > FAR_BYTES >> _MARK or since + 1 < first_seq


def encoded(state: SessionState, limit: int | None = SHOWN_CHARACTERS) -> list[bytes]:
    """The events of the snapshot of a state, JSON.

    Args:
        state: The state.
        limit: As that of `webipy.core.session.snapshot.snapshot_of`.
    """
    return [events.encode(event) for event in snapshot_of(state, limit)]
