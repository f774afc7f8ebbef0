"""The methods `cell.*`: the document as events."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core import errors
from webipy.core.api import calls, cell_calls
from webipy.core.events import events
from webipy.core.events.cell_text import MAX_SOURCE_UNITS
from webipy.core.events.events import AnyEvent
from webipy.core.ipynb import blob_folding, merge, normal_form
from webipy.core.ipynb.attachments import united
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.kernel import wire
from webipy.core.kernel.blobs import Blob
from webipy.core.session.notebook import Cell, Cleared, attached, inserted, replace_all
from webipy.server.methods.failures import OF_CHANGE, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.notebooks.large_values import copy_values, store_blobs
from webipy.server.sessions.session import Session, execution_record

MAX_METADATA_BYTES = 16 * 1024 * 1024
"""Of one cell, with its attachments, or of a notebook."""

NEVER = -1
"""A version that no source has: outputs of it came from another source than the one now."""

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
    version = session.state.notebook.get(cell).version if session.state.notebook.has(cell) else 0
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
        raise errors.TooLarge(f"{field} may have at most {MAX_METADATA_BYTES} bytes.", limit_bytes=MAX_METADATA_BYTES)
    try:
        clean = wire.clean_content(bytes(value))
    except wire.Malformed as fault:
        raise errors.InvalidParams(f"{field}: {fault}.", field=field) from None
    if not clean.lstrip().startswith(b"{"):
        raise errors.InvalidParams(f"{field} is a JSON map.", field=field)
    return Raw(clean)


@attrs.define
class ShownBefore:
    """Outputs that cells of a session showed, to be shown once more. An earlier state of the document serves all cells asked for in a row."""

    services: Services
    session: Session
    _seq: int | None = None
    _cells: dict[str, DocumentCell] = attrs.field(factory=dict)
    """The cells as they were at `_seq`."""

    async def under(self, cell: str, shown: Cell | Cleared, seq: int) -> list[events.CellOutputsSet]:
        """The event that puts outputs under a cell once more, if there are any.

        Args:
            cell: Id of the cell.
            shown: What it showed: the outputs of an execution, or those that came with the document.
            seq: Seq of an event at which it showed that.
        """
        if shown.execution is not None:
            run = await execution_record(self.session, shown.execution)
            return [await self.services.world.aside(lambda: run.as_set(cell, shown.ran_version))]
        if not shown.has_outputs_set:
            return []
        if seq != self._seq:
            before = await self.services.documents.of(self.session).history.state(seq)
            self._seq, self._cells = seq, {one.id: one for one in before.cells}
        found = self._cells.get(cell)
        return [] if found is None else [merge.outputs_set(found, shown.ran_version)]


@method("cell.list", "read", "session", raises=OF_SESSION)
async def cell_list(services: Services, connection: Connection, params: calls.OfSession) -> cell_calls.CellList:
    """The cells in their order."""
    session = services.sessions.get(params.session)
    async with connection.heavy():
        found = cell_calls.CellList(
            seq=session.seq, cells=[_as_result(cell) for cell in session.state.notebook.cells()]
        )
    await session.until_written(found.seq)  # what a fault could still undo is shown to nobody
    return found


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
    beyond=("outputs_from",),
    paths={"outputs_from": "session"},
    raises=(*OF_CHANGE, errors.TooLarge),
    example={"after": "c1", "source": "y = x", "id": "c5"},
)
async def cell_insert(
    services: Services, connection: Connection, params: cell_calls.InsertCell
) -> cell_calls.CellAccepted:
    """Inserts a cell. With an id that exists already nothing changes, so two tabs may both make the first cell."""
    session = _writable(services, params.session)
    cell = params.id or services.world.new_id()
    if session.state.notebook.has(cell):
        return await _accepted(session, connection, cell, [])
    session.state.notebook.check_place(params.after)
    if len(params.source.encode("utf-16-le")) // 2 > MAX_SOURCE_UNITS:
        raise errors.TooLarge(
            f"The source of a cell holds at most {MAX_SOURCE_UNITS} UTF-16 units.", limit=MAX_SOURCE_UNITS
        )
    copied = await _copied(services, connection, session, params, cell)
    if session.state.notebook.has(cell):  # somebody may have inserted it, or deleted its neighbour, meanwhile
        return await _accepted(session, connection, cell, [])
    session.state.notebook.check_place(params.after)
    event = events.CellInserted(
        cell=cell,
        after=params.after,
        cell_type=params.cell_type,
        source=params.source,
        metadata=clean_map(params.metadata, "metadata"),
        attachments=clean_map(params.attachments, "attachments"),
    )
    return await _accepted(session, connection, cell, [event, *copied])


async def _copied(
    services: Services, connection: Connection, session: Session, params: cell_calls.InsertCell, cell: str
) -> list[AnyEvent]:
    """The event that puts the outputs of another cell under a new one, with source version 0."""
    of = params.outputs_of
    source = next((one for one in services.sessions.all() if one.id == (params.outputs_from or session.id)), None)
    if of is None or source is None or params.cell_type != "code":
        return []
    notebook = source.state.notebook
    gone = notebook.deleted.get(of)
    if notebook.has(of):
        shown, seq = notebook.get(of), source.written
    elif gone is not None and gone.seq > connection.hidden(source):
        shown, seq = gone.cell, gone.seq - 1
    else:
        return []
    version = 0 if shown.ran_version == shown.version and shown.source == params.source else NEVER
    found = await ShownBefore(services, source).under(of, shown, seq)
    if source is not session:
        await copy_values(session, [output for one in found for output in one.outputs], source)
    return [msgspec.structs.replace(one, cell=cell, version=version) for one in found]


@method("cell.delete", "write", "session", raises=OF_CHANGE, example={"cell": "c3"})
async def cell_delete(services: Services, connection: Connection, params: cell_calls.OfCell) -> cell_calls.CellAccepted:
    """Deletes a cell. Its execution goes on."""
    session = _writable(services, params.session)
    session.state.notebook.get(params.cell)
    return await _accepted(session, connection, params.cell, [events.CellDeleted(cell=params.cell)])


@method("cell.restore", "write", "session", raises=(*OF_CHANGE, errors.TooLarge), example={"cell": "c4"})
async def cell_restore(
    services: Services, connection: Connection, params: cell_calls.OfCell
) -> cell_calls.CellAccepted:
    """Restores one of the cells that were deleted last, with its outputs, at its former place."""
    session = _writable(services, params.session)
    if session.state.notebook.has(params.cell):
        return await _accepted(session, connection, params.cell, [])
    gone = session.state.notebook.deleted.get(params.cell)
    if gone is None or gone.seq <= connection.hidden(session):
        raise errors.NotFound(
            f"Cell {params.cell!r} is not among the last that were deleted; History shows earlier states.",
            kind="cell",
            id=params.cell,
        )
    shown = await ShownBefore(services, session).under(params.cell, gone.cell, gone.seq - 1)
    if session.state.notebook.has(params.cell):
        return await _accepted(session, connection, params.cell, [])
    session.state.notebook.check_place(None)
    after = (
        gone.after if gone.after is None or session.state.notebook.has(gone.after) else session.state.notebook.last()
    )
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
    """Splits a cell in two; the answer names the new one, which stands after the other. One line end at the border is removed.

    The outputs stay with the first half; both have the attachments.
    """
    session = _writable(services, params.session)
    new_cell = params.id or services.world.new_id()
    if session.state.notebook.has(new_cell):
        return await _accepted(session, connection, new_cell, [])
    cell = session.state.notebook.get(params.cell)
    units = cell.source.encode("utf-16-le", "surrogatepass")
    if params.at > len(units) // 2:
        raise errors.InvalidParams(f"The source has {len(units) // 2} UTF-16 units.", field="at")
    try:
        head, tail = units[: 2 * params.at].decode("utf-16-le"), units[2 * params.at :].decode("utf-16-le")
    except UnicodeDecodeError:
        raise errors.InvalidParams("at splits a character in two.", field="at") from None
    changes = replace_all(cell.source, re.sub(r"\r?\n\Z", "", head))
    session.state.notebook.check_edit(params.cell, params.version, [changes])
    session.state.notebook.check_place(params.cell)
    new: list[AnyEvent] = [
        events.CellEdited(cell=params.cell, version=params.version + 1, changes=changes),
        events.CellInserted(
            cell=new_cell,
            after=params.cell,
            cell_type=cell.cell_type,
            source=re.sub(r"\A\r?\n", "", tail),
            attachments=attached(cell.attachments),
        ),
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
    """Joins cells into the first of them, with their outputs and attachments. An attachment whose name is taken by another one gets a new name."""
    session = _writable(services, params.session)
    shown = await _joined_outputs(services, session, _to_merge(session, params.cells))
    first, *others = _to_merge(session, params.cells)  # somebody may have changed or deleted some meanwhile
    sources, attachments = united([(cell.source, cell.attachments) for cell in (first, *others)])
    changes = replace_all(first.source, "\n\n".join(source for source in sources if source))
    session.state.notebook.check_edit(first.id, first.version, [changes])
    new: list[AnyEvent] = [events.CellEdited(cell=first.id, version=first.version + 1, changes=changes)]
    if attachments is not None and attachments != first.attachments:
        joined = clean_map(Raw(attachments), "The attachments of the joined cell")
        new.append(events.CellAttachmentsSet(cell=first.id, attachments=joined))
    gone = [events.CellDeleted(cell=cell.id) for cell in others]
    return await _accepted(session, connection, first.id, [*new, *shown, *gone])


def _to_merge(session: Session, ids: list[str]) -> list[Cell]:
    """The cells of these ids in the order of the document.

    Raises:
        errors.NotFound: One of them is not there.
        errors.InvalidParams: They are fewer than two.
    """
    wanted = {session.state.notebook.get(cell).id for cell in ids}
    if len(wanted) < 2:
        raise errors.InvalidParams("Two or more different cells are needed.", field="cells")
    return [cell for cell in session.state.notebook.cells() if cell.id in wanted]


async def _joined_outputs(services: Services, session: Session, cells: list[Cell]) -> list[AnyEvent]:
    """The events that put the outputs of all of these cells under the first; none when only the first has any, or one of them runs."""
    first, *others = cells
    if first.cell_type != "code" or not any(cell.execution or cell.has_outputs_set for cell in others):
        return []
    ran = [(cell.execution, cell.has_outputs_set) for cell in cells]
    before, seq = ShownBefore(services, session), session.written
    found = [one for cell in cells for one in await before.under(cell.id, cell, seq)]
    if any(session.state.notebook.is_running(cell.id) for cell in cells):
        return []
    if ran != [(cell.execution, cell.has_outputs_set) for cell in cells]:
        return []
    outputs = [output for one in found for output in one.outputs]
    count = next((one.execution_count for one in reversed(found) if one.execution_count is not None), None)
    shown = events.CellOutputsSet(cell=first.id, outputs=outputs, execution_count=count, version=NEVER)
    return [events.CellOutputsCleared(cell=first.id), shown]


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
    session.state.notebook.get(params.cell)
    metadata = clean_map(params.metadata, "metadata")
    assert isinstance(metadata, Raw)
    return await _accepted(
        session, connection, params.cell, [events.CellMetadataSet(cell=params.cell, metadata=metadata)]
    )


@method(
    "cell.set_attachments",
    "write",
    "session",
    raises=(*OF_CHANGE, errors.TooLarge),
    example={"cell": "c3", "attachments": {"dot.png": {"image/png": "iVBORw0KGgo="}}},
)
async def cell_set_attachments(
    services: Services, connection: Connection, params: cell_calls.SetAttachments
) -> cell_calls.CellAccepted:
    """Replaces the attachments of a cell: the files that its text shows as `attachment:NAME`."""
    session = _writable(services, params.session)
    session.state.notebook.get(params.cell)
    attachments = clean_map(params.attachments, "attachments")
    assert isinstance(attachments, Raw)
    event = events.CellAttachmentsSet(
        cell=params.cell, attachments=attachments if bytes(attachments) != b"{}" else UNSET
    )
    return await _accepted(session, connection, params.cell, [event])


@method("cell.move", "write", "session", raises=OF_CHANGE, example={"cell": "c3", "after": "c1"})
async def cell_move(services: Services, connection: Connection, params: cell_calls.MoveCell) -> cell_calls.CellAccepted:
    """Moves a cell to stand after another."""
    session = _writable(services, params.session)
    session.state.notebook.get(params.cell)
    if params.after is not None:
        session.state.notebook.get(params.after)
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
    session.state.notebook.check_edit(params.cell, params.version, params.changes)
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
    cell = session.state.notebook.get(params.cell)
    version = cell.version if params.version is None else params.version
    changes = replace_all(cell.source, params.source)
    session.state.notebook.check_edit(params.cell, version, [changes] if version == cell.version else [])
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
    same = session.state.notebook.get(params.cell).cell_type == params.cell_type
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
        session.state.notebook.get(params.cell)
    return calls.Accepted(seq=await session.append([events.CellOutputsCleared(cell=params.cell)], connection.name))


@method(
    "cell.set_outputs",
    "execute",
    "session",
    raises=(*OF_CHANGE, errors.InvalidNotebook, errors.TooLarge),
    example={
        "cell": "c1",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "5\n"}],
        "execution_count": 1,
    },
)
async def cell_set_outputs(
    services: Services, connection: Connection, params: cell_calls.SetOutputs
) -> cell_calls.CellAccepted:
    """Puts outputs under a cell that came from elsewhere, in place of what it shows. What a kernel here prints comes under its cell by itself."""
    session = _writable(services, params.session)
    if session.state.notebook.get(params.cell).cell_type != "code":
        raise errors.InvalidParams("Only a code cell has outputs.", field="cell")
    made, blobs = await services.world.aside(lambda: _made(params))
    await store_blobs(session, blobs)
    session.state.notebook.get(params.cell)  # somebody may have deleted it meanwhile
    return await _accepted(session, connection, params.cell, [merge.outputs_set(made)])


def _made(params: cell_calls.SetOutputs) -> tuple[DocumentCell, Mapping[str, Blob]]:
    """A cell with given outputs in normal form, and their large values."""
    outputs = tuple(normal_form.output(raw, f"outputs.{place}") for place, raw in enumerate(params.outputs))
    cell = DocumentCell(params.cell, "code", "", outputs=outputs, execution_count=params.execution_count)
    document, blobs = blob_folding.from_file(Document((cell,)), {})
    return document.cells[0], blobs


@method("cell.restore_outputs", "write", "session", raises=OF_CHANGE, example={"cells": ["c1"]})
async def cell_restore_outputs(
    services: Services, connection: Connection, params: cell_calls.RestoreOutputs
) -> calls.Accepted:
    """Shows the outputs again that were cleared last under cells."""
    session = _writable(services, params.session)
    cells = [cell for cell in dict.fromkeys(params.cells) if cell not in session.state.notebook.deleted]
    for cell in cells:
        session.state.notebook.get(cell)
    known, hidden = session.state.notebook.cleared, connection.hidden(session)
    wanted = [(known[cell], cell) for cell in cells if cell in known and known[cell].seq > hidden]
    shown: list[events.CellOutputsSet] = []
    before = ShownBefore(services, session)
    for cleared, cell in sorted(wanted, key=lambda one: one[0].seq):
        if not _ran(session, cell):
            shown += await before.under(cell, cleared, cleared.seq - 1)
    kept: list[AnyEvent] = [one for one in shown if not _ran(session, one.cell)]
    return calls.Accepted(seq=await session.append(kept, connection.name) if kept else session.seq)


def _ran(session: Session, cell: str) -> bool:
    """Whether a cell is gone, or shows an execution."""
    return not session.state.notebook.has(cell) or session.state.notebook.get(cell).execution is not None
