"""Retention: how long journals are kept.

Once an hour, and as soon as it has grown over its size, every session whose journal is over its limit (by size, and by age if an age is given) is
cut: a snapshot that leaves nothing out of what is shown takes the place of the oldest events. What a reader sees is untouched; what goes is what
only a look into the past would have shown: text edits, executions that were run again. `first_seq` says from where on single events can be had.

Events that a feed has still to send are trimmed only after it has sent them. Journals of closed sessions go whole: see
webipy.server.sessions.closed_sessions.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.events.events import AnyEvent
from webipy.server.ports.world import World
from webipy.server.sessions.closed_sessions import ClosedSessions
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions

ROUND_SECONDS = 3600.0


@attrs.define(eq=False)
class Retention:
    """Cuts journals.

    Args:
        world: The outside.
        sessions: Whose journals.
        closed_sessions: The journals of closed sessions.
        keep_mebibytes: Size over which a journal is cut to about half of it.
        keep_days: Age over which events are cut; `None` for never.
    """

    world: World
    sessions: Sessions
    closed_sessions: ClosedSessions
    keep_mebibytes: int
    keep_days: float | None
    _looking: set[str] = attrs.field(factory=set)
    _log = Logger()

    def start(self) -> None:
        """Looks at all journals now and every hour, and at each that has grown over its size."""
        self.sessions.on_taken.append(self.grown)
        self._start()

    def grown(self, session: Session, by: str | None, size: int) -> None:
        """A journal is longer: cuts it if it is too long, in a later turn, and once at a time."""
        if session.id not in self._looking and session.snapshots.place_to_cut(self.keep_mebibytes):
            self._looking.add(session.id)
            self.world.later(0, lambda: self._look(session))

    def _look(self, session: Session) -> None:
        looked = Deferred.fromCoroutine(self.look_at(session))
        looked.addCallbacks(
            lambda _: self._looking.discard(session.id), self._failed
        )  # one that fails waits for the next round

    def _start(self) -> None:
        Deferred.fromCoroutine(self.round()).addErrback(self._failed).addCallback(self._again)

    def _again(self, _: object) -> None:
        self.world.later(ROUND_SECONDS, self._start)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("journals could not be cut", failure)

    async def round(self) -> None:
        """Looks at all journals once."""
        for session in self.sessions.all():
            try:
                await self.look_at(session)
            except errors.Damaged as fault:
                self._log.critical("session {session}: {fault}", session=session.id, fault=fault.message)
        self._looking.clear()
        await self.closed_sessions.enforce_limits()

    async def look_at(self, session: Session) -> None:
        """Cuts one journal if it is over a limit, and trims what a cut left for slow readers."""
        place = max(session.snapshots.place_to_cut(self.keep_mebibytes), await self._too_old(session))
        place = min(place, session.written)
        if place >= session.journal.first_seq:
            await session.journal.cut(place, await session.snapshots.whole(place))
            session.snapshots.was_cut(place)
            self._log.info("journal of session {session} cut up to event {seq}", session=session.id, seq=place)
        cursors = [feed.cursor for feed in session.feeds]
        await session.journal.trim(min([session.journal.first_seq, *cursors]))

    async def _too_old(self, session: Session) -> int:
        """Seq of the newest event that is older than allowed; found by halving."""
        if self.keep_days is None:
            return 0
        oldest = datetime.fromisoformat(self.world.now()) - timedelta(days=self.keep_days)
        low, high = session.journal.first_seq - 1, session.written
        while low < high:
            middle = (low + high + 1) // 2
            found: list[AnyEvent] = []
            await session.each_event(middle, middle, found.append)
            is_old = bool(found) and datetime.fromisoformat(found[0].time) < oldest
            low, high = (middle, high) if is_old else (low, middle - 1)
        return low
