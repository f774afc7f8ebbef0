"""webipy.core.session.notebook: the shared vectors, change sets in UTF-16 units, and random edits against a model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.test_cell_text import after_changes
from tests.test_outputs import known_events, vectors
from webipy.core import errors
from webipy.core.events.events import (
    AnyEvent,
    CellDeleted,
    CellEdited,
    CellInserted,
    CellMetadataSet,
    CellMoved,
    CellOutputsCleared,
    CellOutputsSet,
    CellTypeSet,
    Changes,
    ExecutionFinished,
    ExecutionQueued,
    NotebookMetadataSet,
)
from webipy.core.session import notebook
from webipy.core.session.notebook import Cell, Notebook, replace_all

TEXT = st.text(st.sampled_from("ab \n\r\té世🧪👩‍🔬\u0301"), max_size=12)
ANY_TEXT = st.text(max_size=12).filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t))


def plain(book: Notebook) -> list[dict[str, Any]]:
    """The cells as plain values."""
    return [
        {"id": c.id, "cell_type": c.cell_type, "source": c.source, "version": c.version, "execution": c.execution}
        for c in book.cells()
    ]


def made(*given_events: AnyEvent) -> Notebook:
    """A notebook folded from events."""
    book = Notebook()
    for event in given_events:
        book.apply(event)
    return book


def inserted(cell: str, after: str | None = None, source: str = "") -> CellInserted:
    """A code cell."""
    return CellInserted(cell=cell, after=after, cell_type="code", source=source)


class Vectors(SynchronousTestCase):
    """tests/vectors/cells.json."""

    def test_the_fold_gives_what_the_vectors_say(self) -> None:
        """Each case: events in, cells out."""
        for case in vectors("cells.json"):
            self.assertEqual(plain(made(*known_events(case))), case["cells"], case["name"])

    def test_every_event_of_the_vectors_would_be_accepted(self) -> None:
        """The vectors are journals that can exist: each edit fits on the version before it, each place exists."""
        for case in vectors("cells.json"):
            book = Notebook()
            for event in known_events(case):
                if isinstance(event, CellEdited):
                    book.check_edit(event.cell, event.version - 1, [event.changes])
                if isinstance(event, CellInserted):
                    self.assertFalse(book.has(event.cell), case["name"])
                    book.check_place(event.after)
                book.apply(event)


class Shown(SynchronousTestCase):
    """What a notebook knows of the outputs under its cells, and of what is gone."""

    def ran(self, *more: AnyEvent) -> Cell:
        """The cell after it was run and something happened."""
        queued = ExecutionQueued(execution="e", code="x", cell="a", version=0)
        return made(inserted("a", source="x"), queued, *more).get("a")

    def test_outputs_are_of_the_source_that_was_run(self) -> None:
        """A table: what happens, and whether what is shown came from another source."""
        edited = CellEdited(cell="a", version=1, changes=[1, [0, "y"]])
        lost, failed = (ExecutionFinished(execution="e", status=status, duration_s=0) for status in ("lost", "error"))
        for log, is_stale in (
            ((), False),
            ((edited,), True),
            ((failed,), False),
            ((lost,), True),
            ((CellOutputsCleared(cell="a"),), True),
            ((CellOutputsSet(cell="a", outputs=[], execution_count=1),), False),
            ((CellOutputsSet(cell="a", outputs=[]),), True),
            ((edited, CellOutputsSet(cell="a", outputs=[], execution_count=1, version=0)), True),
            ((CellTypeSet(cell="a", cell_type="markdown"), lost), False),
        ):
            self.assertEqual(self.ran(*log).is_stale, is_stale, log)
        self.assertFalse(made(inserted("a", source=" \n")).get("a").is_stale, "nothing to run")

    def test_outputs_that_are_put_are_of_no_execution(self) -> None:
        """And it is known whether there are any; of a cell that is gone, nothing."""
        put = CellOutputsSet(cell="a", outputs=[Raw(b"{}")], execution_count=1)
        cell = self.ran(put)
        self.assertEqual((cell.execution, cell.has_outputs_set), (None, True))
        self.assertFalse(self.ran(put, CellOutputsCleared(cell=None)).has_outputs_set)
        self.assertEqual(made(put).cells(), [])
        lost = ExecutionFinished(execution="e", status="lost", duration_s=0)
        self.assertEqual(made(inserted("a"), ExecutionQueued(execution="e", code="x"), lost).get("a").execution, None)

    def test_metadata_are_kept_as_they_came(self) -> None:
        """Of a cell and of the notebook; a cell that is inserted again has them, too."""
        metadata = Raw(b'{"b":1,"a":2}')
        book = made(inserted("a"), CellMetadataSet(cell="a", metadata=metadata), NotebookMetadataSet(metadata=metadata))
        self.assertEqual((book.metadata, book.get("a").metadata), (bytes(metadata), bytes(metadata)))
        again = notebook.inserted(book.get("a"), None, 7)
        self.assertEqual((again.metadata, again.seq), (metadata, 7))
        self.assertEqual(made(again).get("a"), book.get("a"))

    def test_the_order(self) -> None:
        """Ids, the last one, and what stands before; an empty notebook has none."""
        book = made(inserted("a"), inserted("b", "a"), inserted("c"))
        self.assertEqual((book.ids(), book.last(), book.before("a")), (["c", "a", "b"], "b", "c"))
        self.assertEqual((Notebook().ids(), Notebook().last()), ([], None))
        self.assertEqual((book.execution_of("a"), book.execution_of("gone")), (None, None))

    def test_the_last_deleted_cells_are_remembered(self) -> None:
        """With the place that they had."""
        self.patch(notebook, "REMEMBERED_DELETED", 2)
        book = made(*(inserted(cell) for cell in "abc"), *(CellDeleted(cell=cell) for cell in "abc"))
        self.assertEqual({cell: gone.after for cell, gone in book.deleted.items()}, {"b": "c", "c": None})


class Replacing(SynchronousTestCase):
    """`replace_all`; tests/test_cell_text.py has the table of what fits."""

    def test_replace_all_is_a_round_trip(self) -> None:
        """For any two texts: the change set from one to the other makes the other."""

        @examples(300)
        @given(st.one_of(st.tuples(TEXT, TEXT), st.tuples(ANY_TEXT, ANY_TEXT)))
        def holds(pair: tuple[str, str]) -> None:
            old, new = pair
            self.assertEqual(after_changes(old, replace_all(old, new)), new)

        holds()

    def test_replace_all_keeps_what_both_share(self) -> None:
        """An editor that shows the change keeps its place."""
        table: list[tuple[str, str, Changes]] = [
            ("", "", []),
            ("ab", "ab", [2]),
            ("hello world", "hello, world", [5, [0, ","], 6]),
            ("abc", "", [[3]]),
            ("", "a\nb", [[0, "a", "b"]]),
            ("aaa", "aa", [2, [1]]),
            ("x🧪y", "x🧫y", [1, [2, "🧫"], 1]),  # they share the first half
            ("x𐀀y", "x\U00010400y", [1, [2, "\U00010400"], 1]),  # they share the second half
            ("🧪🧪", "🧪", [2, [2]]),
        ]
        for old, new, changes in table:
            self.assertEqual(replace_all(old, new), changes, (old, new))


class Checks(SynchronousTestCase):
    """What is refused before it becomes an event."""

    def test_an_edit_on_another_version_is_stale(self) -> None:
        """The failure tells the version to rebase on."""
        book = made(inserted("a", source="x"), CellEdited(cell="a", version=1, changes=[[0, "y"], 1]))
        for version in (0, 2):
            fault = self.assertRaises(errors.StaleVersion, book.check_edit, "a", version, [[2]])
            self.assertEqual(fault.facts, {"version": 1})

    def test_edits_are_checked_one_after_the_other(self) -> None:
        """The second change set is made for the text after the first."""
        book = made(inserted("a", source="x"))
        book.check_edit("a", 0, [[1, [0, "yz"]], [3]])
        self.assertRaises(errors.InvalidParams, book.check_edit, "a", 0, [[1, [0, "yz"]], [1]])
        self.assertEqual(book.get("a").source, "x")

    def test_a_cell_that_is_not_there_is_told(self) -> None:
        """By id."""
        for call in (Notebook().get, Notebook().check_place):
            fault = self.assertRaises(errors.NotFound, call, "ghost")
            self.assertEqual(fault.facts, {"kind": "cell", "id": "ghost"})

    def test_a_session_has_a_limit_of_cells(self) -> None:
        """`MAX_CELLS`."""
        self.patch(notebook, "MAX_CELLS", 100)
        book = made(*(inserted(f"c{n}") for n in range(notebook.MAX_CELLS - 1)))
        book.check_place(None)
        book.apply(inserted("last"))
        self.assertRaises(errors.TooLarge, book.check_place, None)


class Model(SynchronousTestCase):
    """Random operations against a plain list of strings."""

    def test_random_edits_follow_the_model(self) -> None:
        """Insert, delete, move and edit as editors do: the fold equals a list that is changed in place."""

        @examples(150)
        @given(st.data())
        def holds(data: st.DataObject) -> None:
            book, model, versions = Notebook(), list[tuple[str, str]](), dict[str, int]()
            for step in range(data.draw(st.integers(0, 15))):
                kind = data.draw(st.sampled_from(["insert", "insert", "delete", "move", "edit", "edit"]))
                places = [None, *(cell for cell, _ in model)]
                if kind == "insert" or not model:
                    after, source = data.draw(st.sampled_from(places)), data.draw(TEXT)
                    book.apply(inserted(f"c{step}", after, source))
                    model.insert(places.index(after), (f"c{step}", source))
                    versions[f"c{step}"] = 0
                    continue
                at = data.draw(st.integers(0, len(model) - 1))
                cell, source = model[at]
                if kind == "delete":
                    book.apply(CellDeleted(cell=cell))
                    del model[at]
                elif kind == "move":
                    after = data.draw(st.sampled_from([place for place in places if place != cell]))
                    book.apply(CellMoved(cell=cell, after=after))
                    entry = model.pop(at)
                    model.insert([None, *(c for c, _ in model)].index(after), entry)
                else:
                    new, changes = drawn_change(data, source)
                    book.check_edit(cell, versions[cell], [changes])
                    versions[cell] += 1
                    book.apply(CellEdited(cell=cell, version=versions[cell], changes=changes))
                    model[at] = (cell, new)
            self.assertEqual(
                [(c.id, c.source, c.version) for c in book.cells()], [(c, s, versions[c]) for c, s in model]
            )

        holds()


def drawn_change(data: st.DataObject, source: str) -> tuple[str, Changes]:
    """A random change of a text, cut at characters, and its change set in UTF-16 units."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(source)), max_size=4)))
    bounds = [0, *cuts, len(source)]
    new, changes = "", list[int | list[int | str]]()
    for start, end in pairwise(bounds):
        part = source[start:end]
        units = len(part.encode("utf-16-le")) // 2
        if data.draw(st.booleans()):
            new, changes = new + part, [*changes, units]
        else:
            text = data.draw(TEXT)
            new, changes = new + text, [*changes, [units, *text.split("\n")]]
    return new, changes
