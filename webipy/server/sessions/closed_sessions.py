"""Closed sessions: their journals, and with them the history of their documents.

A closed session stays in the registry with the path of its document, and its journal on the disk. When the document is
opened again, the session is reopened and its journal goes on, so that there is one history, whatever was closed,
renamed or restarted meanwhile. The session of a file is found in this order:

    1. the file is the very one that the session read or wrote last (its etag says inode, size and time; the time of the inode, which a
       new name changes, does not count), under whatever name, and the session's own path does not lead to another name of it;
    2. the path is that of the session's document: what is there now was changed by another program;
    3. the file has the content of the session's file, which is not there any more: it was moved to another disk.

A document that was deleted here is found by its identity only, so that a new one under the same name begins again. When all
journals of closed sessions together are over a limit, those without a document are deleted first, then those that were closed
longest ago.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import attrs
import msgspec
from twisted.internet.defer import succeed
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.session.file_state import is_same_file
from webipy.core.timestamps import rfc3339
from webipy.server.ports.confinement import allows
from webipy.server.ports.files import FileRecord
from webipy.server.ports.journals import JournalPart, KeptJournal
from webipy.server.ports.registry import ClosedSession, SessionRecord
from webipy.server.ports.world import World
from webipy.server.sessions.sessions import Sessions

MAX_CANDIDATES = 100
"""How many closed sessions are compared with a file."""


class Entry(msgspec.Struct, frozen=True):
    """A journal that is kept.

    Args:
        closed: Its session, as the registry keeps it; an open one as it is now.
        journal: Its journal on the disk.
        is_open: Whether its session is open.
    """

    closed: ClosedSession
    journal: KeptJournal
    is_open: bool

    @property
    def last_activity(self) -> str:
        """When its session was closed, or written to last."""
        return self.closed.closed or self.journal.changed


@attrs.define(eq=False)
class ClosedSessions:
    """The closed sessions of one server.

    Args:
        world: The outside.
        sessions: The open ones.
        keep_mebibytes: Size of all journals of closed sessions together at most; `None` for any.
        keep_days: How long after its closing a journal is kept; `None` for ever.
        removed: Called when a closed session is gone for good, with its id.
    """

    world: World
    sessions: Sessions
    keep_mebibytes: int | None = None
    keep_days: float | None = None
    removed: Callable[[str], Awaitable[None]] = attrs.field(default=lambda session: succeed(None))
    _unreadable: set[str] = attrs.field(factory=set)
    _log = Logger()

    # ---- the session of a file

    async def session_of(self, file: FileRecord) -> ClosedSession | None:
        """The closed session of a file, by the file's identity or path; `None` when there is none that the call may reach."""
        closed = [one for one in await self.world.registry.closed() if allows(one.record.path or "")]
        here = next((one for one in closed if one.path == file.path), None)
        for one in [one for one in closed if is_same_file(one.etag, file.etag)][:MAX_CANDIDATES]:
            if one.record.path == file.path or not is_same_file(await self._etag_at(one.record.path), file.etag):
                return one
        return here

    async def copy_of(self, digest: str) -> ClosedSession | None:
        """The closed session whose file had content of this SHA-256 digest (hex) and is not there any more; `None` when there is none that
        the call may reach.
        """
        closed = [one for one in await self.world.registry.closed() if allows(one.record.path or "")]
        for one in [one for one in closed if one.digest == digest][:MAX_CANDIDATES]:
            if one.is_gone or await self._etag_at(one.record.path) is None:
                return one
        return None

    async def _etag_at(self, path: str | None) -> str | None:
        if path is None:
            return None
        try:
            return (await self.world.files.stat(path)).etag
        except errors.Failure:
            return None

    # ---- what happens to files

    async def moved(self, old: str, new: str) -> None:
        """Moves the documents of closed sessions with a file or folder.

        Args:
            old: Its path before.
            new: Its path now.
        """

        def follow(one: ClosedSession, path: str) -> ClosedSession:
            return attrs.evolve(one, record=attrs.evolve(one.record, path=new + path[len(old) :]))

        await self._change(new, lambda one, path: attrs.evolve(one, is_gone=True))
        await self._change(old, follow)

    async def deleted(self, path: str) -> None:
        """Marks the documents of closed sessions at a path, which was deleted, as gone: a later file of this name is another document."""
        await self._change(path, lambda one, path: attrs.evolve(one, is_gone=True))

    async def _change(self, place: str, change: Callable[[ClosedSession, str], ClosedSession]) -> None:
        for one in await self.world.registry.closed():
            path = one.path
            if path is not None and (path == place or path.startswith(f"{place}/")):
                await self.note(change(one, path))

    # ---- their journals

    async def get(self, session: str) -> ClosedSession:
        """A closed session.

        Raises:
            errors.NotFound: There is none of that id, or its journal is gone.
            errors.Damaged: Its journal cannot be read.
        """
        is_free = self.sessions.is_free(session)
        found = next((one for one in await self.world.registry.closed() if one.record.id == session), None)
        if found is not None and is_free:
            return found
        if is_free and any(journal.session == session for journal in await self.world.archive.kept()):
            return await self.world.archive.describe(session)
        why = "has no journal" if is_free else "is open"
        raise errors.NotFound(
            f"Session {session!r} {why}; Closed sessions in the page and `webipy journal ls` list the closed ones.",
            kind="journal",
            id=session,
        )

    async def all(self) -> list[Entry]:
        """All journals, the one with the latest activity first."""
        journals = {journal.session: journal for journal in await self.world.archive.kept()}
        known = {one.record.id: one for one in await self.world.registry.closed()}
        now_open = {
            one.id: ClosedSession(one.record, one.last_activity, one.state.file_state.etag)
            for one in self.sessions.all()
        }
        entries = []
        for session, journal in journals.items():
            here = now_open.get(session) or known.get(session) or self._unknown(session)
            entries.append(Entry(here, journal, session in now_open))
        return sorted(entries, key=lambda entry: entry.last_activity, reverse=True)

    @staticmethod
    def _unknown(session: str) -> ClosedSession:
        """A journal that is not in the registry; what it belongs to is in its events."""
        return ClosedSession(SessionRecord(session, "", None, "", ""))

    async def read(self, session: str, first: int, limit: int, limit_bytes: int) -> JournalPart:
        """Events of a closed session.

        Args:
            session: Its id.
            first: Seq of the first one.
            limit: Events at most.
            limit_bytes: Bytes at most; a larger first event is returned whole.

        Raises:
            errors.NotFound: It is open, or there is none.
            errors.Damaged: Its journal cannot be read.
        """
        await self.get(session)
        return await self.world.archive.look(session, first, limit, limit_bytes)

    async def remove(self, session: str) -> None:
        """Deletes the journal of a closed session, for good.

        Raises:
            errors.NotFound: It is open, or there is none.
        """
        await self.get(session)
        await self.sessions.lock.acquire()
        try:
            await self.get(session)  # it may have been opened again meanwhile
            await self.world.registry.forget(session)
            await self.world.archive.remove(session)
            await self.removed(session)
        finally:
            self.sessions.lock.release()
        self._log.info("journal of the closed session {session} deleted", session=session)

    async def note(self, closed: ClosedSession) -> None:
        """Writes down what has changed about a closed session, unless it is open again."""
        await self.sessions.lock.acquire()
        try:
            if self.sessions.is_free(closed.record.id):
                await self.world.registry.close_session(closed)
        finally:
            self.sessions.lock.release()

    # ---- limits

    async def enforce_limits(self) -> None:
        """Deletes the journals of closed sessions that are over a limit, those without a document first."""
        await self.recover()
        closed = [
            entry for entry in await self.all() if not entry.is_open and self.sessions.is_free(entry.journal.session)
        ]
        oldest = self._oldest()
        too_old = [entry for entry in closed if oldest is not None and entry.last_activity < oldest]
        rest = [entry for entry in closed if entry not in too_old]
        for entry in [*too_old, *self._too_much(rest)]:
            try:
                await self.remove(entry.journal.session)
            except errors.NotFound:
                continue  # it was opened again, or deleted, meanwhile

    def _oldest(self) -> str | None:
        if self.keep_days is None:
            return None
        oldest = datetime.fromisoformat(self.world.now()) - timedelta(days=self.keep_days)
        return rfc3339(oldest)

    def _too_much(self, closed: list[Entry]) -> list[Entry]:
        if self.keep_mebibytes is None:
            return []
        left = sum(entry.journal.size_bytes for entry in closed) - (self.keep_mebibytes << 20)
        going = []
        for entry in sorted(closed, key=lambda entry: (entry.closed.path is not None, entry.last_activity)):
            if left <= 0:
                break
            going.append(entry)
            left -= entry.journal.size_bytes
        return going

    async def recover(self) -> None:
        """Reads from the journals of sessions that an earlier version closed, or that are not in the registry, which documents they have."""
        known = await self.world.registry.closed()
        noted = {one.record.id for one in known if one.closed}
        taken = {one.path for one in known if one.closed} | {one.record.path for one in self.sessions.all()}
        found = []
        for journal in await self.world.archive.kept():
            session = journal.session
            if session in noted or session in self._unreadable or not self.sessions.is_free(session):
                continue
            try:
                found.append(await self.world.archive.describe(session))
            except errors.Failure as fault:
                self._unreadable.add(session)
                self._log.warn("journal {session}: {fault}", session=session, fault=fault.message)
        for one in sorted(found, key=lambda one: one.closed, reverse=True):
            is_gone = one.is_gone or one.path in taken
            taken.add(one.path)
            await self.note(attrs.evolve(one, is_gone=is_gone))
