"""Retention: how long journals are kept.

Once an hour, and as soon as it has grown over its size, every session whose journal is over its limit (by size, and by age if an age is given) is
cut: a snapshot that leaves nothing out of what is shown replaces the oldest events. Readers see the same; only the history gets shorter:
text edits, executions that were run again. `first_seq` is the first event that can be read by itself.

Events that a feed has still to send are trimmed only after it has sent them. Journals of closed sessions are deleted whole: see
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
from webipy.server.sessions.session import Session, folded
from webipy.server.sessions.sessions import Sessions
from webipy.server.sessions.snapshots import encoded

ROUND_SECONDS = 3600.0


@attrs.define(eq=False)
class Retention:
    """Cuts journals.

    Args:
        world: The outside.
        sessions: The open sessions.
        closed_sessions: The journals of closed sessions.
        keep_mebibytes: Size over which a journal is cut to about half of it.
        keep_days: Age over which events are cut; `None` for never.
    """

    world: World
    sessions: Sessions
    closed_sessions: ClosedSessions
    keep_mebibytes: int
    keep_days: float | None
    _checking: set[str] = attrs.field(factory=set)
    _log = Logger()

    def start(self) -> None:
        """Checks all journals now and every hour, and each that has grown over its size."""
        self.sessions.appends.add(self.grown)
        self._start()

    def grown(self, session: Session, by: str | None, size: int) -> None:
        """Cuts a journal that has become too long, in a later turn, and once at a time.

        Args:
            session: Its session.
            by: Who caused the new events.
            size: Their bytes.
        """
        if session.id not in self._checking and session.snapshots.place_to_cut(self.keep_mebibytes):
            self._checking.add(session.id)
            self.world.later(0, lambda: self._check(session))

    def _check(self, session: Session) -> None:
        checked = Deferred.fromCoroutine(self.check(session))
        checked.addCallbacks(
            lambda _: self._checking.discard(session.id), self._failed
        )  # one that fails waits for the next round

    def _start(self) -> None:
        Deferred.fromCoroutine(self.round()).addErrback(self._failed).addCallback(self._again)

    def _again(self, _: object) -> None:
        self.world.later(ROUND_SECONDS, self._start)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("journals could not be cut", failure)

    async def round(self) -> None:
        """Checks all journals once."""
        for session in self.sessions.all():
            try:
                await self.check(session)
            except errors.Damaged as fault:
                self._log.critical("session {session}: {fault}", session=session.id, fault=fault.message)
        self._checking.clear()
        await self.closed_sessions.enforce_limits()

    async def check(self, session: Session) -> None:
        """Cuts a journal if it is over a limit, and trims what a cut left for slow readers."""
        place = max(session.snapshots.place_to_cut(self.keep_mebibytes), await self._too_old(session))
        place = min(place, session.written)
        if place >= session.journal.first_seq:
            await session.journal.cut(place, encoded(await folded(session, place, None), None))
            session.snapshots.was_cut(place)
            self._log.info("journal of session {session} cut up to event {seq}", session=session.id, seq=place)
        cursors = [feed.cursor for feed in session.feeds]
        await session.journal.trim(min([session.journal.first_seq, *cursors]))

    async def _too_old(self, session: Session) -> int:
        """Seq of the newest event that is older than allowed, by binary search."""
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
