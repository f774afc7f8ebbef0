"""Which cells of two documents are the same, when their ids do not tell.

Files before nbformat 4.5, and text formats, have no cell ids: what is read from them has ids that were made from the content, so a cell that
was edited by another program looks like one deleted and one new. `align` finds such pairs by what stands in them and
where they stand:

    1. cells with the same id are the same, as are those with the same content, when that is in no other cell or in the same order;
    2. between two such neighbors, cells of one type whose sources are alike belong together, in their order.

What is not surely the same stays apart: a cell is then deleted and another inserted, and nothing is lost.

Rejected: `difflib.SequenceMatcher` over all cells (quadratic when many cells are equal, as empty ones are).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from difflib import SequenceMatcher

import attrs

from webipy.core.document import Document, DocumentCell

ALIKE = 0.5
"""The least share of two sources that is the same, in cells that belong together."""

_FEW = 32
"""Cells between two neighbors that are compared each with each."""

_LONG = 2000
"""Characters from which on sources are compared by their lines."""


def align(origin: Document, other: Document, made: Container[str] | None = None) -> Document:
    """The document `other` with the ids of `origin` in the cells that are surely the same.

    Args:
        made: The ids in `other` that may be changed, since they do not stand in the file; `None`: all may.
    """
    known = {cell.id for cell in origin.cells}
    ids = {cell.id for cell in other.cells}
    free = [cell for cell in other.cells if cell.id not in known and (made is None or cell.id in made)]
    lost = [cell for cell in origin.cells if cell.id not in ids]
    if not free or not lost:
        return other
    pairs = _pairs(origin.cells, other.cells, {cell.id for cell in lost}, {cell.id for cell in free})
    if not pairs:
        return other
    cells = tuple(attrs.evolve(cell, id=pairs[cell.id]) if cell.id in pairs else cell for cell in other.cells)
    return attrs.evolve(other, cells=cells)


def _pairs(
    ours: tuple[DocumentCell, ...], theirs: tuple[DocumentCell, ...], lost: set[str], free: set[str]
) -> dict[str, str]:
    """Id of ours by id of theirs, for cells that are the same and have different ids."""
    pairs: dict[str, str] = {}
    by_content: dict[tuple[str, str], list[str]] = {}
    for cell in ours:
        if cell.id in lost:
            by_content.setdefault((cell.cell_type, cell.source), []).append(cell.id)
    for cell in reversed(theirs):
        same = by_content.get((cell.cell_type, cell.source)) if cell.id in free else None
        if same:
            pairs[cell.id] = same.pop()
    for left, right in _gaps(ours, theirs, pairs):
        _pair_alike([c for c in left if c.id in lost], [c for c in right if c.id in free], pairs)
    return pairs


def _gaps(
    ours: tuple[DocumentCell, ...], theirs: tuple[DocumentCell, ...], pairs: dict[str, str]
) -> Iterator[tuple[tuple[DocumentCell, ...], tuple[DocumentCell, ...]]]:
    """What stands between the cells that are known to be the same and in the same order, on both sides."""
    places = {cell.id: number for number, cell in enumerate(ours)}
    at = last = 0
    for number, cell in enumerate(theirs):
        place = places.get(pairs.get(cell.id, cell.id))
        if place is None or place < at:
            continue
        if place > at and number > last:
            yield ours[at:place], theirs[last:number]
        at, last = place + 1, number + 1
    yield ours[at:], theirs[last:]


def _pair_alike(left: list[DocumentCell], right: list[DocumentCell], pairs: dict[str, str]) -> None:
    taken = set(pairs.values())
    left = [cell for cell in left if cell.id not in taken][:_FEW]
    for cell in [cell for cell in right if cell.id not in pairs][:_FEW]:
        for number, candidate in enumerate(left):
            if candidate.cell_type == cell.cell_type and _is_alike(candidate.source, cell.source):
                pairs[cell.id] = candidate.id
                del left[: number + 1]
                break


def _is_alike(one: str, other: str) -> bool:
    if max(len(one), len(other)) > _LONG:
        matcher = SequenceMatcher(None, one.splitlines()[:_LONG], other.splitlines()[:_LONG])
    else:
        matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
