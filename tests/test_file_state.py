"""webipy.core.session.file_state: what the events say about the file of a session."""

from __future__ import annotations

import msgspec
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events, outputs
from webipy.core.events.events import AnyEvent
from webipy.core.session.file_state import FileState, is_same_file

OPENED = events.NotebookOpened(path="a.ipynb", etag="1-2-3", minor=5, repairs=["mended"])
SAVED = events.NotebookSaved(path="a.ipynb", etag="2-2-3", until=3, minor=4)
EDITED = events.CellEdited(cell="a", version=1, changes=[[0, "x"]])
QUEUED = events.ExecutionQueued(execution="e", code="x", cell="a")
FINISHED = events.ExecutionFinished(execution="e", status="ok", duration_s=0)
CONFLICT = events.NotebookConflicted(path="a.ipynb", reason="both", etag="4-2-3")
FAILED = events.NotebookSaveFailed(path="a.ipynb", reason="full")


def printed(cell: str | None = None, execution: str | None = "e") -> events.OutputAdded:
    """Text on stdout."""
    return events.OutputAdded(execution=execution, cell=cell, output=outputs.stream("stdout", "x"))


def folded(*log: AnyEvent) -> FileState:
    """The state after some events, with dense seqs."""
    state = FileState()
    for seq, event in enumerate(log, 1):
        state.apply(msgspec.structs.replace(event, seq=seq))
    return state


class States(SynchronousTestCase):
    """`FileState`."""

    def test_what_changes_the_file(self) -> None:
        """A table: events after opening, and the seqs of the last edit and of the last change."""
        for log, edited, changed in (
            ((), 0, 0),
            ((EDITED,), 2, 2),
            ((QUEUED, printed()), 0, 3),
            ((QUEUED, FINISHED), 0, 3),
            ((QUEUED, FINISHED, printed(), FINISHED), 0, 3),
            ((QUEUED, FINISHED, printed("a")), 0, 4),
            ((printed(execution=None), events.ExecutionStarted(execution="e")), 0, 0),
            ((events.CellOutputsCleared(cell=None),), 0, 2),
            ((events.OutputUpdated(display_id="d", data=Raw(b"{}"), metadata=Raw(b"{}")),), 0, 2),
            ((events.KernelStateChanged(state="idle"),), 0, 0),
        ):
            state = folded(OPENED, *log)
            self.assertEqual((state.edited, state.changed), (edited, changed), log)
            self.assertEqual(state.is_saved, changed <= 1)

    def test_a_save_holds_what_it_holds(self) -> None:
        """What came after it is not in the file; a conflict and a failure are over."""
        state = folded(OPENED, EDITED, EDITED, CONFLICT, FAILED, SAVED)
        self.assertEqual((state.saved, state.is_saved, state.etag, state.minor), (3, True, "2-2-3", 4))
        self.assertEqual((state.conflict, state.failed), (None, None))
        self.assertFalse(folded(OPENED, EDITED, EDITED, EDITED, SAVED).is_saved)
        self.assertFalse(FileState().is_saved, "there is no file")

    def test_a_file_that_moved_is_the_same_file(self) -> None:
        """Under its new path."""
        state = folded(OPENED, events.NotebookMoved(path="b.ipynb"))
        self.assertEqual((state.path, state.etag), ("b.ipynb", "1-2-3"))

    def test_a_file_is_known_by_its_etag(self) -> None:
        """One of a former server has no time of the inode; a file that was deleted and came back is news."""
        state = folded(OPENED)
        self.assertEqual([state.has(etag) for etag in ("1-2-3", "1-2-3-9", "9-2-3", None)], [True, True, False, False])
        state = folded(msgspec.structs.replace(OPENED, etag="x"))
        self.assertEqual([state.is_at(etag) for etag in ("x", "x-1")], [True, False])
        gone = folded(OPENED, events.NotebookConflicted(path="a.ipynb", reason="deleted", etag=None))
        self.assertEqual((gone.has("1-2-3"), gone.is_at("1-2-3")), (True, False))

    def test_a_file_that_was_read_again_is_as_it_was_read(self) -> None:
        """With what was mended in it, without a conflict; its texts are in step as the event says, or as they were."""
        saved = msgspec.structs.replace(SAVED, pairs={"a.py": "7-2-3"})
        reloaded = events.NotebookReloaded(path="b.ipynb", etag="5-2-3", minor=3, repairs=["mended again"])
        state = folded(OPENED, saved, CONFLICT, reloaded)
        self.assertEqual((state.path, state.etag, state.minor, state.conflict), ("b.ipynb", "5-2-3", 3, None))
        self.assertEqual((state.repairs, state.pairs), (["mended again"], {"a.py": "7-2-3"}))
        other = msgspec.structs.replace(reloaded, etag="", pairs={"a.md": "8-2-3"})
        state = folded(OPENED, saved, other)
        self.assertEqual((state.etag, state.pairs), (None, {"a.md": "8-2-3"}))

    def test_etags_of_one_file(self) -> None:
        """Whatever its name and mode; no file is none."""
        self.assertTrue(is_same_file("1-2-3-4", "1-2-3-5"))
        self.assertTrue(is_same_file("1-2-3", "1-2-3-5"))
        self.assertFalse(is_same_file("1-2-3-4", "1-2-9-4"))
        self.assertEqual(
            (is_same_file(None, "1-2-3"), is_same_file("1-2-3", None), is_same_file(None, None)), 3 * (False,)
        )

    def test_the_fewest_events_fold_to_the_same(self) -> None:
        """With a conflict, a failure, pairs, and a file that is read again."""
        reloaded = events.NotebookReloaded(path="a.ipynb", etag="5-2-3", minor=5, pairs={"a.py": "6-2-3"})
        for log in ((), (OPENED,), (OPENED, SAVED), (OPENED, CONFLICT, FAILED), (OPENED, EDITED, reloaded)):
            state, again = folded(*log), FileState()
            for event in state.as_events(9):
                again.apply(event)
            self.assertEqual(again, state, log)
