"""webipy.core.ipynb.merge, order and align: what changed, how to change it, and two changes of one document in one."""

from __future__ import annotations

import random

import attrs
import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.api.notebook_calls import CellChange
from webipy.core.events import events
from webipy.core.events.events import AnyEvent, CellType
from webipy.core.ipynb import normal_form
from webipy.core.ipynb.cell_matching import made_id, match_cells
from webipy.core.ipynb.document import Document, DocumentCell, DocumentMaker
from webipy.core.ipynb.merge import changes, diff, merge
from webipy.core.session.cell_order import merged_order, moved
from webipy.core.session.session_state import SessionState

# ---- documents -----------------------------------------------------------------------------------------------------

IDS = tuple("abcdefgh")
KINDS: list[CellType] = ["code", "code", "markdown"]
SOURCES = st.sampled_from(["", "x", "x\ny", "x\nz", "🧪x", "🧫x", "print(1)\n"])
METADATA = st.sampled_from([b"{}", b'{"k":1}', b'{"k":2}', b'{"k":1,"tags":["t"]}', b'{"tags":[]}'])
OUTPUTS = tuple(
    normal_form.output(raw)
    for raw in (
        b'{"output_type":"stream","name":"stdout","text":"a\\n"}',
        b'{"output_type":"stream","name":"stdout","text":"b\\n"}',
        b'{"output_type":"display_data","data":{"text/plain":"c"},"metadata":{}}',
    )
)


@st.composite
def cells(draw: st.DrawFn, cell: str) -> DocumentCell:
    """A cell with this id."""
    kind: CellType = draw(st.sampled_from(KINDS))
    plain = DocumentCell(cell, kind, draw(SOURCES), draw(METADATA))
    if kind == "markdown":
        return attrs.evolve(plain, attachments=draw(st.sampled_from([None, None, b'{"a.png":{}}'])))
    outputs = tuple(draw(st.lists(st.sampled_from(OUTPUTS), max_size=2)))
    return attrs.evolve(plain, outputs=outputs, execution_count=draw(st.sampled_from([None, 1, 2])))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document."""
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=6))
    return Document(tuple(draw(cells(cell)) for cell in ids), draw(METADATA))


@st.composite
def edits_of(draw: st.DrawFn, document: Document) -> Document:
    """The document after a few edits, as one person makes them."""
    made = list(document.cells)
    metadata = document.metadata
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["insert", "delete", "move", "source", "metadata", "run", "any", "notebook"]))
        free = [cell for cell in IDS if all(cell != one.id for one in made)]
        at = draw(st.integers(0, max(0, len(made) - 1)))
        if kind == "notebook":
            metadata = draw(METADATA)
        elif kind == "insert" and free:
            made.insert(at, draw(cells(draw(st.sampled_from(free)))))
        elif made:
            cell = made.pop(at)
            other = draw(cells(cell.id))
            match kind:
                case "delete":
                    continue
                case "move":
                    at = draw(st.integers(0, len(made)))
                case "source":
                    cell = attrs.evolve(cell, source=other.source)
                case "metadata":
                    cell = attrs.evolve(cell, metadata=other.metadata)
                case "run" if cell.cell_type == "code":
                    cell = attrs.evolve(cell, outputs=other.outputs, execution_count=other.execution_count)
                case "any":
                    cell = other
            made.insert(at, cell)
    return Document(tuple(made), metadata)


@st.composite
def two_sides(draw: st.DrawFn) -> tuple[Document, Document, Document]:
    """A document and two changes of it."""
    origin = draw(documents())
    return origin, draw(edits_of(origin)), draw(edits_of(origin))


def code(
    cell: str, source: str = "", *outputs: bytes, count: int | None = None, metadata: bytes = b"{}"
) -> DocumentCell:
    """A code cell."""
    return DocumentCell(cell, "code", source, metadata, None, outputs, count)


def made_of(*given_cells: DocumentCell, metadata: bytes = b"{}") -> Document:
    """A document."""
    return Document(given_cells, metadata)


def letters(text: str) -> Document:
    """A document with a cell for each letter."""
    return Document(tuple(code(letter, letter) for letter in text))


def ids(document: Document) -> str:
    """The ids of a document with one-letter ids."""
    return "".join(cell.id for cell in document.cells)


def folded(log: list[AnyEvent]) -> SessionState:
    """The fold of some events."""
    state = SessionState()
    for event in log:
        state.apply(event)
    return state


class Changes(SynchronousTestCase):
    """The events that make one document out of another."""

    def test_the_events_make_the_new_document(self) -> None:
        """Of a session whose document is the old one, whatever versions its cells are at."""

        @examples(300)
        @given(documents(), st.data())
        def holds(old: Document, data: st.DataObject) -> None:
            new = data.draw(st.one_of(documents(), edits_of(old)))
            log = changes(Document(), old, {})
            state = folded(log)
            maker, book = DocumentMaker(state), state.notebook
            self.assertEqual(maker.prepare()(), old)
            versions = {cell.id: cell.version for cell in book.cells()}
            for event in changes(old, new, versions):
                state.apply(event)
            self.assertEqual(maker.prepare()(), new)
            self.assertEqual([cell.id for cell in book.cells()], [cell.id for cell in new.cells])
            for cell in book.cells():
                self.assertGreaterEqual(cell.version, versions.get(cell.id, 0))

        holds()

    def test_nothing_changed_is_no_event(self) -> None:
        """And what changed is one event each."""
        old = made_of(code("a", "x", OUTPUTS[0], count=1), code("b"))
        self.assertEqual(changes(old, old, {}), [])
        new = made_of(attrs.evolve(old.cells[0], source="xy", metadata=b'{"k":1}'), old.cells[1])
        self.assertEqual(
            changes(old, new, {"a": 7}),
            [
                events.CellEdited(cell="a", version=8, changes=[1, [0, "y"]]),
                events.CellMetadataSet(cell="a", metadata=msgspec.Raw(b'{"k":1}')),
            ],
        )

    def test_one_cell_that_moves_is_one_move(self) -> None:
        """Far up or far down, among many."""
        for old, new, one in (("abcdef", "fabcde", "f"), ("abcdef", "bcdefa", "a"), ("abcdef", "abdcef", "cd")):
            (event,) = changes(letters(old), letters(new), {})
            assert isinstance(event, events.CellMoved)
            self.assertIn(event.cell, one)

    def test_attachments_change_by_an_event_of_their_own(self) -> None:
        """The cell stays, and what is typed into it meanwhile."""
        old = made_of(DocumentCell("m", "markdown", "x"))
        new = made_of(DocumentCell("m", "markdown", "x", attachments=b'{"a.png":{}}'))
        raw = msgspec.Raw(b'{"a.png":{}}')
        self.assertEqual(changes(old, new, {"m": 4}), [events.CellAttachmentsSet(cell="m", attachments=raw)])
        self.assertEqual(changes(new, old, {"m": 4}), [events.CellAttachmentsSet(cell="m")])


class Differences(SynchronousTestCase):
    """What is told to a person."""

    def test_each_cell_is_told_once_in_the_order_of_the_newer(self) -> None:
        """Those removed where they stood."""
        old = made_of(code("a", "1"), code("b", "2"), code("c", "3"), code("d", "4"), code("e", "5", OUTPUTS[0]))
        new = made_of(
            code("d", "4"), code("a", "1"), code("n", "new"), code("c", "33", metadata=b'{"k":1}'), code("e", "5")
        )
        self.assertEqual(
            diff(old, new),
            [
                CellChange(cell="d", change="moved", cell_type="code", before="4", after="4"),
                CellChange(cell="b", change="removed", cell_type="code", before="2"),
                CellChange(cell="n", change="added", cell_type="code", after="new"),
                CellChange(cell="c", change="changed", cell_type="code", before="3", after="33", metadata_changed=True),
                CellChange(cell="e", change="changed", cell_type="code", before="5", after="5", outputs_changed=True),
            ],
        )

    def test_nothing_is_told_of_what_is_the_same(self) -> None:
        """And every cell that differs is told."""

        @examples(150)
        @given(documents(), st.data())
        def holds(old: Document, data: st.DataObject) -> None:
            new = data.draw(edits_of(old))
            told = diff(old, new)
            self.assertEqual(len({change.cell for change in told}), len(told))
            differ = set(old.cells) ^ set(new.cells)
            self.assertLessEqual({cell.id for cell in differ}, {change.cell for change in told})
            if ids(old) == ids(new):
                self.assertEqual({cell.id for cell in differ}, {change.cell for change in told})

        holds()


class Merging(SynchronousTestCase):
    """Two changes of one document."""

    def test_a_side_that_changed_nothing_gives_way(self) -> None:
        """`merge(x, x, y) == merge(x, y, x) == merge(x, y, y) == y`."""

        @examples(150)
        @given(documents(), st.data())
        def holds(old: Document, data: st.DataObject) -> None:
            new = data.draw(st.one_of(documents(), edits_of(old)))
            for merged in (merge(old, old, new), merge(old, new, old), merge(old, new, new)):
                self.assertEqual((merged.document, merged.conflicts, merged.metadata_conflicts), (new, [], []))

        holds()

    def test_without_conflicts_the_sides_may_be_exchanged(self) -> None:
        """And whether there are any does not depend on the side."""

        @examples(300)
        @given(two_sides())
        def holds(sides: tuple[Document, Document, Document]) -> None:
            origin, ours, theirs = sides
            one, other = merge(origin, ours, theirs), merge(origin, theirs, ours)
            self.assertEqual(bool(one.conflicts), bool(other.conflicts))
            self.assertEqual(one.metadata_conflicts, other.metadata_conflicts)
            if not one.conflicts and not one.metadata_conflicts:
                self.assertEqual(one.document, other.document)

        holds()

    def test_no_cell_vanishes_silently(self) -> None:
        """One that is not in the result was deleted by a side, and the other had not changed it; every cell is there once."""

        @examples(300)
        @given(two_sides())
        def holds(sides: tuple[Document, Document, Document]) -> None:
            origin, ours, theirs = sides
            merged = merge(origin, ours, theirs)
            kept = [cell.id for cell in merged.document.cells]
            self.assertEqual(len(set(kept)), len(kept))
            for cell in {*ours.cells, *theirs.cells}:
                if cell.id not in kept:
                    self.assertIn(cell, origin.cells)
            self.assertLessEqual(set(kept), {cell.id for side in (ours, theirs) for cell in side.cells})
            self.assertLessEqual(set(merged.conflicts), set(kept))

        holds()

    def test_what_one_side_changed_is_there(self) -> None:
        """Without conflicts, every part of a cell is that of a side that changed it, or as it was."""

        @examples(300)
        @given(two_sides())
        def holds(sides: tuple[Document, Document, Document]) -> None:
            origin, ours, theirs = sides
            merged = merge(origin, ours, theirs)
            olds, mine, other = ({cell.id: cell for cell in side.cells} for side in sides)
            for cell in merged.document.cells:
                if cell.id in merged.conflicts or cell.id not in mine or cell.id not in other:
                    continue
                for part in ("source", "cell_type", "outputs", "execution_count", "attachments"):
                    values = [getattr(side[cell.id], part) for side in (mine, other)]
                    old = getattr(olds[cell.id], part) if cell.id in olds else None
                    changed = [value for value in values if value != old]
                    self.assertIn(getattr(cell, part), changed or [old])

        holds()

    def test_changes_of_different_cells_go_together(self) -> None:
        """Edits, insertions, deletions and moves."""
        origin = letters("abcdef")
        ours = Document((*letters("abXc").cells, attrs.evolve(code("e", "mine")), code("f", "f")))
        theirs = Document((*letters("fa").cells, code("b", "theirs"), *letters("cdYe").cells))
        merged = merge(origin, ours, theirs)
        self.assertEqual(merged.conflicts, [])
        self.assertEqual(ids(merged.document), "fabXcYe")
        self.assertEqual({cell.id: cell.source for cell in merged.document.cells}["b"], "theirs")
        self.assertEqual({cell.id: cell.source for cell in merged.document.cells}["e"], "mine")

    def test_insertions_at_one_place_follow_each_other(self) -> None:
        """Whole runs, never mixed, in an order that does not depend on the side."""
        origin = letters("ab")
        one, other = letters("aXZb"), letters("aYWb")
        self.assertEqual(ids(merge(origin, one, other).document), "aXZYWb")
        self.assertEqual(ids(merge(origin, other, one).document), "aXZYWb")

    def test_parts_of_a_cell_are_merged_apart(self) -> None:
        """One ran it, the other wrote its text and tagged it."""
        origin = made_of(code("a", "x", OUTPUTS[0], count=1, metadata=b'{"k":1}'))
        ours = made_of(code("a", "x", OUTPUTS[1], count=2, metadata=b'{"k":1,"mine":1}'))
        theirs = made_of(code("a", "y", OUTPUTS[0], count=1, metadata=b'{"k":1,"tags":[]}'))
        merged = merge(origin, ours, theirs)
        self.assertEqual(merged.conflicts, [])
        self.assertEqual(
            merged.document, made_of(code("a", "y", OUTPUTS[1], count=2, metadata=b'{"k":1,"mine":1,"tags":[]}'))
        )

    def test_what_does_not_go_together_is_told_and_stays_as_in_ours(self) -> None:
        """Text against text, outputs against outputs, a name against the same name, a change against a deletion."""
        origin = made_of(code("a", "x", OUTPUTS[0], count=1, metadata=b'{"k":1}'))
        cases = [
            (code("a", "mine"), code("a", "theirs")),
            (code("a", "x", OUTPUTS[1], count=2), code("a", "x", OUTPUTS[2], count=2)),
            (code("a", "x", OUTPUTS[0], count=1, metadata=b'{"k":2}'), code("a", "x", OUTPUTS[0], count=1)),
        ]
        for mine, other in cases:
            merged = merge(origin, made_of(mine), made_of(other))
            self.assertEqual((merged.document, merged.conflicts), (made_of(mine), ["a"]))
        for ours, theirs in ((made_of(), made_of(cases[0][0])), (made_of(cases[0][0]), made_of())):
            merged = merge(origin, ours, theirs)
            self.assertEqual((merged.document, merged.conflicts), (made_of(cases[0][0]), ["a"]))

    def test_the_same_change_on_both_sides_is_no_conflict(self) -> None:
        """Edit, insertion, deletion and move."""
        origin = letters("abcd")
        both = Document((code("d", "d"), code("a", "new"), code("X", "X"), code("c", "c")))
        more = Document((*both.cells[:3], code("c", "more")))
        merged = merge(origin, both, more)
        self.assertEqual((merged.document, merged.conflicts), (more, []))

    def test_a_cell_that_became_text_while_the_other_ran_it_is_a_conflict(self) -> None:
        """Text has no outputs: they would vanish."""
        origin = made_of(code("a", "x"))
        text = made_of(DocumentCell("a", "markdown", "x"))
        ran = made_of(code("a", "x", OUTPUTS[0], count=1))
        for ours, theirs in ((text, ran), (ran, text)):
            merged = merge(origin, ours, theirs)
            self.assertEqual((merged.document, merged.conflicts), (ours, ["a"]))

    def test_metadata_of_the_notebook_are_merged_by_name(self) -> None:
        """A name that both changed differently is told."""
        merged = merge(
            made_of(metadata=b'{"a":1,"b":1,"c":1}'),
            made_of(metadata=b'{"a":2,"b":1,"mine":1}'),
            made_of(metadata=b'{"a":3,"b":2,"c":1}'),
        )
        self.assertEqual(merged.document.metadata, b'{"a":2,"b":2,"mine":1}')
        self.assertEqual((merged.conflicts, merged.metadata_conflicts), ([], ["a"]))
        base, ours, theirs = (made_of(metadata=one) for one in (b'{"a":1,"b":1}', b'{"a":1,"b":2}', b'{"b":1}'))
        gone = merge(base, ours, theirs)
        self.assertEqual((gone.document.metadata, gone.metadata_conflicts), (b'{"b":2}', []))

    def test_the_state_of_widgets_is_no_conflict(self) -> None:
        """Nobody wrote it: that of the running kernel stays."""
        states = (Document((), b'{"widgets":{"state":%d}}' % number) for number in range(3))
        merged = merge(*states)
        self.assertEqual((merged.document.metadata, merged.metadata_conflicts), (b'{"widgets":{"state":1}}', []))


class Orders(SynchronousTestCase):
    """webipy.core.session.cell_order."""

    def test_the_fewest_move(self) -> None:
        """As many as are not in a longest common subsequence."""

        @examples(150)
        @given(st.permutations(range(6)))
        def holds(permutation: list[int]) -> None:
            old, new = "abcdef", "".join("abcdef"[number] for number in permutation)
            rows = [0] * 6
            for at, number in enumerate(permutation):
                rows[at] = 1 + max((rows[before] for before in range(at) if permutation[before] < number), default=0)
            shifted = moved(old, new)
            self.assertEqual(len(shifted), 6 - max(rows))
            rest = [one for one in new if one not in shifted]
            self.assertEqual(rest, sorted(rest))

        holds()

    def test_what_only_one_side_placed_stands_as_there(self) -> None:
        """Ids that the other side left alone are in the order of this side, for every two orders."""

        @examples(300)
        @given(st.permutations("abcdef"), st.permutations("abcdef"), st.sets(st.sampled_from("abcdef")))
        def holds(ours: list[str], theirs: list[str], kept: set[str]) -> None:
            order, torn = merged_order("abcdef", ours, theirs, kept)
            self.assertEqual(sorted(order), sorted(kept))
            self.assertLessEqual(torn, kept)
            self.assertEqual(
                merged_order("abcdef", ours, "abcdef", kept), ([one for one in ours if one in kept], set())
            )

        holds()

    def test_ids_moved_around_each_other_are_told(self) -> None:
        """Ours put `a` behind `c`, theirs `c` behind `a`: it is as in ours."""
        self.assertEqual(merged_order("abc", "bca", "acb", set("abc")), (list("bca"), {"a", "c"}))

    def test_the_sides_of_an_order_may_be_exchanged(self) -> None:
        """With insertions, deletions and moves on both sides; whether something is torn is the same from both."""

        @examples(300)
        @given(st.permutations("abcd1"), st.permutations("abcd2"), st.sets(st.sampled_from("abcd12"), min_size=3))
        def holds(ours: list[str], theirs: list[str], kept: set[str]) -> None:
            order, torn = merged_order("abcd", ours, theirs, kept)
            other, other_torn = merged_order("abcd", theirs, ours, kept)
            self.assertEqual((sorted(order), bool(torn)), (sorted(other), bool(other_torn)))
            if not torn:
                self.assertEqual(order, other)

        holds()

    def test_ten_thousand_cells_are_no_trouble(self) -> None:
        """In any order."""
        old = [str(number) for number in range(10_000)]
        new = old.copy()
        random.Random(3).shuffle(new)
        order, _ = merged_order(old, old, new, set(old))
        self.assertEqual(order, new)


class Aligning(SynchronousTestCase):
    """Files without cell ids, changed by other programs."""

    def test_a_cell_that_was_edited_keeps_its_id(self) -> None:
        """When it stands between the same neighbors and is alike."""
        old = made_of(code("a", "import numpy"), code("b", "x = compute(1)"), code("c", "plot(x)"))
        new = made_of(code("1", "import numpy"), code("2", "x = compute(2)"), code("3", "plot(x)"))
        self.assertEqual(ids(match_cells(old, new)), "abc")

    def test_a_long_cell_is_compared_by_its_lines(self) -> None:
        """Letter by letter would take minutes."""
        lines = [f"x{number} = {number}" for number in range(1_000)]
        old = made_of(code("a", "import numpy"), code("b", "\n".join(lines)))
        edited = made_of(code("1", "import numpy"), code("2", "\n".join([*lines[:-10], "y = 1"])))
        self.assertEqual(ids(match_cells(old, edited)), "ab")
        other = made_of(code("1", "import numpy"), code("2", "\n".join(line[::-1] for line in lines)))
        self.assertEqual(ids(match_cells(old, other)), "a2")

    def test_a_made_id_is_one_that_is_free(self) -> None:
        """The same for the same content, another for each copy of it, and none that a cell has."""
        first = made_id("code", "x", 0, ())
        self.assertEqual(made_id("code", "x", 0, ()), first)
        others = {made_id("code", "x", 1, ()), made_id("raw", "x", 0, ()), made_id("code", "x", 0, {first})}
        self.assertEqual(len(others - {first}), 3)

    def test_what_is_not_surely_the_same_stays_apart(self) -> None:
        """Other text, or another type. Made ids that both have say nothing."""
        old = made_of(code("a", "import numpy"), code("b", "x = compute(1)"))
        other = made_of(code("1", "import numpy"), code("2", "entirely different"))
        self.assertEqual(ids(match_cells(old, other)), "a2")
        text = made_of(code("1", "import numpy"), DocumentCell("2", "markdown", "x = compute(1)"))
        self.assertEqual(ids(match_cells(old, text)), "a2")
        known = made_of(code("b", "import numpy"), code("a", "x = compute(1)"))
        self.assertEqual(ids(match_cells(old, known)), "ab")
        self.assertEqual(match_cells(old, known, ()), known)

    def test_ids_that_stand_in_the_file_are_left(self) -> None:
        """When it is said which were made."""
        old = made_of(code("a", "same"), code("b", "same too"))
        new = made_of(code("1", "same"), code("2", "same too"))
        self.assertEqual(ids(match_cells(old, new, {"2"})), "1b")

    def test_inserted_and_deleted_cells_do_not_shift_the_others(self) -> None:
        """Each keeps its own id."""
        old = made_of(*(code(letter, f"the source of {letter * 9}") for letter in "abcdef"))
        new = made_of(
            code("0", "something new"),
            *(code(str(number), f"the source of {letter * 9}") for number, letter in enumerate("acdef", 1)),
        )
        self.assertEqual(ids(match_cells(old, new)), "0acdef")

    def test_it_changes_ids_only_and_gives_each_once(self) -> None:
        """For all documents."""

        @examples(200)
        @given(documents(), documents(), st.booleans())
        def holds(old: Document, new: Document, is_renamed: bool) -> None:
            if is_renamed:
                new = Document(tuple(attrs.evolve(cell, id=cell.id.upper()) for cell in new.cells), new.metadata)
            aligned = match_cells(old, new)
            self.assertEqual(len({cell.id for cell in aligned.cells}), len(aligned.cells))
            self.assertEqual(
                [attrs.evolve(cell, id="") for cell in aligned.cells], [attrs.evolve(cell, id="") for cell in new.cells]
            )
            for before, after in zip(new.cells, aligned.cells, strict=True):
                self.assertTrue(before.id == after.id or after.id in ids(old) or before.id in ids(old))

        holds()

    def test_an_id_that_another_cell_was_made_from_is_not_taken_for_it(self) -> None:
        """`a` was edited, and a new cell has the content that it had: each stays what it is, and neither gets the id of the other."""
        old = made_of(code("a", "edited since"), code("new", "first"))
        found = made_of(code("1", "edited since"), code("a", "first"))
        self.assertEqual(match_cells(old, found, {"1", "a"}), old)
        more = made_of(code("1", "edited since"), code("a", "first"), code("2", "first"))
        aligned = [cell.id for cell in match_cells(old, more, {"1", "a", "2"}).cells]
        self.assertEqual(aligned, ["a", "new", "2"])
        other = [
            cell.id for cell in match_cells(made_of(code("a", "long ago")), made_of(code("a", "xyz")), {"a"}).cells
        ]
        self.assertNotEqual(other, ["a"])

    def test_many_equal_cells_are_no_trouble(self) -> None:
        """They are matched in their order."""
        old = Document(tuple(code(f"a{number}", "") for number in range(5_000)))
        new = Document(tuple(code(f"b{number}", "") for number in range(5_000)))
        self.assertEqual(match_cells(old, new), old)
