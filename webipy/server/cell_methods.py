"""The methods `cell.*`: the document as events."""

from __future__ import annotations

from webipy.core import calls, errors, events
from webipy.core.events import AnyEvent
from webipy.core.notebook import MAX_SOURCE_UNITS, replace_all
from webipy.server.method import Caller, House, Methods
from webipy.server.session import Session

METHODS = Methods()
method = METHODS.method


def _writable(house: House, session: str) -> Session:
    found = house.sessions.get(session)
    found.check_writable()
    return found


async def _accepted(session: Session, caller: Caller, cell: str, new: list[AnyEvent]) -> calls.CellAccepted:
    seq = await session.append(new, caller.name)
    version = session.notebook.get(cell).version if session.notebook.has(cell) else 0
    return calls.CellAccepted(cell=cell, seq=seq, version=version)


@method("cell.list", "read")
async def cell_list(house: House, caller: Caller, params: calls.OfSession) -> calls.CellList:
    """The cells in their order."""
    session = house.sessions.get(params.session)
    cells = [
        calls.Cell(id=c.id, cell_type=c.cell_type, source=c.source, version=c.version) for c in session.notebook.cells()
    ]
    return calls.CellList(seq=session.seq, cells=cells)


@method("cell.insert", "write")
async def cell_insert(house: House, caller: Caller, params: calls.InsertCell) -> calls.CellAccepted:
    """Inserts a cell. With an id that exists already nothing changes, so two tabs may both make the first cell."""
    session = _writable(house, params.session)
    cell = params.id or house.world.new_id()
    if session.notebook.has(cell):
        return await _accepted(session, caller, cell, [])
    session.notebook.check_place(params.after)
    if len(params.source.encode("utf-16-le")) // 2 > MAX_SOURCE_UNITS:
        raise errors.TooLarge(
            f"The source of a cell holds at most {MAX_SOURCE_UNITS} UTF-16 units.", limit=MAX_SOURCE_UNITS
        )
    event = events.CellInserted(cell=cell, after=params.after, cell_type=params.cell_type, source=params.source)
    return await _accepted(session, caller, cell, [event])


@method("cell.delete", "write")
async def cell_delete(house: House, caller: Caller, params: calls.OfCell) -> calls.CellAccepted:
    """Deletes a cell. What it runs goes on."""
    session = _writable(house, params.session)
    session.notebook.get(params.cell)
    return await _accepted(session, caller, params.cell, [events.CellDeleted(cell=params.cell)])


@method("cell.move", "write")
async def cell_move(house: House, caller: Caller, params: calls.MoveCell) -> calls.CellAccepted:
    """Moves a cell to stand after another."""
    session = _writable(house, params.session)
    session.notebook.get(params.cell)
    if params.after is not None:
        session.notebook.get(params.after)
    if params.after == params.cell:
        raise errors.InvalidParams("A cell cannot stand after itself.", field="after")
    return await _accepted(session, caller, params.cell, [events.CellMoved(cell=params.cell, after=params.after)])


@method("cell.edit", "write")
async def cell_edit(house: House, caller: Caller, params: calls.EditCell) -> calls.CellAccepted:
    """Changes the source by CodeMirror change sets on top of a version; `stale_version` tells the one to rebase on."""
    session = _writable(house, params.session)
    session.notebook.check_edit(params.cell, params.version, params.changes)
    new: list[AnyEvent] = [
        events.CellEdited(cell=params.cell, version=version, changes=changes, client=params.client)
        for version, changes in enumerate(params.changes, params.version + 1)
    ]
    return await _accepted(session, caller, params.cell, new)


@method("cell.set_source", "write")
async def cell_set_source(house: House, caller: Caller, params: calls.SetSource) -> calls.CellAccepted:
    """Replaces the source; in the journal it is the change from the old one."""
    session = _writable(house, params.session)
    cell = session.notebook.get(params.cell)
    version = cell.version if params.version is None else params.version
    changes = replace_all(cell.source, params.source)
    session.notebook.check_edit(params.cell, version, [changes] if version == cell.version else [])
    if params.source == cell.source:
        return await _accepted(session, caller, params.cell, [])
    return await _accepted(
        session, caller, params.cell, [events.CellEdited(cell=params.cell, version=version + 1, changes=changes)]
    )


@method("cell.set_type", "write")
async def cell_set_type(house: House, caller: Caller, params: calls.SetCellType) -> calls.CellAccepted:
    """Makes a cell code, markdown or raw."""
    session = _writable(house, params.session)
    same = session.notebook.get(params.cell).cell_type == params.cell_type
    return await _accepted(
        session, caller, params.cell, [] if same else [events.CellTypeSet(cell=params.cell, cell_type=params.cell_type)]
    )


@method("cell.clear_outputs", "write")
async def cell_clear_outputs(house: House, caller: Caller, params: calls.ClearOutputs) -> calls.Accepted:
    """Puts the outputs of one cell, or of all, away. They stay in the journal."""
    session = _writable(house, params.session)
    if params.cell is not None:
        session.notebook.get(params.cell)
    return calls.Accepted(seq=await session.append([events.CellOutputsCleared(cell=params.cell)], caller.name))
