"""webipy.core.ipynb.lost_cells: cells that a text lost stand where they stood, until they come back."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.ipynb import lost_cells
from webipy.core.ipynb.cell_matching import made_id, match_cells
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.ipynb.lost_cells import LostCells


def document(*cells: DocumentCell) -> Document:
    """A document of these cells."""
    return Document(cells)


def cell(source: str, id: str = "") -> DocumentCell:
    """A cell with an output of its own, if it has an id of its own; else as a text gives it."""
    if not id:
        return DocumentCell(made_id("code", source, 0, ()), "code", source)
    return DocumentCell(id, "code", source, outputs=(f'"{id}"'.encode(),), execution_count=1)


class Cells(SynchronousTestCase):
    """`LostCells`."""

    def test_they_stand_where_they_stood(self) -> None:
        """Also a run of them, and those at the start."""
        a, b, c, d = (cell(name, name) for name in "abcd")
        lost = LostCells()
        lost.record(document(a, b, c, d), document(c))
        self.assertEqual(lost.restored(document(c)), document(a, b, c, d))
        lost.record(document(c), document())
        self.assertEqual(lost.restored(document()), document(a, b, c, d))
        lost.record(document(), document(b))
        self.assertEqual(set(lost.restored(document(b)).cells), {a, b, c, d})

    def test_a_cell_stands_once(self) -> None:
        """One that is there again, by another way than a text, is not put beside itself."""
        a, b = cell("a", "a"), cell("b", "b")
        lost = LostCells()
        lost.record(document(a, b), document(a))
        self.assertEqual(lost.restored(document(b, a)), document(b, a))
        lost.record(document(a), document(a, b))
        self.assertEqual(lost.restored(document(a)), document(a), "it came back, and who deletes it then means it")

    def test_what_comes_back_is_known_again(self) -> None:
        """Any cells, lost in any steps: what stands there in the end has the ids that it had."""
        chance = random.Random(7)
        for _ in range(300):
            cells = [cell(f"x = {number}", f"c{number}") for number in range(chance.randrange(1, 9))]
            whole, lost = document(*cells), LostCells()
            now = whole
            for _ in range(chance.randrange(1, 4)):
                part = document(*(cell(one.source) for one in cells if chance.random() < 0.5))
                read = match_cells(lost.restored(now), part)
                lost.record(now, read)
                now = read
            text = document(*(cell(one.source) for one in cells))
            back = match_cells(lost.restored(now), text)
            self.assertEqual([one.id for one in back.cells], [one.id for one in cells])

    def test_there_are_limits(self) -> None:
        """What was lost last stays."""
        self.patch(lost_cells, "MAX_CELLS_KEPT", 2)
        a, b, c = (cell(name, name) for name in "abc")
        lost = LostCells()
        lost.record(document(a, b, c), document())
        self.assertEqual(lost.restored(document()), document(b, c))
        self.patch(lost_cells, "MAX_BYTES_KEPT", 3)
        lost.record(document(c), document())
        self.assertEqual(lost.restored(document()), document())
