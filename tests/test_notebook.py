"""webipy.core.session.notebook: the shared vectors, change sets in UTF-16 units, and random edits against a model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.test_outputs import known_events, vectors
from webipy.core import errors
from webipy.core.events.cell_text import MAX_SOURCE_UNITS, apply_changes
from webipy.core.events.events import (
    AnyEvent,
    CellDeleted,
    CellEdited,
    CellInserted,
    CellMoved,
    Changes,
)
from webipy.core.session import notebook
from webipy.core.session.notebook import Notebook, replace_all

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


class ChangeSets(SynchronousTestCase):
    """`apply_changes` and `replace_all`."""

    def test_change_sets(self) -> None:
        """A table: text, change set, text after."""
        table: list[tuple[str, Changes, str]] = [
            ("", [], ""),
            ("", [[0, "a"]], "a"),
            ("ab", [2], "ab"),
            ("ab", [1, [0, "x"], 1], "axb"),
            ("ab", [[1], 1], "b"),
            ("ab", [[2, "x", "y"]], "x\ny"),
            ("ab", [1, [0, "", ""], 1], "a\nb"),
            ("a🧪b", [1, [2], 1], "ab"),
            ("a🧪b", [3, [1, "c"]], "a🧪c"),
            ("🧪", [[2, "🌍"]], "🌍"),
            ("ab", [0, [0], 2], "ab"),
        ]
        for text, changes, after in table:
            self.assertEqual(apply_changes(text, changes), after, (text, changes))

    def test_what_does_not_fit_is_refused(self) -> None:
        """Longer or shorter than the text, half a character, or no change set at all."""
        table: list[tuple[str, Any]] = [
            ("ab", []),
            ("ab", [1]),
            ("ab", [3]),
            ("ab", [2, [1]]),
            ("ab", [-1, 3]),
            ("ab", [[-2], 4]),
            ("🧪", [1, [1]]),
            ("🧪", [1, [0, "x"], 1]),
            ("🧪", [[1], 1]),
            ("ab", [[], 2]),
            ("ab", [["a"], 2]),
            ("ab", [[1, 2], 1]),
        ]
        for text, changes in table:
            fault = self.assertRaises(errors.InvalidParams, apply_changes, text, changes)
            self.assertEqual(fault.facts, {"field": "changes"}, (text, changes))

    def test_a_source_has_a_limit_in_utf16_units(self) -> None:
        """`MAX_SOURCE_UNITS` fits, one more does not."""
        most = "x" * MAX_SOURCE_UNITS
        self.assertEqual(apply_changes("", [[0, most]]), most)
        fault = self.assertRaises(errors.TooLarge, apply_changes, "", [[0, most + "x"]])
        self.assertEqual(fault.facts, {"limit": MAX_SOURCE_UNITS})
        self.assertRaises(errors.TooLarge, apply_changes, "", [[0, "🧪" * (MAX_SOURCE_UNITS // 2 + 1)]])

    def test_replace_all_is_a_round_trip(self) -> None:
        """For any two texts: the change set from one to the other makes the other."""

        @examples(300)
        @given(st.one_of(st.tuples(TEXT, TEXT), st.tuples(ANY_TEXT, ANY_TEXT)))
        def holds(pair: tuple[str, str]) -> None:
            old, new = pair
            self.assertEqual(apply_changes(old, replace_all(old, new)), new)

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
