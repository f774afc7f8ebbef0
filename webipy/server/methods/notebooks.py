"""The methods `notebook.*` on the document of a session and its file; `notebook.run` and the queue are in webipy.server.methods.runs."""

from __future__ import annotations

from itertools import islice

from msgspec import Raw

from webipy.core import errors
from webipy.core.api import calls, notebook_calls, token_scopes
from webipy.core.events import events
from webipy.core.ipynb import merge, notebook_file, pairs
from webipy.core.session.history_points import HistoryPoint
from webipy.server.methods.cells import clean_map
from webipy.server.methods.failures import OF_CHANGE, OF_DOCUMENT, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.notebooks.history import History
from webipy.server.sessions import guest_view
from webipy.server.sessions.session import Session

MOST_TOUCHED = 20
"""Cells that a state names; the others are counted."""

METHODS = Methods()
method = METHODS.method


def _state(session: Session, connection: Connection) -> notebook_calls.NotebookState:
    file = session.state.file_state
    conflict = file.conflict
    state = notebook_calls.NotebookState(
        session=session.id,
        path=file.path,
        format=file.format,
        etag=file.etag,
        is_saved=file.is_saved,
        saved_seq=file.saved,
        seq=session.seq,
        cells=len(session.state.notebook.cells()),
        metadata=Raw(session.state.notebook.metadata),
        conflict=None
        if conflict is None
        else notebook_calls.Conflict(reason=conflict.reason, etag=conflict.etag, cells=conflict.cells),
        save_failed=file.failed.reason if file.failed is not None else None,
        minor=file.minor,
        repairs=file.repairs,
        in_place=file.in_place,
    )
    return guest_view.notebook(state, connection.principal)


@method("notebook.get", "read", "session", raises=OF_SESSION)
async def notebook_get(
    services: Services, connection: Connection, params: calls.OfSession
) -> notebook_calls.NotebookState:
    """The document of a session: its file, and whether that holds everything."""
    return _state(services.sessions.get(params.session), connection)


@method("notebook.save", "write", "session", beyond=("path", "overwrite"), paths={"path": "write"}, raises=OF_DOCUMENT)
async def notebook_save(
    services: Services, connection: Connection, params: notebook_calls.SaveNotebook
) -> notebook_calls.NotebookState:
    """Writes the file now, atomically, after merging what another program has changed in it; `conflict` when both have changes of the same."""
    session = services.sessions.get(params.session)
    session.check_writable()
    if params.path is not None and params.path != session.state.file_state.path:
        await services.documents.save_as(session, params.path, connection.name)
    else:
        await services.documents.of(session).save(connection.name, params.overwrite, params.upgrade)
    return _state(session, connection)


@method("notebook.reload", "write", "session", raises=OF_DOCUMENT)
async def notebook_reload(
    services: Services, connection: Connection, params: calls.OfSession
) -> notebook_calls.NotebookState:
    """Replaces the document with the file on disk; the history keeps what it was."""
    session = services.sessions.get(params.session)
    autosave = services.documents.of(session)
    await autosave.file.reload(autosave.file.path(), connection.name)
    return _state(session, connection)


@method(
    "notebook.set_metadata",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.TooLarge),
    example={"metadata": {"authors": [{"name": "Ada"}]}},
)
async def notebook_set_metadata(
    services: Services, connection: Connection, params: notebook_calls.SetNotebookMetadata
) -> calls.Accepted:
    """Replaces the metadata of the notebook."""
    session = services.sessions.get(params.session)
    session.check_writable()
    metadata = clean_map(params.metadata, "metadata")
    assert isinstance(metadata, Raw)
    is_paired_anew = pairs.formats_in(bytes(metadata)) not in (None, pairs.formats_in(session.state.notebook.metadata))
    who = connection.principal
    if is_paired_anew and (guest_view.is_guest(who) or (who is not None and token_scopes.is_confined(who.scopes))):
        raise errors.NotPermitted(
            "Guests, and script tokens for one session or folder, cannot pair the notebook with other files (jupytext.formats)."
        )
    if is_paired_anew and session.record.path is not None:
        for half in pairs.partners(session.record.path, bytes(metadata)):
            services.rights.permit_at(who, "write", half.path)
    return calls.Accepted(seq=await session.append([events.NotebookMetadataSet(metadata=metadata)], connection.name))


# ---- history --------------------------------------------------------------------------------------------------------


def _as_result(moment: HistoryPoint, connection: Connection) -> notebook_calls.HistoryPoint:
    return notebook_calls.HistoryPoint(
        seq=moment.seq,
        time=moment.time,
        kind=moment.kind,
        by=moment.by,
        name=moment.name if moment.kind == "checkpoint" else guest_view.file_of(moment.name, connection.principal),
        cells=len(moment.cells),
        touched=[
            notebook_calls.TouchedCell(cell=cell, what=what)
            for cell, what in islice(moment.cells.items(), MOST_TOUCHED)
        ],
    )


def _history(services: Services, session: str) -> History:
    return services.documents.of(services.sessions.get(session)).history


@method("notebook.history", "read", "session", raises=OF_SESSION, example={"limit": 2})
async def notebook_history(
    services: Services, connection: Connection, params: notebook_calls.ReadHistory
) -> notebook_calls.HistoryPoints:
    """The states of the document worth going back to, the newest first."""
    history = _history(services, params.session)
    async with connection.heavy():
        points, hidden = await history.points(), connection.hidden(history.session)
    found: list[notebook_calls.HistoryPoint] = []
    for moment in reversed(points):
        if moment.seq > hidden and (params.before is None or moment.seq < params.before):
            found.append(_as_result(moment, connection))
        if len(found) == params.limit:
            break
    return notebook_calls.HistoryPoints(
        points=found, first_seq=max(1, history.session.journal.first_seq - 1, hidden + 1)
    )


@method("notebook.at", "read", "session", raises=OF_SESSION, example={"checkpoint": "first"})
async def notebook_at(
    services: Services, connection: Connection, params: notebook_calls.AtPoint
) -> notebook_calls.NotebookAt:
    """An earlier state of the document, whole, with its outputs."""
    history = _history(services, params.session)
    async with connection.heavy():
        seq = await history.seq_of(params.seq, params.time, params.checkpoint, connection.hidden(history.session))
        document = await history.state(seq)
        body = await services.world.aside(lambda: notebook_file.write(document, None))
        return notebook_calls.NotebookAt(seq=seq, time=await history.time_of(seq), notebook=Raw(body))


@method("notebook.checkpoint", "write", "session", raises=OF_CHANGE, example={"checkpoint": "before lunch"})
async def notebook_checkpoint(
    services: Services, connection: Connection, params: notebook_calls.MakeCheckpoint
) -> calls.Accepted:
    """Names the present state of the document; a name that is there already moves to this state."""
    session = services.sessions.get(params.session)
    session.check_writable()
    return calls.Accepted(seq=await session.append([events.CheckpointMade(name=params.checkpoint)], connection.name))


@method("notebook.diff", "read", "session", raises=OF_SESSION, example={"since": 16})
async def notebook_diff(
    services: Services, connection: Connection, params: notebook_calls.DiffNotebook
) -> notebook_calls.NotebookDiff:
    """How two states of the document differ, cell by cell."""
    history = _history(services, params.session)
    hidden = connection.hidden(history.session)
    async with connection.heavy():
        until = await history.seq_of(params.until, None, None, hidden)
        old, new = await history.state(params.since, hidden), await history.state(until)
        changes = await services.world.aside(lambda: merge.diff(old, new))
    return notebook_calls.NotebookDiff(
        since=params.since, until=until, cells=list(changes), metadata_changed=old.metadata != new.metadata
    )


@method("notebook.restore", "write", "session", raises=OF_DOCUMENT, example={"checkpoint": "first"})
async def notebook_restore(
    services: Services, connection: Connection, params: notebook_calls.RestoreNotebook
) -> calls.Accepted:
    """Restores an earlier state of the document, or one cell of it, as changes of the present one: the history stays whole."""
    session = services.sessions.get(params.session)
    history = _history(services, params.session)
    async with connection.heavy():
        seq = await history.seq_of(params.seq, params.time, params.checkpoint, connection.hidden(session))
        document = await history.state(seq)
        file = services.documents.of(session).file
        return calls.Accepted(seq=await file.become(document, connection.name, cell=params.cell))
