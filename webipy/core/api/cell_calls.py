"""The params and results of the methods `cell.*`, as in `webipy.core.api.calls`.

Positions in a source count UTF-16 units, as editors do.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.api.calls import ClientChosenId, OfSession, Result
from webipy.core.events.events import CellType, Changes


class InsertCell(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cell to insert. The same `id` again changes nothing and has the same answer."""

    after: str | None = None
    cell_type: CellType = "code"
    source: str = ""
    id: ClientChosenId | None = None
    """The id of the cell; null: the server makes one."""
    metadata: Raw | UnsetType = UNSET
    attachments: Raw | UnsetType = UNSET
    outputs_of: str | None = None
    """The id of a cell, there or among those that were deleted last, whose outputs the new one shows, too; unknown: none."""
    outputs_from: str | None = None
    """The session of that cell; null: this one. One that is not open has none."""


class CellAccepted(Result, frozen=True, kw_only=True):
    """The change of a cell is in the journal."""

    cell: str
    seq: int
    version: int


class OfCell(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one cell."""

    cell: str


class MoveCell(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to put the cell."""

    after: str | None = None


class EditCell(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the source changes.

    A client that is behind gets `stale_version` with the current version, rebases on the `cell_edited` events between and calls again.
    """

    version: Annotated[int, msgspec.Meta(ge=0)]
    """The version of the source that the first change set is for."""
    changes: Annotated[list[Changes], msgspec.Meta(min_length=1, max_length=1000)]
    """Change sets, one after the other; each makes one version more."""
    client: Annotated[str, msgspec.Meta(max_length=64)] = ""


class SetSource(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new source of a cell."""

    source: str
    """The source, whole."""
    version: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The version of the source that is replaced; null: whichever it is."""


class SetCellType(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new type of a cell."""

    cell_type: CellType


class SplitCell(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to split a cell: what follows goes into a new cell after it, of the same type."""

    version: Annotated[int, msgspec.Meta(ge=0)]
    """The version of the source that is split."""
    at: Annotated[int, msgspec.Meta(ge=0)]
    """The position: UTF-16 units of the source before it."""
    id: ClientChosenId | None = None
    """The id of the new cell; null: the server makes one."""


class MergeCells(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cells to join, in the order of the notebook and with an empty line between. The first of them stays; the others are deleted."""

    cells: Annotated[list[str], msgspec.Meta(min_length=2, max_length=10_000)]
    """The ids of the cells, in any order."""


class SetCellMetadata(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new metadata of a cell."""

    metadata: Raw
    """All the metadata, a JSON map."""


class SetAttachments(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new attachments of a cell."""

    attachments: Raw
    """All the attachments, a JSON map: a MIME bundle for each name."""


class RestoreOutputs(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cells that show again what was cleared last under them."""

    cells: Annotated[list[str], msgspec.Meta(min_length=1, max_length=100_000)]
    """The ids of the cells; those that were deleted last, or that ran since, stay as they are."""


class ClearOutputs(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cells whose outputs are put away."""

    cell: str | None = None
    """The id of the cell; null: all cells."""


class SetOutputs(OfCell, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Outputs that another program has made, for a code cell."""

    outputs: Annotated[list[Raw], msgspec.Meta(max_length=10_000)]
    """The outputs (nbformat 4.5), all that the cell shows then."""
    execution_count: int | None = None
    """The number that a kernel gave to the execution; null: there is none."""


class Cell(Result, frozen=True, kw_only=True):
    """A cell as it is now."""

    id: str
    """The id of the cell."""
    cell_type: CellType
    source: str
    version: int
    is_stale: bool = False
    """Whether the source was changed since its last run."""
    execution: str | None = None
    """The id of its last execution; null: it was not run."""
    metadata: Raw | UnsetType = UNSET
    attachments: Raw | UnsetType = UNSET


class CellList(Result, frozen=True, kw_only=True):
    """The cells in their order."""

    seq: int
    """The seq of the newest event: the cells are as it left them."""
    cells: list[Cell]
    """The cells."""
