"""Cells that a file in text lost, kept for the case that they come back.

A text holds no outputs, so what is known of a cell beside its source goes with it. Many programs write a file in two steps (empty first, then the
text), and who reads in between sees cells go that nobody deleted. `restored` puts them where they stood: a document that is compared with the result
(`match_cells`) finds them again by what they hold, with their ids, outputs and metadata.

Invariant: a cell is either in the document that was read last or here, never in both.

Rejected: to judge by the clock whether a text is whole (no time is long enough, and each delays every change); to search the journal for outputs
(all of it would be read whenever a cell comes).
"""

from __future__ import annotations

import attrs

from webipy.core.ipynb.document import Document, DocumentCell

MAX_CELLS_KEPT = 1000
MAX_BYTES_KEPT = 16 * 1024 * 1024
"""Of outputs and sources, together; the cells that were lost last stay."""


@attrs.define(slots=True)
class LostCells:
    """The cells that one file lost."""

    _cells: dict[str, tuple[DocumentCell, str | None]] = attrs.field(factory=dict)
    """With the cell that each stood after."""

    def record(self, before: Document, after: Document) -> None:
        """Records which cells a file lost, and forgets those that came back.

        Args:
            before: What the file held.
            after: What it holds now.
        """
        there = {cell.id for cell in after.cells}
        last: str | None = None
        lost: dict[str, tuple[DocumentCell, str | None]] = {}
        for cell in before.cells:
            if cell.id not in there:
                lost[cell.id] = cell, last
            last = cell.id
        known = {cell: kept for cell, kept in self._cells.items() if cell not in there and cell not in lost}
        self._cells = _bounded({**known, **lost})

    def restored(self, document: Document) -> Document:
        """Returns the document with the lost cells, each where it stood."""
        if not self._cells:
            return document
        kept: dict[str | None, list[DocumentCell]] = {}
        known = {cell.id for cell in document.cells}
        for cell, after in self._cells.values():
            if cell.id not in known:
                kept.setdefault(after, []).append(cell)
        order: list[DocumentCell] = []
        waiting = [*reversed(document.cells), *reversed(kept.pop(None, ()))]
        while waiting:
            cell = waiting.pop()
            order.append(cell)
            waiting += reversed(kept.pop(cell.id, ()))
        order += [cell for group in kept.values() for cell in group]  # what they stood after is not known any more
        return attrs.evolve(document, cells=tuple(order))


def _bounded(cells: dict[str, tuple[DocumentCell, str | None]]) -> dict[str, tuple[DocumentCell, str | None]]:
    """The last of them that are within the limits."""
    left = MAX_BYTES_KEPT
    kept: list[tuple[str, tuple[DocumentCell, str | None]]] = []
    for name, (cell, after) in reversed(cells.items()):
        left -= len(cell.source) + sum(map(len, cell.outputs))
        if left < 0 or len(kept) == MAX_CELLS_KEPT:
            break
        kept.append((name, (cell, after)))
    return dict(reversed(kept))
