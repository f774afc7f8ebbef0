"""Temporary sessions: made for one purpose, closed by the server when that is over, whoever made them is still there or not.

::

    session.create {temporary} ──► held by that connection ──session.leave──────────────────────────────┐
                                        │ gone without a word ──10 s──┐                                 ▼
    notebook.run {plan} ──► held by the run ────────────run_finished──┴──► nobody holds it, nothing runs ──► saved, closed

Who opens such a session in another way, or follows it and does not only look on, uses it, too: it is kept
(`session_kept`), and from then on closed by people only. So is one whose document cannot be saved: nothing is thrown
away because a job is over.

Invariants: a session is closed only when it is certain, with nobody able to come between, that nobody holds it, that
nothing runs or waits in it, and that its file has everything. That a session is temporary is in its journal; who holds
it is not, so after a start of the server each is held for as long as a lost connection may take to come back.

Rejected: closing by the client that made it (it may be killed at any time; and others may use the session by then).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.events import events
from webipy.server.notebooks.documents import Documents
from webipy.server.people.shares import Shares
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions

LINGER_SECONDS = 10.0
"""A connection that was lost may come back for so long; a client that looks for its server tries every 5 s at least."""


class Holder(Protocol):
    """What holds a session: `webipy.server.methods.method.Connection`."""

    @property
    def send(self) -> object:
        """Where notifications for it go; `None` for a POST, which is over when it is answered."""

    on_leave: dict[str, Callable[[], None]]


@attrs.define(eq=False)
class TemporarySessions:
    """The temporary sessions of one server."""

    world: World
    sessions: Sessions
    documents: Documents
    shares: Shares
    _holders: dict[str, set[object]] = attrs.field(factory=dict)
    _looked_after: set[str] = attrs.field(factory=set)
    _is_stopped: bool = False
    _log = Logger()

    def resume(self) -> None:
        """Looks after those that the last server has left."""
        for session in self.sessions.all():
            if session.is_temporary:
                self._hold_a_while(session)
                self._look_after(session)

    def stop(self) -> None:
        """Closes nothing any more: the server ends, and the next one goes on."""
        self._is_stopped = True

    async def opened(self, session: Session, holder: Holder, is_temporary: bool) -> None:
        """A connection has opened a session, which is its own purpose or somebody else's."""
        if not session.is_temporary:
            return
        if not is_temporary:
            await self.keep(session, None)
            return
        self._look_after(session)
        if holder.send is None:  # a POST: it is over already
            self._hold_a_while(session)
            return
        self.hold(session, holder)
        holder.on_leave[session.id] = lambda: self._lost(session, holder)

    async def keep(self, session: Session, by: str | None, reason: str = "") -> None:
        """Makes it an ordinary session."""
        if session.is_temporary and not session.is_closed:
            await session.append([events.SessionKept(reason=reason)], by)

    def hold(self, session: Session, holder: object) -> None:
        """The session stays open until `holder` lets go of it."""
        self._holders.setdefault(session.id, set()).add(holder)

    async def leave(self, session: Session, holder: Holder) -> None:
        """A connection lets go of a session; it is closed if that was all it was for."""
        holder.on_leave.pop(session.id, None)
        await self.let_go(session, holder)

    def hand_over(self, session: Session, holder: Holder) -> None:
        """What a connection has begun in a session holds that from now on, and no longer the connection."""
        holder.on_leave.pop(session.id, None)
        self._holders.get(session.id, set()).discard(holder)

    async def let_go(self, session: Session, holder: object) -> None:
        """`holder` has no use for the session any more."""
        self._holders.get(session.id, set()).discard(holder)
        await self._close_unused(session)

    def _lost(self, session: Session, holder: Holder) -> None:
        self._hold_a_while(session)
        self._holders.get(session.id, set()).discard(holder)

    def _hold_a_while(self, session: Session) -> None:
        holder = object()
        self.hold(session, holder)
        self.world.later(LINGER_SECONDS, lambda: self._begin_let_go(session, holder))

    def _begin_let_go(self, session: Session, holder: object) -> None:
        letting_go = Deferred.fromCoroutine(self.let_go(session, holder))
        letting_go.addErrback(lambda failure: self._log.failure("session {session}", failure, session=session.id))

    # ---- closing

    def _look_after(self, session: Session) -> None:
        """Looks again whether it is used whenever something has happened in it."""
        if session.id not in self._looked_after:
            self._looked_after.add(session.id)
            self._next_look(session)

    def _next_look(self, session: Session) -> None:
        if session.is_temporary and not session.is_closed:
            session.news().addCallback(lambda _: self._look(session))
        else:
            self._looked_after.discard(session.id)
            self._holders.pop(session.id, None)

    def _look(self, session: Session) -> None:
        self._next_look(session)
        if not self._is_used(session):
            self._begin_let_go(session, None)

    def _is_used(self, session: Session) -> bool:
        is_open = session.is_temporary and not session.is_closed and not self._is_stopped
        runs = session.kernel.executions.open if session.kernel is not None else ()
        return not is_open or bool(self._holders.get(session.id) or session.runs.open or runs)

    async def _close_unused(self, session: Session) -> None:
        while not self._is_used(session):
            try:
                if self._is_unsaved(session):
                    await self.documents.of(session).save(None)
                elif await self.sessions.close(
                    session, None, unless=lambda: self._is_used(session) or self._is_unsaved(session)
                ):
                    self.documents.autosaves.let_go(session)
                    await self.shares.end_session(session.id)
            except errors.Degraded:
                self._hold_a_while(session)
            except errors.Failure as fault:
                self._log.warn("session {session} stays open: {fault}", session=session.id, fault=fault.message)
                await self.keep(session, None, fault.message)
                return

    @staticmethod
    def _is_unsaved(session: Session) -> bool:
        return session.file_state.path is not None and not session.file_state.is_saved
