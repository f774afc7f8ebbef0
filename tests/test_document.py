"""webipy.core.ipynb.document: the document of a session, folded from its events."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.test_snapshot import numbered, one_event
from webipy.core.events import events, outputs
from webipy.core.events.events import AnyEvent
from webipy.core.events.terminal_text import resolved
from webipy.core.ipynb import notebook_file
from webipy.core.ipynb.document import Document, DocumentCell, DocumentMaker, document, leaves_out
from webipy.core.session.notebook import Notebook
from webipy.core.session.session_state import MAX_STREAM, SessionState
from webipy.core.session.snapshot import snapshot_of

VECTORS = Path(__file__).parent / "vectors"

more_events: st.SearchStrategy[AnyEvent] = st.one_of(
    one_event,
    st.builds(
        lambda c, s, n: events.CellOutputsSet(cell=c, outputs=[outputs.stream("stdout", s)], execution_count=n),
        st.sampled_from("abc"),
        st.text(max_size=2),
        st.sampled_from([None, 5]),
    ),
    st.builds(
        lambda c, s: events.CellMetadataSet(cell=c, metadata=Raw(s)),
        st.sampled_from("abc"),
        st.sampled_from([b'{"b": 1, "a": 2}', b'{"a":2,"b":1}']),
    ),
    st.builds(lambda s: events.NotebookMetadataSet(metadata=Raw(s)), st.sampled_from([b'{ "k" : 1 }', b"{}"])),
    st.builds(lambda e: events.ExecutionStarted(execution=e, execution_count=3), st.sampled_from("0123")),
)


def possible(log: list[AnyEvent]) -> list[AnyEvent]:
    """The same with dense seqs, without events that could not happen."""
    cells: set[str] = set()
    kept: list[AnyEvent] = []
    for event in numbered(log):
        if (
            isinstance(event, events.CellOutputsSet | events.CellMetadataSet | events.CellAttachmentsSet)
            and event.cell not in cells
        ):
            continue
        if isinstance(event, events.CellInserted):
            cells.add(event.cell)
        elif isinstance(event, events.CellDeleted):
            cells.discard(event.cell)
        kept.append(event)
    return [msgspec.structs.replace(event, seq=number) for number, event in enumerate(kept, 1)]


class Grown:
    """A state, and its document, which is made again and again."""

    def __init__(self, limit: int = MAX_STREAM) -> None:
        self.state = SessionState(limit)
        self.maker = DocumentMaker(self.state)

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        self.state.apply(event)

    @property
    def changed(self) -> int:
        """Seq of the last event that changed what a file holds."""
        return self.state.file_state.changed

    def document(self) -> Document:
        """The document now."""
        return self.maker.prepare()()


def folded(*log: AnyEvent, limit: int = MAX_STREAM) -> Grown:
    """The fold of some events."""
    fold = Grown(limit)
    for event in log:
        fold.apply(event)
    return fold


def plainly(log: list[AnyEvent]) -> Document:
    """The document, made in the simplest way: all at once, from the folds of cells and of outputs."""
    book, shown = Notebook(), outputs.fold(log)
    counts: dict[str | None, int | None] = {}
    put: dict[str, events.CellOutputsSet] = {}
    for event in log:
        book.apply(event)
        match event:
            case events.ExecutionStarted() | events.ExecutionFinished() if event.execution_count is not None:
                counts[event.execution] = event.execution_count
            case events.CellOutputsSet():
                put[event.cell] = event
            case events.CellDeleted() | events.CellOutputsCleared() | events.ExecutionQueued():
                is_all = event.cell is None and isinstance(event, events.CellOutputsCleared)
                for known in list(put) if is_all else [event.cell or ""]:
                    put.pop(known, None)
            case _:
                pass
    made = []
    for cell in book.cells():
        plain = DocumentCell(cell.id, cell.cell_type, cell.source, sorted_map(cell.metadata))
        raws, count = shown.get(cell.execution or "", []), counts.get(cell.execution)
        if cell.id in put:
            raws, count = put[cell.id].outputs, put[cell.id].execution_count
        if cell.cell_type == "code":
            shown_now = tuple(sorted_map(output_resolved(bytes(raw), cell.id not in put)) for raw in raws)
            plain = DocumentCell(plain.id, "code", plain.source, plain.metadata, None, shown_now, count)
        elif cell.attachments is not None:
            plain = attrs.evolve(plain, attachments=sorted_map(cell.attachments))
        made.append(plain)
    return Document(tuple(made), sorted_map(book.metadata))


def sorted_map(raw: bytes) -> bytes:
    """JSON with sorted keys."""
    return msgspec.json.encode(msgspec.json.decode(raw), order="sorted")


def output_resolved(raw: bytes, is_resolved: bool) -> bytes:
    """An output with its text as a terminal shows it."""
    output = json.loads(raw)
    if output["output_type"] == "stream" and is_resolved:
        output["text"] = resolved(output["text"])
    return msgspec.json.encode(output)


class Folding(SynchronousTestCase):
    """What holds for every log."""

    def test_the_document_is_what_the_folds_of_cells_and_outputs_say(self) -> None:
        """In the form in which files are read."""

        @examples(200)
        @given(st.lists(more_events, max_size=40))
        def holds(log: list[AnyEvent]) -> None:
            log = possible(log)
            made = folded(*log).document()
            self.assertEqual(made, plainly(log))
            self.assertEqual(notebook_file.read(notebook_file.write(made, None)).document, made)

        holds()

    def test_a_snapshot_and_the_tail_make_the_same_document(self) -> None:
        """For every log and every place in it."""

        @examples(200)
        @given(st.lists(more_events, max_size=40), st.integers(0, 40))
        def holds(log: list[AnyEvent], place: int) -> None:
            log = possible(log)
            snapshot = SessionState()
            for event in log[:place]:
                snapshot.apply(event)
            self.assertEqual(folded(*snapshot_of(snapshot), *log[place:]).document(), folded(*log).document())

        holds()

    def test_changed_is_the_last_event_that_changed_the_document(self) -> None:
        """Whenever the document is another, `changed` is the seq of that event."""

        @examples(200)
        @given(st.lists(more_events, max_size=40))
        def holds(log: list[AnyEvent]) -> None:
            fold = Grown()
            for event in possible(log):
                before = fold.document()
                fold.apply(event)
                self.assertEqual(fold.state.seq, event.seq)
                if fold.document() != before:
                    self.assertEqual(fold.changed, event.seq)

        holds()

    def test_titles_and_kernels_change_no_document(self) -> None:
        """Nor do executions that are shown under no cell, and what they print."""
        fold = folded(events.CellInserted(seq=1, cell="a", after=None, cell_type="code", source=""))
        before = fold.document()
        for event in (
            events.SessionRenamed(seq=2, title="t"),
            events.KernelStateChanged(seq=3, state="busy"),
            events.ExecutionQueued(seq=4, execution="e", code="x"),
            events.OutputAdded(seq=5, execution="e", output=outputs.stream("stdout", "x")),
            events.OutputAdded(seq=6, execution=None, output=outputs.stream("stdout", "x")),
            events.ExecutionQueued(seq=7, execution="f", code="x", cell="a"),
            events.OutputsCleared(seq=8, execution="f"),
            events.ExecutionFinished(seq=9, execution="f", status="ok", duration_s=1),
            events.OutputUpdated(seq=10, display_id="d", data=Raw(b"{}"), metadata=Raw(b"{}")),
            events.CellOutputsCleared(seq=11, cell=None),
        ):
            fold.apply(event)
            self.assertEqual((fold.state.seq, fold.document()), (event.seq, before))


class Shown(SynchronousTestCase):
    """What stands under a cell."""

    def cell(self, *log: AnyEvent) -> DocumentCell:
        """The one cell of a session in which this happened to it."""
        (cell,) = folded(events.CellInserted(cell="a", after=None, cell_type="code", source=""), *log).document().cells
        return cell

    def test_an_execution_replaces_what_is_shown_when_it_is_queued(self) -> None:
        """And its number is there once it has started."""
        queued = events.ExecutionQueued(execution="e", code="x", cell="a")
        put = events.CellOutputsSet(cell="a", outputs=[outputs.stream("stdout", "old")], execution_count=4)
        self.assertEqual(self.cell(put).execution_count, 4)
        self.assertEqual(self.cell(put, queued), DocumentCell("a", "code", ""))
        started = events.ExecutionStarted(execution="e", execution_count=5)
        self.assertEqual(self.cell(put, queued, started).execution_count, 5)

    def test_late_output_still_joins(self) -> None:
        """Of a thread that goes on after the cell has finished."""
        cell = self.cell(
            events.ExecutionQueued(execution="e", code="x", cell="a"),
            events.OutputAdded(execution="e", output=outputs.stream("stdout", "a")),
            events.ExecutionFinished(execution="e", status="ok", duration_s=1, execution_count=2),
            events.OutputAdded(execution="e", output=outputs.stream("stdout", "b")),
        )
        self.assertEqual(cell.outputs, (b'{"name":"stdout","output_type":"stream","text":"ab"}',))
        self.assertEqual(cell.execution_count, 2)

    def test_outputs_are_in_the_form_in_which_files_are_read(self) -> None:
        """Sorted, compact, texts in one piece; what is transient is left out."""
        raw = (
            b'{"output_type": "display_data", "transient": {"a": 1}, "metadata": {"b":1e-5, "a":1}, '
            b'"data": {"text/html": ["a\\n", "b"], "application/json": [ 1.0 ]}}'
        )
        cell = self.cell(events.CellOutputsSet(cell="a", outputs=[Raw(raw)]))
        self.assertEqual(
            cell.outputs,
            (
                b'{"data":{"application/json":[1.0],"text/html":"a\\nb"},"metadata":{"a":1,"b":1e-5},"output_type":"display_data"}',
            ),
        )

    def test_only_code_has_outputs_and_only_text_has_attachments(self) -> None:
        """They come back when the type does."""
        attached = events.CellInserted(
            cell="m",
            after=None,
            cell_type="markdown",
            source="",
            attachments=Raw(b'{ "a.png": {"image/png": "eA=="} }'),
        )
        put = events.CellOutputsSet(cell="m", outputs=[outputs.stream("stdout", "x")], execution_count=1)
        (cell,) = folded(attached, put).document().cells
        self.assertEqual(cell, DocumentCell("m", "markdown", "", b"{}", b'{"a.png":{"image/png":"eA=="}}'))
        (cell,) = folded(attached, put, events.CellTypeSet(cell="m", cell_type="code")).document().cells
        self.assertEqual((cell.attachments, len(cell.outputs), cell.execution_count), (None, 1, 1))

    def test_what_no_notebook_can_hold_never_stops_a_save(self) -> None:
        """It is left out, and its place says so."""
        cell = self.cell(
            events.CellOutputsSet(cell="a", outputs=[Raw(b'{"output_type":"odd"}')]),
            events.CellMetadataSet(cell="a", metadata=Raw(b"[1]")),
        )
        self.assertEqual(cell.metadata, b"{}")
        self.assertIn(b"cannot hold", cell.outputs[0])
        made = Document((cell,))
        self.assertEqual(notebook_file.read(notebook_file.write(made, None)).document, made)

    def test_outputs_that_are_cleared_are_gone(self) -> None:
        """At once, or with the next one; where there are none nothing changes."""
        queued = events.ExecutionQueued(seq=1, execution="e", code="x", cell="a")
        one, two = (events.OutputAdded(execution="e", output=outputs.stream("stdout", text)) for text in ("1", "2"))
        cleared, waiting = (events.OutputsCleared(execution="e", wait=wait) for wait in (False, True))
        table: list[tuple[list[AnyEvent], str]] = [
            ([one, cleared], ""),
            ([one, cleared, two], "2"),
            ([one, waiting], "1"),
            ([one, waiting, two], "2"),
            ([waiting, one], "1"),
            ([cleared, one], "1"),
        ]
        for log, shown in table:
            texts = [json.loads(output)["text"] for output in self.cell(queued, *log).outputs]
            self.assertEqual("".join(texts), shown, log)
        fold = folded(events.CellInserted(cell="a", after=None, cell_type="code", source=""), queued)
        before = fold.document()
        fold.apply(msgspec.structs.replace(cleared, seq=9))
        self.assertEqual(fold.document(), before)

    def test_attachments_that_no_notebook_can_hold_are_left_out(self) -> None:
        """The cell stays."""
        inserted = events.CellInserted(cell="m", after=None, cell_type="markdown", source="x", attachments=Raw(b"[1]"))
        (cell,) = folded(inserted).document().cells
        self.assertEqual((cell.source, cell.attachments), ("x", None))

    def test_a_display_is_updated_where_it_is_still_shown(self) -> None:
        """One of a cell that was deleted, or put away, changes the document no more."""
        display = Raw(b'{"output_type":"display_data","data":{},"metadata":{}}')
        fold = folded(
            *(events.CellInserted(cell=cell, after=None, cell_type="code", source="") for cell in "ab"),
            *(events.ExecutionQueued(execution=cell, code="x", cell=cell) for cell in "ab"),
            *(events.OutputAdded(execution=cell, output=display, display_id="d") for cell in "ab"),
            events.CellDeleted(seq=10, cell="a"),
        )
        for seq, value in ((11, b"1"), (12, b"2")):
            data = Raw(b'{"text/plain":"%s"}' % value)
            fold.apply(events.OutputUpdated(seq=seq, display_id="d", data=data, metadata=Raw(b"{}")))
            self.assertEqual(fold.changed, seq)
            self.assertIn(b'"%s"' % value, fold.document().cells[0].outputs[0])
        fold.apply(events.CellOutputsCleared(seq=13, cell=None))
        fold.apply(events.OutputUpdated(seq=14, display_id="d", data=Raw(b"{}"), metadata=Raw(b"{}")))
        self.assertEqual(fold.document().cells[0].outputs, ())

    def test_cells_that_are_deleted_are_forgotten(self) -> None:
        """The others are made once; a document of the same state that is made anew is the same."""
        fold = folded(*(events.CellInserted(cell=cell, after=None, cell_type="code", source="x") for cell in "ab"))
        (kept, _) = fold.document().cells
        fold.apply(events.CellDeleted(cell="a"))
        made = fold.document()
        self.assertIs(made.cells[0], kept)
        self.assertEqual((len(made.cells), document(fold.state)), (1, made))

    def test_a_cell_that_is_deleted_while_it_is_made_is_forgotten(self) -> None:
        """Another thread makes it, and the next document does without."""
        fold = folded(*(events.CellInserted(cell=cell, after=None, cell_type="code", source="x") for cell in "ab"))
        first = fold.maker.prepare()
        fold.apply(events.CellDeleted(cell="a"))
        second = fold.maker.prepare()
        self.assertEqual([cell.id for cell in first().cells], ["b", "a"])
        (kept,) = second().cells
        for _ in range(2):
            (again,) = fold.document().cells
            self.assertIs(again, kept)

    def test_what_is_taken_again_is_not_made_again(self) -> None:
        """Cells that did not change are the same objects."""
        fold = folded(
            *(events.CellInserted(cell=cell, after=None, cell_type="code", source="") for cell in "ab"),
            events.ExecutionQueued(execution="e", code="x", cell="b"),
            events.OutputAdded(
                execution="e", output=Raw(b'{"output_type":"display_data","data":{},"metadata":{}}'), display_id="d"
            ),
        )
        before = fold.document()
        fold.apply(events.OutputAdded(execution="e", output=outputs.stream("stdout", "x")))
        after = fold.document()
        self.assertIs(after.cells[1], before.cells[1])
        self.assertIs(after.cells[0].outputs[0], before.cells[0].outputs[0])
        fold.apply(events.OutputUpdated(display_id="d", data=Raw(b'{"text/plain":"new"}'), metadata=Raw(b"{}")))
        self.assertIn(b'"new"', fold.document().cells[0].outputs[0])

    def test_outputs_in_normal_form_are_in_memory_once(self) -> None:
        """The state has those that an event put there from the document, byte for byte; others stay as they are."""
        formed = Raw(b'{"data":{},"metadata":{},"output_type":"display_data"}')
        other = Raw(b'{"output_type":"display_data","data":{},"metadata":{}}')
        for raw, is_shared in ((formed, True), (other, False)):
            put = events.CellOutputsSet(cell="a", outputs=[raw], execution_count=4)
            fold = folded(events.CellInserted(cell="a", after=None, cell_type="code", source=""), put)
            made = fold.document()
            fold.maker.share()
            now = fold.state.outputs.put["a"]
            self.assertEqual((now is not put, bytes(now.outputs[0]), now.execution_count), (is_shared, bytes(raw), 4))
            self.assertIs(fold.document().cells[0], made.cells[0])
            fold.apply(events.CellEdited(cell="a", version=1, changes=[[0, "x"]]))
            self.assertIs(fold.document().cells[0].outputs[0], made.cells[0].outputs[0])

    def test_outputs_that_were_put_since_are_not_replaced(self) -> None:
        """The document was made of others."""
        fold = folded(
            events.CellInserted(cell="a", after=None, cell_type="code", source=""),
            events.CellOutputsSet(cell="a", outputs=[Raw(b'{"data":{},"metadata":{},"output_type":"display_data"}')]),
        )
        fold.document()
        newer = events.CellOutputsSet(cell="a", outputs=[])
        fold.apply(newer)
        fold.maker.share()
        self.assertIs(fold.state.outputs.put["a"], newer)

    def test_cells_that_a_file_has_are_those_of_the_file(self) -> None:
        """Whole where they are equal, else their outputs."""
        formed = b'{"data":{},"metadata":{},"output_type":"display_data"}'
        file = Document((DocumentCell("a", "code", "x", outputs=(formed,)), DocumentCell("b", "code", "x")))
        fold = folded(
            *(events.CellInserted(cell=cell, after=None, cell_type="code", source="x") for cell in "ba"),
            events.CellOutputsSet(cell="a", outputs=[Raw(bytes(bytearray(formed)))]),
        )
        self.assertIs(fold.maker.prepare(file)().cells[0], file.cells[0])
        fold.apply(events.CellEdited(cell="a", version=1, changes=[1, [0, "y"]]))
        self.assertIs(fold.maker.prepare(file)().cells[0].outputs[0], formed)

    def test_printing_a_lot_costs_no_more_for_each_line(self) -> None:
        """200,000 prints, the document taken now and then."""
        fold = folded(
            events.CellInserted(cell="a", after=None, cell_type="code", source=""),
            events.ExecutionQueued(execution="e", code="x", cell="a"),
        )
        line = events.OutputAdded(execution="e", output=outputs.stream("stdout", "x\n"))
        for number in range(200_000):
            fold.apply(line)
            if number % 50_000 == 0:
                fold.document()
        (output,) = fold.document().cells[0].outputs
        self.assertEqual(json.loads(output)["text"], "x\n" * 200_000)


class LongStreams(SynchronousTestCase):
    """A file holds so much of one stream."""

    LIMIT = 54  # 40 of the end, 10 of the start

    def text(self, *parts: str) -> str:
        """What a file holds of text that came in these parts."""
        cell = folded(
            events.CellInserted(cell="a", after=None, cell_type="code", source=""),
            events.ExecutionQueued(execution="e", code="x", cell="a"),
            *(events.OutputAdded(execution="e", output=outputs.stream("stdout", part)) for part in parts),
            limit=self.LIMIT,
        ).document()
        return str(json.loads(cell.cells[0].outputs[0])["text"])

    def test_the_start_and_the_end_are_kept_and_what_is_between_is_told(self) -> None:
        """In a line of its own."""
        printed = "".join(f"{number:04}\n" for number in range(1000))
        self.assertEqual(
            self.text(printed),
            "0000\n0001\n\n[4,950 characters are left out here; the journal of the session has them]\n"
            + "".join(f"{number:04}\n" for number in range(992, 1000)),
        )

    def test_how_the_text_came_does_not_matter(self) -> None:
        """All at once or bit by bit, and below the limit it is whole."""

        @examples(100)
        @given(st.integers(0, 400), st.integers(1, 60))
        def holds(length: int, step: int) -> None:
            printed = "".join(chr(97 + number % 26) for number in range(length)) + "."
            whole = self.text(printed)
            self.assertEqual(self.text(*(printed[at : at + step] for at in range(0, len(printed), step))), whole)
            self.assertEqual(whole == printed, len(printed) <= 50)

        holds()

    def test_a_snapshot_that_leaves_text_out_makes_the_same(self) -> None:
        """When it keeps as much as a file."""
        log: list[AnyEvent] = [
            events.CellInserted(seq=1, cell="a", after=None, cell_type="code", source=""),
            events.ExecutionQueued(seq=2, execution="e", code="x", cell="a"),
            *(
                events.OutputAdded(seq=3 + number, execution="e", output=outputs.stream("stdout", f"{number:04}\n"))
                for number in range(100)
            ),
        ]
        for place in (20, 60, len(log)):
            snapshot = SessionState()
            for event in log[:place]:
                snapshot.apply(event)
            made = folded(*snapshot_of(snapshot, 40), *log[place:], limit=self.LIMIT)
            whole = folded(*log, limit=self.LIMIT)
            self.assertEqual(made.document(), whole.document())
            self.assertTrue(leaves_out(made.document()) and leaves_out(whole.document()))
        self.assertFalse(leaves_out(folded(*log, limit=2000).document()))

    def test_the_metadata_have_the_state_of_the_widgets_that_are_shown(self) -> None:
        """As it is now; nothing of it in a text, which has no outputs, and nothing when the outputs are gone."""
        view = Raw(
            b'{"output_type":"display_data","metadata":{},"data":{"application/vnd.jupyter.widget-view+json":{"model_id":"c"}}}'
        )
        message = Raw(b'{"method": "update", "state": {"value": 4}}')
        log: list[AnyEvent] = [
            events.CellInserted(seq=1, cell="a", after=None, cell_type="code", source=""),
            events.CommOpened(
                seq=2, comm="c", target="jupyter.widget", content=Raw(b'{"state": {"value": 3}}'), metadata=Raw(b"{}")
            ),
            events.CellOutputsSet(seq=3, cell="a", outputs=[view], execution_count=1),
            events.CommMessage(seq=4, comm="c", content=message, metadata=Raw(b"{}")),
        ]

        def value(*told: AnyEvent) -> object:
            metadata = json.loads(folded(*told).document().metadata)
            return (
                metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]["c"]["state"]["value"]
                if metadata
                else None
            )

        self.assertEqual([value(*log[:3]), value(*log)], [3, 4])
        cleared = events.CellOutputsCleared(seq=5, cell="a")
        self.assertIsNone(value(*log, cleared))
        text = events.NotebookOpened(seq=1, path="a.py", etag="", format="py:percent", minor=None)
        self.assertIsNone(value(text, *(msgspec.structs.replace(one, seq=one.seq + 1) for one in log)))
