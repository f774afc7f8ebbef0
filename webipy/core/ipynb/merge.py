"""Documents compared: what changed, the events that change it, and two changes of one document made into one.

    diff(old, new)              what differs, cell by cell, for a person
    changes(old, new, versions) the events that make `new` of a session whose document is `old`
    merge(origin, ours, theirs) both sides' changes since `origin` in one document, and what does not go together

Cells are the same when their ids are. The merge is done in parts: source and type of a cell are one, its outputs and execution count
another, each name of its metadata and its attachments are others. A part that only one side changed is taken from
there; one that both changed to the same is that; one that both changed differently is a conflict, and stays as in `ours`. A cell that one
side deleted and the other changed is a conflict, and stays.

Order: a cell that one side moved or inserted stands after the one it stands after there; runs of cells from the two
sides follow each other and never mix.

Laws: `merge(x, x, y) == merge(x, y, x) == y`; without conflicts the sides may be exchanged; a cell of `ours` or `theirs`
that is in no conflict and not in the result was deleted by a side, and the other side had left it as it was.

Rejected: merging the lines of one source (what two people meant in one cell is for them to say).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw

from webipy.core.api.notebook_calls import CellChange
from webipy.core.events import events
from webipy.core.events.events import AnyEvent, CellType
from webipy.core.ipynb import json_source
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.session.cell_order import merged_order, moved
from webipy.core.session.notebook import NO_METADATA, attached, replace_all

_T = TypeVar("_T")

_WIDGETS = "widgets"
"""The state of widgets in the metadata of a notebook: nobody writes it by hand, so ours, which is that of the running kernel, is no conflict."""


class Merged(msgspec.Struct, frozen=True):
    """Two changes of one document, made into one.

    Args:
        document: The result; what does not go together is as in ours.
        conflicts: The cells in which something does not go together.
        metadata_conflicts: The names in the notebook's metadata that both sides changed differently.
    """

    document: Document
    conflicts: list[str]
    metadata_conflicts: list[str]


# ---- what differs


def diff(old: Document, new: Document) -> list[CellChange]:
    """Lists the cells that differ, for a person.

    Args:
        old: The document before.
        new: The document after.

    Returns:
        Changes in the order of `new`; removed cells where they stood.
    """
    before = {cell.id: cell for cell in old.cells}
    after = {cell.id: cell for cell in new.cells}
    shifted = moved([cell.id for cell in old.cells], [cell.id for cell in new.cells])
    removed: dict[str | None, list[CellChange]] = {}
    last: str | None = None
    for cell in old.cells:
        if cell.id in after:
            last = cell.id
        else:
            gone = CellChange(cell=cell.id, change="removed", cell_type=cell.cell_type, before=cell.source)
            removed.setdefault(last, []).append(gone)
    found = list(removed.get(None, ()))
    for cell in new.cells:
        change = _change(before.get(cell.id), cell, cell.id in shifted)
        if change is not None:
            found.append(change)
        found += removed.get(cell.id, ())
    return found


def _change(old: DocumentCell | None, new: DocumentCell, is_moved: bool) -> CellChange | None:
    if old is None:
        return CellChange(cell=new.id, change="added", cell_type=new.cell_type, after=new.source)
    if old == new and not is_moved:
        return None
    return CellChange(
        cell=new.id,
        change="moved" if old == new else "changed",
        cell_type=new.cell_type,
        before=old.source,
        after=new.source,
        outputs_changed=_run(old) != _run(new),
        metadata_changed=(old.metadata, old.attachments) != (new.metadata, new.attachments),
    )


def _text(cell: DocumentCell) -> tuple[CellType, str]:
    return cell.cell_type, cell.source


def _attached(cell: DocumentCell) -> tuple[bytes | None]:
    return (cell.attachments,)


def _run(cell: DocumentCell) -> tuple[tuple[bytes, ...], int | None]:
    return cell.outputs, cell.execution_count


# ---- the events that change it


def changes(old: Document, new: Document, versions: Mapping[str, int]) -> list[AnyEvent]:
    """The events that turn a session's document from `old` into `new`.

    Args:
        old: The document of the session.
        new: The document that it is to become.
        versions: That of the source of each cell of `old`, and of deleted ones that may come back; 0 for all others.
    """
    before = {cell.id: cell for cell in old.cells}
    after = {cell.id for cell in new.cells}
    made: list[AnyEvent] = [events.CellDeleted(cell=cell.id) for cell in old.cells if cell.id not in after]
    shifted = moved([cell.id for cell in old.cells], [cell.id for cell in new.cells])
    last: str | None = None
    for cell in new.cells:
        known = before.get(cell.id)
        if known is None:
            made += _inserted(cell, last, versions.get(cell.id, 0))
        else:
            if cell.id in shifted:
                made.append(events.CellMoved(cell=cell.id, after=last))
            made += _edited(known, cell, versions.get(cell.id, 0))
        last = cell.id
    if old.metadata != new.metadata:
        made.append(events.NotebookMetadataSet(metadata=Raw(new.metadata)))
    return made


def _inserted(cell: DocumentCell, after: str | None, version: int) -> Iterable[AnyEvent]:
    yield events.CellInserted(
        cell=cell.id,
        after=after,
        cell_type=cell.cell_type,
        source=cell.source,
        version=version,
        metadata=Raw(cell.metadata) if cell.metadata != NO_METADATA else UNSET,
        attachments=attached(cell.attachments),
    )
    if cell.outputs or cell.execution_count is not None:
        yield outputs_set(cell)


def _edited(old: DocumentCell, new: DocumentCell, version: int) -> Iterable[AnyEvent]:
    if old.cell_type != new.cell_type:
        yield events.CellTypeSet(cell=new.id, cell_type=new.cell_type)
    if old.source != new.source:
        yield events.CellEdited(cell=new.id, version=version + 1, changes=replace_all(old.source, new.source))
    if old.metadata != new.metadata:
        yield events.CellMetadataSet(cell=new.id, metadata=Raw(new.metadata))
    if old.attachments != new.attachments:
        yield events.CellAttachmentsSet(cell=new.id, attachments=attached(new.attachments))
    is_code_now = new.cell_type == "code" and old.cell_type != "code"
    if _run(old) != _run(new) or is_code_now:
        if new.outputs or new.execution_count is not None:
            yield outputs_set(new)
        else:
            yield events.CellOutputsCleared(cell=new.id)


def outputs_set(cell: DocumentCell, version: int | None = None) -> events.CellOutputsSet:
    """The event that puts the outputs of a cell under it.

    Args:
        cell: The cell.
        version: Version of the source that they came from; `None`: the current one.
    """
    return events.CellOutputsSet(
        cell=cell.id,
        outputs=[Raw(output) for output in cell.outputs],
        execution_count=cell.execution_count,
        version=version,
    )


# ---- two changes of one document


def merge(origin: Document, ours: Document, theirs: Document) -> Merged:
    """Merges the changes of both sides since `origin`.

    Args:
        origin: The common ancestor.
        ours: Our side.
        theirs: Their side.
    """
    if ours in (origin, theirs):
        return Merged(theirs, [], [])
    if theirs == origin:
        return Merged(ours, [], [])
    olds, mine, other = ({cell.id: cell for cell in side.cells} for side in (origin, ours, theirs))
    kept: dict[str, DocumentCell] = {}
    conflicts: dict[str, None] = {}
    for cell in {**olds, **mine, **other}:
        chosen, is_conflict = merged_cell(olds.get(cell), mine.get(cell), other.get(cell))
        if chosen is not None:
            kept[cell] = chosen
        if is_conflict:
            conflicts[cell] = None
    order, unplaced = merged_order(list(olds), list(mine), list(other), kept.keys())
    conflicts |= dict.fromkeys(unplaced)
    metadata, names = merged_map(origin.metadata, ours.metadata, theirs.metadata)
    names = [name for name in names if name != _WIDGETS]
    document = Document(tuple(kept[cell] for cell in order), metadata)
    return Merged(document, [cell for cell in {**mine, **other} if cell in conflicts], names)


def merged_cell(
    old: DocumentCell | None, mine: DocumentCell | None, other: DocumentCell | None
) -> tuple[DocumentCell | None, bool]:
    """Merges a cell; `None` stands for a cell that is not there.

    Args:
        old: The cell in the common ancestor.
        mine: The cell on our side.
        other: The cell on their side.

    Returns:
        The cell, and whether something in it does not go together.
    """
    if mine == other or other == old:
        return mine, False
    if mine == old:
        return other, False
    if mine is None or other is None:
        return mine or other, True
    metadata, names = merged_map(old.metadata if old is not None else NO_METADATA, mine.metadata, other.metadata)
    (cell_type, source), text_torn = _either(_text(old) if old else None, _text(mine), _text(other))
    (outputs, count), run_torn = _either(_run(old) if old else None, _run(mine), _run(other))
    (attachments,), attachments_torn = _either(_attached(old) if old else None, _attached(mine), _attached(other))
    torn = text_torn or run_torn or attachments_torn
    if (cell_type == "code" and attachments is not None) or (cell_type != "code" and (outputs or count is not None)):
        return mine, True  # one side changed the type, the other what only the old type has
    return DocumentCell(mine.id, cell_type, source, metadata, attachments, outputs, count), torn or bool(names)


def _either(old: _T | None, mine: _T, other: _T) -> tuple[_T, bool]:
    """The part that a side changed, and whether both did, differently: then it is as in mine."""
    if other in (mine, old):
        return mine, False
    return (other, False) if mine == old else (mine, True)


def merged_map(old: bytes, mine: bytes, other: bytes) -> tuple[bytes, list[str]]:
    """Merges a JSON map name by name.

    Args:
        old: The map in the common ancestor, in normal form.
        mine: The map on our side.
        other: The map on their side.

    Returns:
        The map, and the names that both sides changed differently: as in `mine`.
    """
    if mine == other or other == old:
        return mine, []
    if mine == old:
        return other, []
    before, now, there = (
        {name: bytes(value) for name, value in json_source.members(side).items()} for side in (old, mine, other)
    )
    chosen, torn = dict(now), []
    for name in sorted(before.keys() | now.keys() | there.keys()):
        value = there.get(name)
        if value in (now.get(name), before.get(name)):
            continue
        if now.get(name) != before.get(name):
            torn.append(name)
        elif value is None:
            del chosen[name]
        else:
            chosen[name] = value
    return json_source.joined(sorted(chosen.items())), torn
