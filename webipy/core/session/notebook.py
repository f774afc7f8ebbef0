"""The document of a session: its cells, their order and their text, folded from events.

The server is the one authority: a change of text names the version it is based on, and is either exactly on top of
the newest one or refused with `stale_version`; the client rebases and asks again (as `@codemirror/collab` does). So
there is one order of changes and no merge on the server.

Invariants: `apply` of an accepted event never fails; versions of a cell are dense from 0; offsets are UTF-16 units,
as in the editors that make them, and a change set never splits a surrogate pair.

Rejected: a CRDT (two more packages, tombstones, a second truth beside the journal).
"""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core import errors
from webipy.core.events.cell_text import Text
from webipy.core.events.events import (
    AnyEvent,
    CellAttachmentsSet,
    CellDeleted,
    CellEdited,
    CellInserted,
    CellMetadataSet,
    CellMoved,
    CellOutputsCleared,
    CellOutputsSet,
    CellType,
    CellTypeSet,
    Changes,
    ExecutionFinished,
    ExecutionQueued,
    NotebookMetadataSet,
)

MAX_CELLS = 100_000
"""Cells in one session: folding, reading and writing so many takes seconds; programs that make more write data, not notebooks."""

REMEMBERED_DELETED = 100
"""Deleted cells that can be brought back."""

NO_METADATA = b"{}"


@attrs.define(slots=True)
class Cell:
    """One cell.

    Args:
        version: Counts the changes of the source.
        execution: The one whose outputs are shown under the cell; `None` when they were put away or came from a file.
        ran_version: Version of the source that what is shown came from.
        has_outputs_set: Whether what is shown came from a file, or from an earlier state.
        metadata: JSON map (nbformat 4.5), as bytes.
        attachments: The same, or `None`.
    """

    id: str
    cell_type: CellType
    text: Text = attrs.field(alias="source", converter=Text)
    version: int = 0
    execution: str | None = None
    ran_version: int | None = None
    has_outputs_set: bool = False
    metadata: bytes = NO_METADATA
    attachments: bytes | None = None

    @property
    def source(self) -> str:
        """The text as it is now."""
        return str(self.text)

    @property
    def is_stale(self) -> bool:
        """Whether what is shown, if anything is, came from another source than the one now."""
        return self.cell_type == "code" and bool(self.source.strip()) and self.ran_version != self.version


class Deleted(msgspec.Struct):
    """A cell that was deleted, the cell it stood after, and the seq of the event that deleted it."""

    cell: Cell
    after: str | None
    seq: int


class Cleared(msgspec.Struct, frozen=True):
    """What was shown under a cell when its outputs were cleared: the fields of `Cell`, and the seq of the event that cleared it."""

    execution: str | None
    ran_version: int | None
    has_outputs_set: bool
    seq: int


@attrs.define(slots=True)
class Notebook:
    """The cells of a session in their order, and what they all have in common.

    Args:
        metadata: JSON map (nbformat 4.5), as bytes.
        deleted: The cells that were deleted last.
        changed: Cells that are not as they were when this was emptied last, for who writes them down; one that is there no more may be in it.
        cleared: What was cleared last under each cell.
    """

    EVENTS: ClassVar[tuple[type, ...]] = (
        CellInserted,
        CellEdited,
        CellDeleted,
        CellMoved,
        CellTypeSet,
        CellMetadataSet,
        CellAttachmentsSet,
        NotebookMetadataSet,
        ExecutionQueued,
        ExecutionFinished,
        CellOutputsCleared,
        CellOutputsSet,
    )

    metadata: bytes = NO_METADATA
    deleted: dict[str, Deleted] = attrs.field(factory=dict)
    changed: set[str] = attrs.field(factory=set)
    cleared: dict[str, Cleared] = attrs.field(factory=dict)
    _cells: dict[str, Cell] = attrs.field(factory=dict)
    _order: list[str] = attrs.field(factory=list)
    _running: dict[str, str] = attrs.field(factory=dict)
    """Cells by the executions that were started from them and have not ended."""

    def cells(self) -> list[Cell]:
        """The cells in their order."""
        return [self._cells[cell] for cell in self._order]

    def ids(self) -> list[str]:
        """Their ids in their order."""
        return list(self._order)

    def execution_of(self, cell: str) -> str | None:
        """The execution whose outputs a cell shows; `None` also for a cell that there is not."""
        found = self._cells.get(cell)
        return None if found is None else found.execution

    def last(self) -> str | None:
        """The last cell."""
        return self._order[-1] if self._order else None

    def before(self, cell: str) -> str | None:
        """The cell that stands before `cell`."""
        at = self._order.index(cell)
        return self._order[at - 1] if at else None

    def has(self, cell: str) -> bool:
        """Whether the cell exists."""
        return cell in self._cells

    def is_running(self, cell: str) -> bool:
        """Whether an execution that was started from the cell has not ended."""
        return cell in self._running.values()

    def get(self, cell: str) -> Cell:
        """The cell of that id.

        Raises:
            errors.NotFound: There is none.
        """
        try:
            return self._cells[cell]
        except KeyError:
            raise errors.NotFound(
                f"This session has no cell {cell!r}; it may have been deleted.", kind="cell", id=cell
            ) from None

    def check_place(self, after: str | None) -> None:
        """Returns when a cell can stand after `after`.

        Raises:
            errors.NotFound: There is no such cell.
            errors.TooLarge: The session is full.
        """
        if after is not None:
            self.get(after)
        if len(self._order) >= MAX_CELLS:
            raise errors.TooLarge(f"A session holds at most {MAX_CELLS} cells.", limit=MAX_CELLS)

    def check_edit(self, cell: str, version: int, changes: list[Changes]) -> None:
        """Returns when `changes` fit on `version` of the cell one after the other.

        Args:
            cell: Id of the cell.
            version: Version of its source that the first change set is based on.
            changes: Change sets, each based on the result of the one before.

        Raises:
            errors.StaleVersion: The cell is at another version.
            errors.InvalidParams: A change set does not fit the text.
            errors.NotFound: There is no such cell.
        """
        found = self.get(cell)
        if version != found.version:
            raise errors.StaleVersion(
                f"Cell {cell} is at version {found.version}, this change is based on {version}: apply the events between, then send it again.",
                version=found.version,
            )
        text = found.text.copy()
        for change in changes:
            text.change(change)

    def apply(self, event: AnyEvent) -> None:
        """Applies an event of the journal; those that do not concern cells change nothing."""
        match event:
            case ExecutionQueued() | ExecutionFinished():
                self._show(event)
            case CellInserted():
                self._cells[event.cell] = Cell(
                    event.cell,
                    event.cell_type,
                    event.source,
                    event.version,
                    metadata=NO_METADATA if isinstance(event.metadata, UnsetType) else bytes(event.metadata),
                    attachments=None if isinstance(event.attachments, UnsetType) else bytes(event.attachments),
                )
                self._place(event.cell, event.after)
                self.deleted.pop(event.cell, None)
                self.changed.add(event.cell)
                self.cleared.pop(event.cell, None)
            case CellEdited():
                cell = self._changing(event.cell)
                cell.text.change(event.changes)
                cell.version = event.version
            case CellDeleted():
                self._delete(event.cell, event.seq)
            case CellMoved():
                self._order.remove(event.cell)
                self._place(event.cell, event.after)
            case CellTypeSet():
                self._changing(event.cell).cell_type = event.cell_type
            case CellMetadataSet():
                self._changing(event.cell).metadata = bytes(event.metadata)
            case CellAttachmentsSet():
                attached = event.attachments
                self._changing(event.cell).attachments = None if isinstance(attached, UnsetType) else bytes(attached)
            case NotebookMetadataSet():
                self.metadata = bytes(event.metadata)
            case _:
                self._show(event)

    def _changing(self, cell: str) -> Cell:
        self.changed.add(cell)
        return self._cells[cell]

    def _show(self, event: AnyEvent) -> None:
        """Takes in what is shown under the cells."""
        match event:
            case ExecutionQueued() if event.cell in self._cells:
                cell = self._cells[event.cell]
                cell.execution, cell.ran_version, cell.has_outputs_set = event.execution, event.version, False
                self._running[event.execution] = cell.id
            case ExecutionFinished():
                self._ended(event)
            case CellOutputsCleared():
                for cell in self._cells.values():
                    if event.cell in (None, cell.id):
                        if cell.execution is not None or cell.has_outputs_set:
                            self.cleared[cell.id] = Cleared(
                                cell.execution, cell.ran_version, cell.has_outputs_set, event.seq
                            )
                        cell.execution, cell.ran_version, cell.has_outputs_set = None, None, False
            case CellOutputsSet() if event.cell in self._cells:
                cell = self._cells[event.cell]
                now = cell.version if event.execution_count is not None else None
                cell.execution, cell.ran_version = None, now if event.version is None else event.version
                cell.has_outputs_set = bool(event.outputs)
            case _:
                pass

    def _ended(self, event: ExecutionFinished) -> None:
        """What was not run to an end of its own has not shown what the source does."""
        cell = self._cells.get(self._running.pop(event.execution, ""))
        if cell is not None and cell.execution == event.execution and event.status in ("aborted", "cancelled", "lost"):
            cell.ran_version = None

    def _delete(self, cell: str, seq: int) -> None:
        self.deleted[cell] = Deleted(self._cells.pop(cell), self.before(cell), seq)
        self._order.remove(cell)
        self.changed.add(cell)
        if len(self.deleted) > REMEMBERED_DELETED:
            oldest = next(iter(self.deleted))
            del self.deleted[oldest]
            self.cleared.pop(oldest, None)

    def _place(self, cell: str, after: str | None) -> None:
        if self._order and after == self._order[-1]:
            self._order.append(cell)
        else:
            self._order.insert(self._order.index(after) + 1 if after is not None else 0, cell)


def inserted(cell: Cell, after: str | None, seq: int = 0) -> CellInserted:
    """The event that inserts a cell as it is, without its outputs.

    Args:
        cell: The cell.
        after: Cell that it stands after; `None` for the first place.
        seq: Seq of the event, for snapshots.
    """
    return CellInserted(
        seq=seq,
        cell=cell.id,
        after=after,
        cell_type=cell.cell_type,
        source=cell.source,
        version=cell.version,
        metadata=Raw(cell.metadata) if cell.metadata != NO_METADATA else UNSET,
        attachments=attached(cell.attachments),
    )


def attached(attachments: bytes | None) -> Raw | UnsetType:
    """The attachments of a cell, a JSON map, as events have them: absent when there are none."""
    return Raw(attachments) if attachments is not None else UNSET


def replace_all(old: str, new: str) -> Changes:
    """The change set that makes `new` out of `old`, keeping what they share at both ends.

    Args:
        old: Source before.
        new: Source after.

    Returns:
        A CodeMirror change set in UTF-16 units; no surrogate pair is split.
    """
    a, b = old.encode("utf-16-le"), new.encode("utf-16-le")
    shortest = min(len(a), len(b)) // 2
    head = _shared(a, b, shortest)
    if head and 0xD8 <= a[2 * head - 1] <= 0xDB:
        head -= 1
    tail = _shared(a, b, shortest - head, from_end=True)
    if tail and 0xDC <= a[len(a) - 2 * tail + 1] <= 0xDF:
        tail -= 1
    middle = b[2 * head : len(b) - 2 * tail].decode("utf-16-le")
    deleted = len(a) // 2 - head - tail
    replaced: list[int | str] = [deleted, *middle.split("\n")] if middle else [deleted]
    parts: Changes = [head] if head else []
    if middle or deleted:
        parts.append(replaced)
    return [*parts, tail] if tail else parts


def _shared(a: bytes, b: bytes, most: int, from_end: bool = False) -> int:
    """How many UTF-16 units, at most `most`, two texts share at their start or end: by halving, so that long sources cost little."""
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        if from_end:
            is_same = a[len(a) - 2 * middle : len(a) - 2 * low] == b[len(b) - 2 * middle : len(b) - 2 * low]
        else:
            is_same = a[2 * low : 2 * middle] == b[2 * low : 2 * middle]
        low, most = (middle, most) if is_same else (low, middle - 1)
    return low
