"""The document of a session: its cells, their order and their text, folded from events.

The server is the one authority: a change of text names the version it is based on, and is either exactly on top of
the newest one or refused with `stale_version`; the client rebases and asks again (as `@codemirror/collab` does). So
there is one order of changes and no merge on the server.

Invariants: `apply` of an accepted event never fails; versions of a cell are dense from 0; offsets are UTF-16 units,
as in the editors that make them, and a change set never splits a surrogate pair.

Source of the change-set form: CodeMirror 6, `ChangeSet.toJSON`: an integer keeps so many units, `[deleted]` deletes,
`[deleted, line, ...]` replaces by lines joined with a line feed.

Rejected: a CRDT (two more packages, tombstones, a second truth beside the journal).
"""

from __future__ import annotations

import attrs

from webipy.core import errors
from webipy.core.events import (
    AnyEvent,
    CellDeleted,
    CellEdited,
    CellInserted,
    CellMoved,
    CellOutputsCleared,
    CellType,
    CellTypeSet,
    Changes,
    ExecutionQueued,
)

MAX_CELLS = 10_000
"""Cells in one session: the page is tested up to this many."""

MAX_SOURCE_UNITS = 4 * 1024 * 1024
"""UTF-16 units in the source of one cell; a cell that needs more holds data and belongs in a file."""


@attrs.define(slots=True)
class Cell:
    """One cell. `execution` is the one whose outputs are shown under it."""

    id: str
    cell_type: CellType
    source: str
    version: int = 0
    execution: str | None = None


@attrs.define(slots=True)
class Notebook:
    """The cells of a session in their order."""

    _cells: dict[str, Cell] = attrs.field(factory=dict)
    _order: list[str] = attrs.field(factory=list)

    def cells(self) -> list[Cell]:
        """The cells in their order."""
        return [self._cells[cell] for cell in self._order]

    def has(self, cell: str) -> bool:
        """Whether the cell exists."""
        return cell in self._cells

    def get(self, cell: str) -> Cell:
        """The cell of that id.

        Raises:
            errors.NotFound: There is none.
        """
        try:
            return self._cells[cell]
        except KeyError:
            raise errors.NotFound(
                f"This session has no cell {cell!r}; cell.list tells those it has.", kind="cell", id=cell
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

        Raises:
            errors.StaleVersion: The cell is at another version.
            errors.InvalidParams: A change set does not fit the text.
        """
        found = self.get(cell)
        if version != found.version:
            raise errors.StaleVersion(
                f"Cell {cell} is at version {found.version}, this change is based on {version}: apply the events between, then send it again.",
                version=found.version,
            )
        text = found.source
        for change in changes:
            text = apply_changes(text, change)

    def apply(self, event: AnyEvent) -> None:
        """Takes an event of the journal in; those that do not concern cells change nothing."""
        match event:
            case CellInserted():
                self._cells[event.cell] = Cell(event.cell, event.cell_type, event.source, event.version)
                self._place(event.cell, event.after)
            case CellEdited():
                cell = self._cells[event.cell]
                cell.source, cell.version = apply_changes(cell.source, event.changes), event.version
            case CellDeleted():
                del self._cells[event.cell]
                self._order.remove(event.cell)
            case CellMoved():
                self._order.remove(event.cell)
                self._place(event.cell, event.after)
            case CellTypeSet():
                self._cells[event.cell].cell_type = event.cell_type
            case ExecutionQueued() if event.cell in self._cells:
                self._cells[event.cell].execution = event.execution
            case CellOutputsCleared():
                for cell in self._cells.values():
                    if event.cell in (None, cell.id):
                        cell.execution = None
            case _:
                pass

    def _place(self, cell: str, after: str | None) -> None:
        self._order.insert(self._order.index(after) + 1 if after is not None else 0, cell)


def apply_changes(text: str, changes: Changes) -> str:
    """The text after one change set.

    Args:
        text: The source the change set was made for.
        changes: A CodeMirror change set in its JSON form.

    Raises:
        errors.InvalidParams: It is longer or shorter than the text, splits a surrogate pair, or is malformed.
        errors.TooLarge: The result is over `MAX_SOURCE_UNITS`.
    """
    old = text.encode("utf-16-le", "surrogatepass")
    new: list[bytes] = []
    at = 0
    for part in changes:
        if isinstance(part, int):
            keep, lines = part, None
        else:
            keep, lines = _replacement(part)
        end = at + 2 * keep
        if keep < 0 or end > len(old):
            raise errors.InvalidParams(
                f"The change set covers more than the {len(old) // 2} UTF-16 units of the source.", field="changes"
            )
        new.append(old[at:end] if lines is None else lines)
        at = end
    if at != len(old):
        raise errors.InvalidParams(
            f"The change set covers {at // 2} of the {len(old) // 2} UTF-16 units of the source.", field="changes"
        )
    joined = b"".join(new)
    if len(joined) > 2 * MAX_SOURCE_UNITS:
        raise errors.TooLarge(
            f"The source of a cell holds at most {MAX_SOURCE_UNITS} UTF-16 units.", limit=MAX_SOURCE_UNITS
        )
    try:
        return joined.decode("utf-16-le")
    except UnicodeDecodeError:
        raise errors.InvalidParams("The change set splits a character in two.", field="changes") from None


def _replacement(part: list[int | str]) -> tuple[int, bytes]:
    deleted, lines = part[0] if part else None, part[1:]
    if not isinstance(deleted, int) or not all(isinstance(line, str) for line in lines):
        raise errors.InvalidParams(
            f"A part of a change set is an integer or [integer, line, ...], not {part!r:.80}.", field="changes"
        )
    return deleted, "\n".join(str(line) for line in lines).encode("utf-16-le", "surrogatepass")


def replace_all(old: str, new: str) -> Changes:
    """The change set that makes `new` out of `old`, keeping what they share at both ends."""
    a, b = old.encode("utf-16-le"), new.encode("utf-16-le")
    shortest = min(len(a), len(b)) // 2
    head = 0
    while head < shortest and a[2 * head : 2 * head + 2] == b[2 * head : 2 * head + 2]:
        head += 1
    if head and 0xD8 <= a[2 * head - 1] <= 0xDB:
        head -= 1
    tail = 0
    while (
        tail < shortest - head
        and a[len(a) - 2 * tail - 2 : len(a) - 2 * tail] == b[len(b) - 2 * tail - 2 : len(b) - 2 * tail]
    ):
        tail += 1
    if tail and 0xDC <= a[len(a) - 2 * tail + 1] <= 0xDF:
        tail -= 1
    middle = b[2 * head : len(b) - 2 * tail].decode("utf-16-le")
    deleted = len(a) // 2 - head - tail
    replaced: list[int | str] = [deleted, *middle.split("\n")] if middle else [deleted]
    parts: Changes = [head] if head else []
    if middle or deleted:
        parts.append(replaced)
    return [*parts, tail] if tail else parts
