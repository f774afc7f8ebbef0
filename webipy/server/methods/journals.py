"""The methods `journal.*` and `session.reopen`: the journals of closed sessions, listed, read, reopened and deleted."""

from __future__ import annotations

from msgspec import Raw

from webipy.core import errors
from webipy.core.api import calls
from webipy.core.api.grants import session_place
from webipy.core.api.journal_calls import Journal, JournalEvents, JournalList, OfJournal, ReadJournal
from webipy.server.methods.failures import OF_DOCUMENT, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services, shown
from webipy.server.sessions.closed_sessions import Entry
from webipy.server.sessions.feed import CHUNK_BYTES

METHODS = Methods()
method = METHODS.method


def _as_result(entry: Entry) -> Journal:
    record = entry.closed.record
    return Journal(
        session=record.id,
        title=record.title,
        path=entry.closed.path,
        size_bytes=entry.journal.size_bytes,
        last_activity=entry.last_activity,
        is_open=entry.is_open,
        created=record.created,
        document=record.path,
    )


async def _place_of_journal(services: Services, params: OfJournal | ReadJournal) -> str:
    """The place of a session, open or closed: the path of its notebook, or where that was; else its own."""
    session = services.sessions.find(params.session)
    if session is not None:
        return session.record.path or session_place(session.id)
    closed = await services.world.registry.closed()
    found = next((one.record for one in closed if one.record.id == params.session), None)
    return session_place(params.session) if found is None or found.path is None else found.path


@method("journal.list", "read", "account", raises=(errors.Damaged,))
async def journal_list(services: Services, connection: Connection, params: calls.Nothing) -> JournalList:
    """The journals of all sessions, open and closed, with their sizes."""
    await services.closed_sessions.recover()
    entries = [
        entry
        for entry in await services.closed_sessions.all()
        if services.rights.at(connection.principal, entry.closed.record.path or session_place(entry.closed.record.id))
        != "none"
    ]
    limit = services.closed_sessions.keep_mebibytes
    return JournalList(
        journals=[_as_result(entry) for entry in entries],
        closed_bytes=sum(entry.journal.size_bytes for entry in entries if not entry.is_open),
        limit_bytes=None if limit is None else limit << 20,
        limit_days=services.closed_sessions.keep_days,
    )


@method(
    "journal.read", "read", "place", found=_place_of_journal, raises=OF_SESSION, example={"session": "s0", "limit": 2}
)
async def journal_read(services: Services, connection: Connection, params: ReadJournal) -> JournalEvents:
    """Events of a closed session; those of an open one are read by session.events."""
    part = await services.closed_sessions.read(params.session, params.since + 1, params.limit, 4 * CHUNK_BYTES)
    return JournalEvents(
        session=params.session,
        first=max(params.since + 1, part.first_seq),
        first_seq=part.first_seq,
        last_seq=part.last_seq,
        standing=[Raw(body) for body in part.standing],
        events=[Raw(body) for body in part.bodies],
    )


@method("journal.delete", "own", "place", found=_place_of_journal, raises=OF_SESSION, example={"session": "s0"})
async def journal_delete(services: Services, connection: Connection, params: OfJournal) -> calls.Done:
    """Deletes the journal of a closed session for good, and with it the history of its document; the file of that stays."""
    await services.closed_sessions.remove(params.session)
    return calls.Done()


@method("session.reopen", "write", "place", found=_place_of_journal, raises=OF_DOCUMENT, example={"session": "s0"})
async def session_reopen(services: Services, connection: Connection, params: OfJournal) -> calls.Session:
    """Reopens a closed session, without a kernel: its journal goes on. A document that is not there any more is written to its path again,
    or beside what is there now. An open session is returned as it is.
    """
    if not services.sessions.is_free(params.session):
        return shown(services, connection, services.sessions.get(params.session))
    closed = await services.closed_sessions.get(params.session)
    return shown(services, connection, await services.documents.reopen(closed, connection.name))
