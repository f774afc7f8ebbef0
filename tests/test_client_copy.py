"""webipy.core.ipynb.client_copy: what a client changed in its copy, and what it only had older."""

from __future__ import annotations

import random
from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.ipynb import client_copy, notebook_file
from webipy.core.ipynb.client_copy import COPY, CopyState, merged
from webipy.core.ipynb.document import Document, DocumentCell

STREAM = b'{"name":"stdout","output_type":"stream","text":"1"}'


def document(*sources: str, outputs: tuple[bytes, ...] = ()) -> Document:
    """Code cells c0, c1, ... of these sources, all with the same outputs."""
    return Document(tuple(DocumentCell(f"c{n}", "code", one, outputs=outputs) for n, one in enumerate(sources)))


def changed(one: Document, at: int, **parts: Any) -> Document:
    """A document with another cell at a place."""
    cells = list(one.cells)
    cells[at] = attrs.evolve(cells[at], **parts)
    return attrs.evolve(one, cells=tuple(cells))


class Merging(SynchronousTestCase):
    """Laws."""

    def test_an_unchanged_copy_changes_nothing(self) -> None:
        """Whatever the document has become."""
        was = document("a", "b")
        for now in (was, document("a"), document("x", "y", "z"), document("a", "b", outputs=(STREAM,)), Document()):
            self.assertEqual(merged(CopyState.of(was), now, was), now)

    def test_an_unchanged_document_becomes_the_copy(self) -> None:
        """Whatever the client has made of it."""
        was = document("a", "b")
        for model in (document("a"), document("x", "y", "z"), document("a", "b", outputs=(STREAM,)), Document()):
            self.assertEqual(merged(CopyState.of(was), was, model), model)

    def test_the_client_wins_where_both_have_written(self) -> None:
        """In text, attachments and metadata; the kernel wins in outputs."""
        was = document("a")
        ours = changed(was, 0, source="ours", outputs=(STREAM,), execution_count=2, metadata=b'{"x":1,"y":1}')
        model = changed(was, 0, source="model", outputs=(), execution_count=1, metadata=b'{"x":2}')
        expected = changed(was, 0, source="model", outputs=(STREAM,), execution_count=2, metadata=b'{"x":2,"y":1}')
        self.assertEqual(merged(CopyState.of(was), ours, model), expected)
        one, two = (attrs.evolve(was, metadata=raw) for raw in (b'{"x":1}', b'{"x":2,"z":3}'))
        self.assertEqual(merged(CopyState.of(was), one, two).metadata, b'{"x":2,"z":3}')
        self.assertEqual(merged(CopyState.of(two), one, was).metadata, b"{}")

    def test_a_type_that_the_client_changed_is_changed(self) -> None:
        """Though the kernel has printed meanwhile."""
        was = document("a")
        ours, model = changed(was, 0, outputs=(STREAM,)), changed(was, 0, cell_type="markdown")
        self.assertEqual(merged(CopyState.of(was), ours, model), model)
        attached = changed(model, 0, attachments=b"{}")
        self.assertEqual(merged(CopyState.of(model), model, attached), attached)

    def test_without_a_copy_the_model_is_the_change(self) -> None:
        """Outputs stay under the same source."""
        ours, model = document("a", "b", outputs=(STREAM,)), document("a", "x")
        self.assertEqual(merged(None, ours, model), changed(model, 0, outputs=(STREAM,)))

    def test_two_sides_that_touch_different_cells_lose_nothing(self) -> None:
        """At random: each cell is as the side has it that touched it."""
        for seed in range(200):
            chance = random.Random(seed)
            was = document(*map(str, range(8)))
            mine, theirs = chance.sample(range(8), 3), []
            theirs = [at for at in chance.sample(range(8), 3) if at not in mine]
            ours, model, expected = was, was, {cell.id: cell.source for cell in was.cells}
            for at in mine:
                ours = changed(ours, at, source=f"ours {at}")
                expected[f"c{at}"] = f"ours {at}"
            for at in theirs:
                model = changed(model, at, source=f"model {at}")
                expected[f"c{at}"] = f"model {at}"
            gone = chance.choice([at for at in range(8) if at not in mine and at not in theirs])
            model = attrs.evolve(model, cells=tuple(cell for cell in model.cells if cell.id != f"c{gone}"))
            del expected[f"c{gone}"]
            found = merged(CopyState.of(was), ours, model)
            self.assertEqual({cell.id: cell.source for cell in found.cells}, expected, seed)


class Forms(SynchronousTestCase):
    """What a client gets and sends."""

    def test_json_is_read_as_the_same_document(self) -> None:
        """With texts in one piece, and the id of the copy beside."""
        one = changed(document("a\nb", "c", outputs=(STREAM,)), 1, cell_type="markdown", outputs=(), attachments=b"{}")
        body = client_copy.marked(client_copy.as_json(one), "7-x")
        self.assertIn(b'"source":"a\\nb"', body)
        self.assertEqual(client_copy.without_marks(notebook_file.read(body).document), (one, "7-x"))
        odd = client_copy.marked(client_copy.as_json(one), "x").replace(b'"x"', b"5")
        self.assertEqual(client_copy.without_marks(notebook_file.read(odd).document), (one, None))
        self.assertNotIn(COPY.encode(), client_copy.as_json(one))

    def test_what_is_said_to_the_page_of_the_client_is_dropped(self) -> None:
        """Whether a cell is trusted."""
        one = changed(document("a"), 0, metadata=b'{"tags":["trusted"],"trusted":true}')
        self.assertEqual(client_copy.without_marks(one)[0].cells[0].metadata, b'{"tags":["trusted"]}')

    def test_the_hash_is_of_what_people_write(self) -> None:
        """Not of outputs, ids and kernels."""
        one = document("a", "b")
        same = attrs.evolve(
            changed(one, 0, id="x", outputs=(STREAM,), execution_count=3), metadata=b'{"kernelspec":{}}'
        )
        self.assertEqual(client_copy.text_hash(one), client_copy.text_hash(same))
        others = [changed(one, 0, **part) for part in ({"source": "c"}, {"cell_type": "raw"}, {"metadata": b'{"a":1}'})]
        others += [document("b", "a"), attrs.evolve(one, metadata=b'{"title":1}'), document("a")]
        self.assertEqual(len({client_copy.text_hash(other) for other in [one, *others]}), 7)

    def test_distance_counts_parts(self) -> None:
        """Cells, their order, their parts, the metadata of the notebook."""
        state = CopyState.of(document("a", "b"))
        for other, distance in (
            (document("a", "b"), 0),
            (document("a"), 1),
            (document("x", "b"), 1),
            (document("a", "b", outputs=(STREAM,)), 2),
            (Document(tuple(reversed(document("a", "b").cells))), 1),
            (attrs.evolve(document("a", "b"), metadata=b'{"a":1}'), 1),
        ):
            self.assertEqual(state.distance(CopyState.of(other)), distance)
