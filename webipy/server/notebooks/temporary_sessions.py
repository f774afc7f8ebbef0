"""Temporary sessions: made for one purpose, and closed by the server when that is over, whether the client that made them is there or not.

::

    session.create {temporary} ──► held by that connection ──session.leave──────────────────────────────┐
                                        │ connection lost ──10 s──────┐                                 ▼
    notebook.run {plan} ──► held by the run ────────────run_finished──┴──► no holder, nothing runs ──────► saved, closed

A client that opens such a session in another way, or subscribes to it to do more than watch, uses it, too: it is kept
(`session_kept`), and from then on only people close it. So is one whose document cannot be saved: nothing is
discarded because a job is over.

Invariants: a session is closed only when, under the lock of sessions, it has no holder, nothing runs or waits in it, and
its file has everything. That a session is temporary is in its journal; its holders
are not, so after a start of the server each is held for as long as a lost connection may take to come back.

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
from webipy.server.notebooks.documents import Documents, file_digest
from webipy.server.people.shares import Shares
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions

LINGER_SECONDS = 10.0
"""A connection that was lost may come back for so long; a client that looks for its server tries every 5 s at least."""


class Holder(Protocol):
    """A connection that holds a session: `webipy.server.methods.method.Connection`."""

    @property
    def send(self) -> object:
        """Sends notifications; `None` for a POST, which is over when it is answered."""

    def when_left(self, session: str, call: Callable[[], None] | None) -> None:
        """Sets what is called about a session when the connection is closed.

        Args:
            session: Id of the session.
            call: Called once; `None` for nothing.
        """


@attrs.define(eq=False)
class TemporarySessions:
    """The temporary sessions of one server.

    Args:
        world: The outside.
        sessions: The open sessions.
        documents: Their documents.
        shares: Their shares, which end with them.
    """

    world: World
    sessions: Sessions
    documents: Documents
    shares: Shares
    _holders: dict[str, set[object]] = attrs.field(factory=dict)
    _watched: set[str] = attrs.field(factory=set)
    _is_stopped: bool = False
    _log = Logger()

    def resume(self) -> None:
        """Watches those that the last server has left."""
        for session in self.sessions.all():
            if session.state.lifecycle.is_temporary:
                self._hold_a_while(session)
                self._watch(session)

    def stop(self) -> None:
        """Leaves all to the next server."""
        self._is_stopped = True

    async def opened(self, session: Session, holder: Holder, is_temporary: bool) -> None:
        """Records that a connection has opened a session.

        Args:
            session: The session.
            holder: The connection.
            is_temporary: Whether the connection asked for a temporary session; else the session is kept.
        """
        if not session.state.lifecycle.is_temporary:
            return
        if not is_temporary:
            await self.keep(session, None)
            return
        self._watch(session)
        if holder.send is None:  # a POST: it is over already
            self._hold_a_while(session)
            return
        self.hold(session, holder)
        holder.when_left(session.id, lambda: self._lost(session, holder))

    def linger(self, session: Session) -> None:
        """Keeps a temporary session that was opened for one call open for a while, for more calls of the kind."""
        if session.state.lifecycle.is_temporary:
            self._watch(session)
            self._hold_a_while(session)

    async def keep(self, session: Session, by: str | None, reason: str = "") -> None:
        """Makes a temporary session an ordinary one.

        Args:
            session: The session.
            by: Who keeps it; `None` for the server.
            reason: Why the server keeps it, in a sentence.
        """
        if session.state.lifecycle.is_temporary and not session.is_closed:
            await session.append([events.SessionKept(reason=reason)], by)

    def hold(self, session: Session, holder: object) -> None:
        """Keeps a session open until `release`.

        Args:
            session: The session.
            holder: What holds it.
        """
        self._holders.setdefault(session.id, set()).add(holder)

    async def leave(self, session: Session, holder: Holder) -> None:
        """Releases a session by the call of a connection; it is closed when it has no other holder.

        Args:
            session: The session.
            holder: The connection.
        """
        holder.when_left(session.id, None)
        await self.release(session, holder)

    def hand_over(self, session: Session, holder: Holder) -> None:
        """Ends the hold of a connection without closing the session: what it has begun there holds the session now.

        Args:
            session: The session.
            holder: The connection.
        """
        holder.when_left(session.id, None)
        self._holders.get(session.id, set()).discard(holder)

    async def release(self, session: Session, holder: object) -> None:
        """Ends a hold; the session is closed when it has no other holder.

        Args:
            session: The session.
            holder: What has held it.
        """
        self._holders.get(session.id, set()).discard(holder)
        await self._close_unused(session)

    def _lost(self, session: Session, holder: Holder) -> None:
        self._hold_a_while(session)
        self._holders.get(session.id, set()).discard(holder)

    def _hold_a_while(self, session: Session) -> None:
        holder = object()
        self.hold(session, holder)
        self.world.later(LINGER_SECONDS, lambda: self._begin_release(session, holder))

    def _begin_release(self, session: Session, holder: object) -> None:
        released = Deferred.fromCoroutine(self.release(session, holder))
        released.addErrback(lambda failure: self._log.failure("session {session}", failure, session=session.id))

    # ---- closing

    def _watch(self, session: Session) -> None:
        """Checks whether a session is used at each of its events."""
        if session.id not in self._watched:
            self._watched.add(session.id)
            self._next_check(session)

    def _next_check(self, session: Session) -> None:
        if session.state.lifecycle.is_temporary and not session.is_closed:
            session.news().addCallback(lambda _: self._check(session))
        else:
            self._watched.discard(session.id)
            self._holders.pop(session.id, None)

    def _check(self, session: Session) -> None:
        self._next_check(session)
        if not self._is_used(session):
            self._begin_release(session, None)

    def _is_used(self, session: Session) -> bool:
        is_open = session.state.lifecycle.is_temporary and not session.is_closed and not self._is_stopped
        runs = session.kernel.executions.open if session.kernel is not None else ()
        return not is_open or bool(self._holders.get(session.id) or session.state.runs.open or runs)

    async def _close_unused(self, session: Session) -> None:
        while not self._is_used(session):
            try:
                if self._is_unsaved(session):
                    await self.documents.of(session).save(None)
                    continue
                digest = await file_digest(self.world, session)
                if await self.sessions.close(
                    session, None, digest, unless=lambda: self._is_used(session) or self._is_unsaved(session)
                ):
                    self.documents.autosaves.remove(session)
                    await self.shares.end_session(session.id)
            except errors.Degraded:
                self._hold_a_while(session)
            except errors.Failure as fault:
                self._log.warn("session {session} stays open: {fault}", session=session.id, fault=fault.message)
                await self.keep(session, None, fault.message)
                return

    @staticmethod
    def _is_unsaved(session: Session) -> bool:
        return session.state.file_state.path is not None and not session.state.file_state.is_saved
