"""The methods `cell.*`: the document as events."""

from __future__ import annotations

from msgspec import UNSET, Raw, UnsetType

from webipy.core import errors
from webipy.core.api import calls, cell_calls
from webipy.core.events import events
from webipy.core.events.cell_text import MAX_SOURCE_UNITS
from webipy.core.events.events import AnyEvent
from webipy.core.ipynb import merge
from webipy.core.kernel import wire
from webipy.core.session.notebook import Cell, inserted, replace_all
from webipy.server.methods.failures import OF_CHANGE, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.sessions.session import Session, execution_record

MAX_METADATA_BYTES = 16 * 1024 * 1024
"""Of one cell, with its attachments, or of a notebook."""

METHODS = Methods()
method = METHODS.method


def _writable(services: Services, session: str) -> Session:
    found = services.sessions.get(session)
    found.check_writable()
    return found


async def _accepted(
    session: Session, connection: Connection, cell: str, new: list[AnyEvent]
) -> cell_calls.CellAccepted:
    seq = await session.append(new, connection.name)
    version = session.notebook.get(cell).version if session.notebook.has(cell) else 0
    return cell_calls.CellAccepted(cell=cell, seq=seq, version=version)


def clean_map(value: Raw | UnsetType, field: str) -> Raw | UnsetType:
    """Checks a parameter that is a JSON map of at most `MAX_METADATA_BYTES`, and cleans it for an event.

    Args:
        value: The parameter, JSON; `UNSET` when it is not given.
        field: Its name, for messages.

    Raises:
        errors.InvalidParams: It is no JSON map.
        errors.TooLarge: It is larger.
    """
    if isinstance(value, UnsetType):
        return value
    if len(bytes(value)) > MAX_METADATA_BYTES:
        raise errors.TooLarge(f"{field} holds at most {MAX_METADATA_BYTES} bytes.", limit_bytes=MAX_METADATA_BYTES)
    try:
        clean = wire.clean_content(bytes(value))
    except wire.Malformed as fault:
        raise errors.InvalidParams(f"{field}: {fault}.", field=field) from None
    if not clean.lstrip().startswith(b"{"):
        raise errors.InvalidParams(f"{field} is a JSON map.", field=field)
    return Raw(clean)


@method("cell.list", "read", "session", raises=OF_SESSION)
async def cell_list(services: Services, connection: Connection, params: calls.OfSession) -> cell_calls.CellList:
    """The cells in their order."""
    session = services.sessions.get(params.session)
    async with connection.heavy():
        return cell_calls.CellList(seq=session.seq, cells=[_as_result(cell) for cell in session.notebook.cells()])


def _as_result(cell: Cell) -> cell_calls.Cell:
    return cell_calls.Cell(
        id=cell.id,
        cell_type=cell.cell_type,
        source=cell.source,
        version=cell.version,
        is_stale=cell.is_stale,
        execution=cell.execution,
        metadata=Raw(cell.metadata),
        attachments=Raw(cell.attachments) if cell.attachments is not None else UNSET,
    )


@method(
    "cell.insert",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.TooLarge),
    example={"after": "c1", "source": "y = x", "id": "c5"},
)
async def cell_insert(
    services: Services, connection: Connection, params: cell_calls.InsertCell
) -> cell_calls.CellAccepted:
    """Inserts a cell. With an id that exists already nothing changes, so two tabs may both make the first cell."""
    session = _writable(services, params.session)
    cell = params.id or services.world.new_id()
    if session.notebook.has(cell):
        return await _accepted(session, connection, cell, [])
    session.notebook.check_place(params.after)
    if len(params.source.encode("utf-16-le")) // 2 > MAX_SOURCE_UNITS:
        raise errors.TooLarge(
            f"The source of a cell holds at most {MAX_SOURCE_UNITS} UTF-16 units.", limit=MAX_SOURCE_UNITS
        )
    event = events.CellInserted(
        cell=cell,
        after=params.after,
        cell_type=params.cell_type,
        source=params.source,
        metadata=clean_map(params.metadata, "metadata"),
        attachments=clean_map(params.attachments, "attachments"),
    )
    return await _accepted(session, connection, cell, [event])


@method("cell.delete", "write", "session", raises=OF_CHANGE, example={"cell": "c3"})
async def cell_delete(services: Services, connection: Connection, params: cell_calls.OfCell) -> cell_calls.CellAccepted:
    """Deletes a cell. Its execution goes on."""
    session = _writable(services, params.session)
    session.notebook.get(params.cell)
    return await _accepted(session, connection, params.cell, [events.CellDeleted(cell=params.cell)])


@method("cell.restore", "write", "session", raises=(*OF_CHANGE, errors.TooLarge), example={"cell": "c4"})
async def cell_restore(
    services: Services, connection: Connection, params: cell_calls.OfCell
) -> cell_calls.CellAccepted:
    """Restores one of the cells that were deleted last, with its outputs, at its former place."""
    session = _writable(services, params.session)
    if session.notebook.has(params.cell):
        return await _accepted(session, connection, params.cell, [])
    gone = session.notebook.deleted.get(params.cell)
    if gone is None or gone.seq <= connection.hidden(session):
        raise errors.NotFound(
            f"Cell {params.cell!r} is not among the last that were deleted; notebook.at shows earlier states.",
            kind="cell",
            id=params.cell,
        )
    shown: list[AnyEvent] = []
    if gone.cell.execution is not None:
        run = await execution_record(session, gone.cell.execution)
        shown = [await services.world.aside(lambda: run.as_set(params.cell, gone.cell.ran_version))]
    elif gone.cell.has_outputs_set:
        before = await services.documents.of(session).history.state(gone.seq - 1)
        shown = [merge.outputs_set(cell, gone.cell.ran_version) for cell in before.cells if cell.id == params.cell]
    if session.notebook.has(params.cell):
        return await _accepted(session, connection, params.cell, [])
    session.notebook.check_place(None)
    after = gone.after if gone.after is None or session.notebook.has(gone.after) else session.notebook.last()
    return await _accepted(session, connection, params.cell, [inserted(gone.cell, after), *shown])


@method(
    "cell.split",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.StaleVersion, errors.TooLarge),
    example={"cell": "c1", "version": 0, "at": 10, "id": "c5"},
)
async def cell_split(
    services: Services, connection: Connection, params: cell_calls.SplitCell
) -> cell_calls.CellAccepted:
    """Splits a cell in two; the answer names the new one, which stands after the other. One line end at the border is removed."""
    session = _writable(services, params.session)
    new_cell = params.id or services.world.new_id()
    if session.notebook.has(new_cell):
        return await _accepted(session, connection, new_cell, [])
    cell = session.notebook.get(params.cell)
    units = cell.source.encode("utf-16-le", "surrogatepass")
    if params.at > len(units) // 2:
        raise errors.InvalidParams(f"The source has {len(units) // 2} UTF-16 units.", field="at")
    try:
        head, tail = units[: 2 * params.at].decode("utf-16-le"), units[2 * params.at :].decode("utf-16-le")
    except UnicodeDecodeError:
        raise errors.InvalidParams("at splits a character in two.", field="at") from None
    changes = replace_all(cell.source, head.removesuffix("\n"))
    session.notebook.check_edit(params.cell, params.version, [changes])
    session.notebook.check_place(params.cell)
    new: list[AnyEvent] = [
        events.CellEdited(cell=params.cell, version=params.version + 1, changes=changes),
        events.CellInserted(cell=new_cell, after=params.cell, cell_type=cell.cell_type, source=tail.removeprefix("\n")),
    ]
    return await _accepted(session, connection, new_cell, new)


@method(
    "cell.merge",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.StaleVersion, errors.TooLarge),
    example={"cells": ["c1", "c3"]},
)
async def cell_merge(
    services: Services, connection: Connection, params: cell_calls.MergeCells
) -> cell_calls.CellAccepted:
    """Joins cells into the first of them."""
    session = _writable(services, params.session)
    wanted = set(params.cells)
    for cell in params.cells:
        session.notebook.get(cell)
    first, *others = (cell for cell in session.notebook.cells() if cell.id in wanted)
    if not others:
        raise errors.InvalidParams("Two or more different cells are needed.", field="cells")
    for other in others:
        if other.attachments not in (None, b"{}"):
            raise errors.InvalidParams(f"Cell {other.id} has attachments, which a merge would lose.", field="cells")
    joined = "\n\n".join(cell.source for cell in (first, *others) if cell.source)
    changes = replace_all(first.source, joined)
    session.notebook.check_edit(first.id, first.version, [changes])
    new: list[AnyEvent] = [events.CellEdited(cell=first.id, version=first.version + 1, changes=changes)]
    return await _accepted(session, connection, first.id, [*new, *(events.CellDeleted(cell=c.id) for c in others)])


@method(
    "cell.set_metadata",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.TooLarge),
    example={"cell": "c1", "metadata": {"tags": ["parameters"]}},
)
async def cell_set_metadata(
    services: Services, connection: Connection, params: cell_calls.SetCellMetadata
) -> cell_calls.CellAccepted:
    """Replaces the metadata of a cell."""
    session = _writable(services, params.session)
    session.notebook.get(params.cell)
    metadata = clean_map(params.metadata, "metadata")
    assert isinstance(metadata, Raw)
    return await _accepted(
        session, connection, params.cell, [events.CellMetadataSet(cell=params.cell, metadata=metadata)]
    )


@method("cell.move", "write", "session", raises=OF_CHANGE, example={"cell": "c3", "after": "c1"})
async def cell_move(services: Services, connection: Connection, params: cell_calls.MoveCell) -> cell_calls.CellAccepted:
    """Moves a cell to stand after another."""
    session = _writable(services, params.session)
    session.notebook.get(params.cell)
    if params.after is not None:
        session.notebook.get(params.after)
    if params.after == params.cell:
        raise errors.InvalidParams("A cell cannot stand after itself.", field="after")
    return await _accepted(session, connection, params.cell, [events.CellMoved(cell=params.cell, after=params.after)])


@method(
    "cell.edit",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.StaleVersion, errors.TooLarge),
    example={"cell": "c1", "version": 0, "changes": [[18, [0, "", "print(-x)"]]]},
)
async def cell_edit(services: Services, connection: Connection, params: cell_calls.EditCell) -> cell_calls.CellAccepted:
    """Changes the source by CodeMirror change sets on top of a version; `stale_version` has the version to rebase on."""
    session = _writable(services, params.session)
    session.notebook.check_edit(params.cell, params.version, params.changes)
    new: list[AnyEvent] = [
        events.CellEdited(cell=params.cell, version=version, changes=changes, client=params.client)
        for version, changes in enumerate(params.changes, params.version + 1)
    ]
    return await _accepted(session, connection, params.cell, new)


@method(
    "cell.set_source",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.StaleVersion, errors.TooLarge),
    example={"cell": "c1", "source": "x = 6"},
)
async def cell_set_source(
    services: Services, connection: Connection, params: cell_calls.SetSource
) -> cell_calls.CellAccepted:
    """Replaces the source; in the journal it is the change from the old one."""
    session = _writable(services, params.session)
    cell = session.notebook.get(params.cell)
    version = cell.version if params.version is None else params.version
    changes = replace_all(cell.source, params.source)
    session.notebook.check_edit(params.cell, version, [changes] if version == cell.version else [])
    if params.source == cell.source:
        return await _accepted(session, connection, params.cell, [])
    return await _accepted(
        session, connection, params.cell, [events.CellEdited(cell=params.cell, version=version + 1, changes=changes)]
    )


@method("cell.set_type", "write", "session", raises=OF_CHANGE, example={"cell": "c3", "cell_type": "markdown"})
async def cell_set_type(
    services: Services, connection: Connection, params: cell_calls.SetCellType
) -> cell_calls.CellAccepted:
    """Makes a cell code, markdown or raw."""
    session = _writable(services, params.session)
    same = session.notebook.get(params.cell).cell_type == params.cell_type
    return await _accepted(
        session,
        connection,
        params.cell,
        [] if same else [events.CellTypeSet(cell=params.cell, cell_type=params.cell_type)],
    )


@method("cell.clear_outputs", "write", "session", raises=OF_CHANGE, example={"cell": "c1"})
async def cell_clear_outputs(
    services: Services, connection: Connection, params: cell_calls.ClearOutputs
) -> calls.Accepted:
    """Clears the outputs of one cell, or of all. They stay in the journal."""
    session = _writable(services, params.session)
    if params.cell is not None:
        session.notebook.get(params.cell)
    return calls.Accepted(seq=await session.append([events.CellOutputsCleared(cell=params.cell)], connection.name))
