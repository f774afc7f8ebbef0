"""Earlier states of a document, read from the journal of its session.

Every state since the oldest event that is kept can be had; those before it were cut (see `webipy.server.sessions.retention`).
"""

from __future__ import annotations

from datetime import datetime

import attrs
import msgspec

from webipy.core import errors
from webipy.core.events.events import AnyEvent
from webipy.core.ipynb.document import Document, DocumentMaker
from webipy.core.session.history_points import HistoryPoint
from webipy.core.session.session_state import MAX_RESULT_STREAM, MAX_STREAM
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session, folded


class History(msgspec.Struct, eq=False):
    """The history of one session's document.

    Args:
        session: The session.
        world: The outside.
    """

    session: Session
    world: World

    async def points(self) -> list[HistoryPoint]:
        """The history points up to now; those that were cut are not among them."""
        first_seq, points = self.session.journal.first_seq, self.session.state.history_points.all
        found = [attrs.evolve(point) for point in points if point.seq >= first_seq]
        await self.session.until_written(self.session.seq)
        return found

    async def state(self, seq: int, hidden: int = 0) -> Document:
        """An earlier state of the document.

        Args:
            seq: Seq of the last event in it.
            hidden: Seq of the last event whose state the caller may not see; 0 for none.

        Raises:
            errors.NotFound: It is older than what is kept, or in the future.
        """
        self._check(seq, hidden)
        return await self._folded(seq, MAX_STREAM)

    async def result(self) -> Document:
        """The document now as the result of a run: with more text of its streams than the file of an open document holds."""
        return await self._folded(self.session.written, MAX_RESULT_STREAM)

    async def _folded(self, seq: int, limit: int) -> Document:
        maker = DocumentMaker(await folded(self.session, seq, limit))
        return await self.world.aside(maker.prepare())

    async def saved(self) -> Document | None:
        """The document when it was saved last, the common base of the file and the document now; `None` when the journal has been cut."""
        seq = self.session.state.file_state.saved
        return await self.state(seq) if seq >= self.session.journal.first_seq else None

    async def seq_of(self, seq: int | None, time: str | None, checkpoint: str | None, hidden: int = 0) -> int:
        """The seq of the state that one of the first three names; none of them: the state now.

        Args:
            seq: Seq of the last event in it.
            time: RFC 3339 with an offset.
            checkpoint: Name of a checkpoint.
            hidden: Seq of the last event whose state the caller may not see; 0 for none.

        Raises:
            errors.InvalidParams: Two of them are given, or the time cannot be read.
            errors.NotFound: There is no such checkpoint, or no such state.
        """
        if sum(wanted is not None for wanted in (seq, time, checkpoint)) > 1:
            raise errors.InvalidParams("Give seq, time or checkpoint: one of them.", field="seq")
        if checkpoint is not None:
            found = self.session.state.history_points.checkpoints.get(checkpoint)
            if found is None or found <= hidden:
                raise errors.NotFound(
                    f"There is no checkpoint {checkpoint!r}; History lists those there are.",
                    kind="checkpoint",
                    id=checkpoint,
                )
            seq = found
        elif time is not None:
            seq = await self._at_time(time)
        seq = self.session.written if seq is None else seq
        self._check(seq, hidden)
        return seq

    def _check(self, seq: int, hidden: int) -> None:
        first = max(hidden + 1 if hidden else 0, self.session.journal.first_seq - 1)
        last = self.session.written
        if not first <= seq <= last:
            raise errors.NotFound(
                f"States after events {first} to {last} are kept, not {seq}.", kind="seq", id=str(seq)
            )

    async def time_of(self, seq: int) -> str:
        """When an event was written."""
        found: list[AnyEvent] = []
        await self.session.each_event(seq, seq, found.append)
        return found[-1].time if found else self.session.record.created

    async def _at_time(self, time: str) -> int:
        """Seq of the last event at or before a time, by binary search."""
        wanted = _parsed(time)
        low, high = self.session.journal.first_seq - 1, self.session.written
        while low < high:
            middle = (low + high + 1) // 2
            is_later = _parsed(await self.time_of(middle)) > wanted
            low, high = (low, middle - 1) if is_later else (middle, high)
        return low


def _parsed(time: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(time)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise errors.InvalidParams("time is RFC 3339 with its offset, such as 2026-01-31T12:00:00Z.", field="time")
    return parsed
