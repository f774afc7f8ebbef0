"""webipy.core.session.history_points: moments of a document that can be shown and restored."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.session.history_points import HistoryPoints

OPENED = events.NotebookOpened(path="a.ipynb", etag="1")
EDITED = events.CellEdited(cell="a", version=1, changes=[[0, "x"]], by="Ada")
RAN = events.ExecutionQueued(execution="e", code="x", cell="a", by="Ada")
REOPENED = events.SessionReopened()


def points(*log: AnyEvent | tuple[str, AnyEvent]) -> HistoryPoints:
    """The points after some events, with dense seqs; one in a pair has the time of day that stands before it."""
    made, time = HistoryPoints(), "09:30:00"
    for seq, one in enumerate(log, 1):
        time, event = one if isinstance(one, tuple) else (time, one)
        stamp = f"2026-03-01T{time}.000000Z" if time else ""
        made.apply(msgspec.structs.replace(event, seq=seq, time=stamp))
    return made


def kinds(made: HistoryPoints) -> list[tuple[int, str, str]]:
    """Seq, kind and name of each point."""
    return [(point.seq, point.kind, point.name) for point in made.all]


class Points(SynchronousTestCase):
    """`HistoryPoints`."""

    def test_what_happens_to_the_file_is_a_point(self) -> None:
        """Opened, reloaded, saved by somebody, in conflict, a checkpoint; autosaves are none."""
        saved = events.NotebookSaved(path="a.ipynb", etag="2", until=1)
        made = points(
            OPENED,
            events.NotebookReloaded(path="a.ipynb", etag="3", changed="a.py"),
            events.NotebookConflicted(path="a.ipynb", reason="both", etag="4"),
            saved,
            msgspec.structs.replace(saved, by="Ada"),
            events.CheckpointMade(name="before"),
            events.KernelStateChanged(state="idle"),
        )
        wanted = [
            (1, "opened", "a.ipynb"),
            (2, "reloaded", "a.py"),
            (3, "conflict", "both"),
            (5, "saved", "a.ipynb"),
            (6, "checkpoint", "before"),
        ]
        self.assertEqual((kinds(made), made.checkpoints, made.seq), (wanted, {"before": 6}, 7))
        made.clear()
        self.assertEqual((kinds(made), made.checkpoints), ([], {}))

    def test_edits_of_one_person_without_a_pause_are_one_point(self) -> None:
        """It grows; a pause, another person or a run ends it. A time that is none ends nothing."""
        other = msgspec.structs.replace(EDITED, by="Grace", cell="b")
        made = points(EDITED, ("09:32:00", EDITED), ("09:34:01", EDITED), other, RAN, RAN, EDITED, ("", EDITED))
        wanted = [(2, "edited", ""), (3, "edited", ""), (4, "edited", ""), (6, "ran", ""), (8, "edited", "")]
        self.assertEqual(kinds(made), wanted)
        self.assertEqual([set(point.cells) for point in made.all], [{"a"}, {"a"}, {"b"}, {"a"}, {"a"}])

    def test_what_happened_to_each_cell_is_one_word(self) -> None:
        """For a row as a whole: what was added stays added, what went and came back has changed; metadata of the notebook touches no cell."""
        inserted = events.CellInserted(cell="a", after=None, cell_type="code", source="")
        deleted, moved = events.CellDeleted(cell="a"), events.CellMoved(cell="a", after=None)
        edited = msgspec.structs.replace(EDITED, by=None)
        table: list[tuple[list[AnyEvent], dict[str, str]]] = [
            ([edited], {"a": "changed"}), ([moved], {"a": "moved"}), ([moved, edited], {"a": "changed"}), ([edited, moved], {"a": "changed"}),
            ([inserted, edited, moved], {"a": "added"}), ([edited, deleted], {"a": "removed"}), ([deleted, inserted], {"a": "changed"}),
            ([events.NotebookMetadataSet(metadata=msgspec.Raw(b"{}"))], {}), ([RAN], {"a": "ran"}),
        ]  # fmt: skip
        for log, cells in table:
            self.assertEqual([point.cells for point in points(*log).all], [cells], log)

    def test_edits_that_a_file_made_are_its_own(self) -> None:
        """They are written just before the event that says so; older ones stay."""
        self.assertEqual(kinds(points(EDITED, OPENED)), [(2, "opened", "a.ipynb")])
        reloaded = events.NotebookReloaded(path="a.ipynb", etag="3")
        self.assertEqual(kinds(points(EDITED, reloaded)), [(2, "reloaded", "a.ipynb")])
        kernel = events.KernelStateChanged(state="idle")
        self.assertEqual(kinds(points(EDITED, kernel, OPENED)), [(1, "edited", ""), (3, "opened", "a.ipynb")])

    def test_of_openings_in_a_row_the_last_counts(self) -> None:
        """Whoever looks at a closed session changes nothing."""
        self.assertEqual(kinds(points(REOPENED, REOPENED)), [(2, "opened", "")])
        self.assertEqual(kinds(points(REOPENED, OPENED, REOPENED))[0], (1, "opened", ""))
