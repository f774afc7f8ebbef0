"""webipy.core.session.session_state, webipy.core.session.shown_outputs, webipy.core.session.lifecycle and webipy.core.session.execution_spans."""

from __future__ import annotations

from typing import get_args

import msgspec
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.events import events, outputs
from webipy.core.events.events import AnyEvent
from webipy.core.session import lifecycle, shown_outputs
from webipy.core.session.execution_spans import Span
from webipy.core.session.session_state import MAX_RESULT_STREAM, MAX_STREAM, SHOWN_CHARACTERS, SessionState

OF_NO_STATE = {events.MessageReceived, events.MessageSent, events.KernelStartRetried}
"""What passes, and leaves nothing behind."""

CELL = events.CellInserted(cell="a", after=None, cell_type="code", source="x")
QUEUED = events.ExecutionQueued(execution="e", code="x", cell="a")
FINISHED = events.ExecutionFinished(execution="e", status="ok", duration_s=0)
DISPLAY = Raw(b'{"output_type":"display_data","data":{},"metadata":{}}')


def folded(*log: AnyEvent) -> SessionState:
    """The state after some events, with dense seqs."""
    state = SessionState()
    for seq, event in enumerate(log, 1):
        state.apply(msgspec.structs.replace(event, seq=seq))
    return state


class Parts(SynchronousTestCase):
    """One event goes to the parts that it concerns."""

    def test_every_event_has_a_part(self) -> None:
        """But for those that leave nothing behind."""
        state = SessionState()
        parts = (
            *(state.notebook, state.file_state, state.runs, state.spans, state.history_points, state.lifecycle),
            *(state.outputs, state.comms),
        )
        applied = {kind for part in parts for kind in part.EVENTS}
        self.assertEqual(applied | OF_NO_STATE, set(get_args(AnyEvent)))

    def test_its_seq_is_that_of_the_newest_event(self) -> None:
        """Snapshots repeat events with their own seqs, in another order."""
        state = folded(CELL, QUEUED, FINISHED)
        self.assertEqual(state.seq, 3)
        state.apply(msgspec.structs.replace(events.SessionRenamed(title="t"), seq=1))
        self.assertEqual(state.seq, 3)

    def test_how_much_of_a_text_is_kept(self) -> None:
        """What a document needs under cells, what is shown elsewhere; all of it without a limit. The README has the limits."""
        state = SessionState(4_000)
        self.assertEqual((state.outputs.limit, state.outputs.limit_without_cell), (3_000, SHOWN_CHARACTERS))
        everything = SessionState(None)
        self.assertEqual((everything.outputs.limit, everything.outputs.limit_without_cell), (None, None))
        self.assertEqual((SessionState().limit, MAX_STREAM, MAX_RESULT_STREAM), (8 << 20, 8 << 20, 256 << 20))

    def test_what_remains_of_a_closed_session(self) -> None:
        """Where its executions stand, and its file; no cells and no outputs."""
        state = folded(CELL, QUEUED, FINISHED)
        remains = state.remains()
        self.assertEqual((remains.seq, remains.notebook.ids(), remains.outputs.records), (0, [], {}))
        self.assertEqual(remains.spans.get("e"), state.spans.get("e"))
        self.assertIs(remains.file_state, state.file_state)


class Outputs(SynchronousTestCase):
    """Which records are kept, and which cells have changed."""

    def test_cells_under_which_something_changes(self) -> None:
        """A table: what happens to a cell with a display, and whether it is to be written down again."""
        shown = events.OutputAdded(execution="e", cell="a", output=DISPLAY, display_id="d")
        updated = events.OutputUpdated(display_id="d", data=Raw(b"{}"), metadata=Raw(b"{}"))
        table: list[tuple[AnyEvent, bool]] = [
            (events.OutputAdded(execution="e", cell="a", output=outputs.stream("stdout", "x")), True),
            (events.OutputAdded(execution="other", output=outputs.stream("stdout", "x")), False),
            (updated, True),
            (events.OutputUpdated(display_id="other", data=Raw(b"{}"), metadata=Raw(b"{}")), False),
            (events.CellEdited(cell="a", version=1, changes=[1, [0, "y"]]), True),
            (events.CellOutputsCleared(cell="a"), True),
            (events.CellOutputsSet(cell="a", outputs=[]), True),
            (FINISHED, True),
            (events.SessionRenamed(title="t"), False),
        ]
        for event, is_changed in table:
            state = folded(CELL, QUEUED, shown)
            self.assertEqual((state.outputs.has_changed, state.outputs.changed_cells()), (True, {"a"}))
            self.assertEqual((state.outputs.has_changed, state.outputs.changed_cells()), (False, set()))
            state.apply(event)
            state.apply(events.OutputsCleared(execution="unknown"))
            self.assertEqual(state.outputs.changed_cells(), {"a"} if is_changed else set(), event)

    def test_an_execution_of_a_cell_that_is_gone_is_kept_until_its_end(self) -> None:
        """Its record goes with it."""
        state = folded(CELL, QUEUED, events.CellDeleted(cell="a"))
        self.assertEqual(list(state.outputs.records), ["e"])
        state.apply(FINISHED)
        self.assertEqual(state.outputs.records, {})

    def test_outputs_that_are_put_replace_the_record(self) -> None:
        """And the next execution of the cell replaces them."""
        put = events.CellOutputsSet(cell="a", outputs=[DISPLAY])
        state = folded(CELL, QUEUED, FINISHED, put)
        self.assertEqual((list(state.outputs.records), list(state.outputs.put)), ([], ["a"]))
        state.apply(events.ExecutionQueued(execution="f", code="x", cell="a"))
        self.assertEqual((list(state.outputs.records), list(state.outputs.put)), (["f"], []))

    def test_whether_cells_have_changed(self) -> None:
        """Since they were asked for last; what an execution that is not kept or not shown does changes none."""
        started = events.ExecutionStarted(execution="e", execution_count=1)
        cleared = events.OutputsCleared(execution="e")
        late = events.OutputAdded(execution="e", output=outputs.stream("stdout", "x"))
        state = folded(CELL, QUEUED)
        self.assertTrue(state.outputs.has_changed)
        for event, is_changed in ((started, True), (cleared, True), (events.OutputsCleared(execution="z"), False)):
            state.outputs.changed_cells()
            state.apply(event)
            self.assertEqual(state.outputs.has_changed, is_changed, event)
        state = folded(CELL, QUEUED, events.ExecutionQueued(execution="f", code="x", cell="a"))
        state.outputs.changed_cells()
        for one in (late, started, cleared):
            state.apply(one)
        self.assertFalse(state.outputs.has_changed, "the cell shows another execution")

    def test_a_move_is_a_move_of_the_record(self) -> None:
        """Before another one, or behind all; of what is not kept: nothing."""
        queued = [events.ExecutionQueued(execution=name, code="x") for name in "abc"]
        for execution, before, order in (("c", "a", "cab"), ("a", None, "bca"), ("z", "a", "abc"), ("a", "z", "bca")):
            state = folded(*queued, events.ExecutionMoved(execution=execution, before=before))
            self.assertEqual("".join(state.outputs.records), order)

    def test_the_last_without_a_cell_are_kept(self) -> None:
        """Older ones that have ended are dropped; one that is open stays."""
        self.patch(shown_outputs, "LAST_WITHOUT_CELL", 2)
        log: list[AnyEvent] = [events.ExecutionQueued(execution="open", code="x")]
        for name in "abc":
            log += [
                events.ExecutionQueued(execution=name, code="x"),
                events.ExecutionFinished(execution=name, status="ok", duration_s=0),
            ]
        self.assertEqual(list(folded(*log).outputs.records), ["open", "b", "c"])

    def test_all_that_is_shown_can_be_cleared_at_once(self) -> None:
        """Of every cell; an execution that is open goes on under its cell's id, and is kept until its end."""
        other = events.CellInserted(cell="b", after="a", cell_type="code", source="x")
        state = folded(CELL, other, QUEUED, FINISHED, events.ExecutionQueued(execution="f", code="x", cell="b"))
        state.apply(events.CellOutputsCleared(cell=None))
        self.assertEqual(list(state.outputs.records), ["f"])
        self.assertEqual(state.outputs.changed_cells(), {"a", "b"})

    def test_an_execution_of_a_cell_that_was_deleted_before_is_of_no_cell(self) -> None:
        """It puts nothing away."""
        state = folded(QUEUED, events.CellOutputsSet(cell="a", outputs=[DISPLAY]))
        self.assertEqual((list(state.outputs.records), state.outputs.put), (["e"], {}))


class Spans(SynchronousTestCase):
    """Where executions stand in the journal."""

    def test_output_after_the_end_is_late(self) -> None:
        """What comes before it is in between."""
        added = events.OutputAdded(execution="e", output=outputs.stream("stdout", "x"))
        state = folded(CELL, QUEUED, added, FINISHED)
        self.assertEqual(state.spans.get("e"), Span(2, 4, 0))
        state = folded(CELL, QUEUED, added, FINISHED, added)
        self.assertEqual(state.spans.get("e"), Span(2, 4, 5))

    def test_the_last_update_of_a_display(self) -> None:
        """Where it stands, for whoever is shown an execution that was cut before it."""
        updated = events.OutputUpdated(display_id="d", data=Raw(b"{}"), metadata=Raw(b"{}"))
        self.assertEqual(folded(updated, CELL, updated).spans.updates, {"d": 3})

    def test_an_unknown_execution(self) -> None:
        """It is not found."""
        self.assertIsNone(SessionState().spans.find("e"))
        self.assertRaises(errors.NotFound, SessionState().spans.get, "e")


class Standing(SynchronousTestCase):
    """What the last events of each kind say."""

    def test_a_session_and_its_kernel(self) -> None:
        """Whether it is temporary, what it was copied from, when it was opened last, and its kernel's greeting."""
        ready = events.KernelReady(kernel="k", start=1, seconds=0.1, language_info=Raw(b"{}"))
        state = folded(events.SessionCreated(session="s", title="t", temporary=True, source="f.ipynb"), ready)
        cycle = state.lifecycle
        self.assertEqual((cycle.is_temporary, cycle.source, cycle.reopened_seq), (True, "f.ipynb", 0))
        self.assertIsInstance(cycle.ready, events.KernelReady)
        state.apply(events.SessionReopened(seq=3))
        self.assertEqual((cycle.is_temporary, cycle.reopened_seq, cycle.ready), (False, 3, None))

    def test_a_session_that_is_kept_is_temporary_no_more(self) -> None:
        """Also one that was opened again as temporary."""
        created = events.SessionCreated(session="s", title="t", temporary=True)
        kept = events.SessionKept()
        self.assertFalse(folded(created, kept).lifecycle.is_temporary)
        again = folded(created, events.SessionReopened(temporary=True))
        self.assertTrue(again.lifecycle.is_temporary)
        again.apply(kept)
        self.assertFalse(again.lifecycle.is_temporary)
        self.assertIsNone(folded(kept).lifecycle.created)

    def test_a_closed_session_is_closed_until_it_is_opened_again(self) -> None:
        """Its kernel is gone then."""
        closed = events.SessionClosed()
        started = events.KernelStarted(
            kernel="k", kernelspec="p", display_name="P", language="python", url_without_key=""
        )
        state = folded(started, events.KernelStateChanged(state="idle"), closed)
        self.assertEqual(
            (state.lifecycle.closed, len(state.lifecycle.kernel)), (msgspec.structs.replace(closed, seq=3), 2)
        )
        state.apply(events.SessionReopened(seq=4))
        self.assertEqual((state.lifecycle.closed, state.lifecycle.kernel), (None, []))

    def test_the_last_event_of_each_kind_says_how_a_kernel_stands(self) -> None:
        """A new start replaces all of them."""
        started = events.KernelStarted(
            kernel="k", kernelspec="p", display_name="P", language="python", url_without_key=""
        )
        busy, idle = (events.KernelStateChanged(state=state) for state in ("busy", "idle"))
        self.assertEqual(
            [type(event) for event in folded(started, busy, idle).lifecycle.kernel], [type(started), type(idle)]
        )
        self.assertEqual(len(folded(busy, started).lifecycle.kernel), 1)

    def test_what_waits_and_what_is_open(self) -> None:
        """Prompts until they are answered, runs until they have finished, with the event that stops them."""
        asked = events.InputRequested(seq=1, request="r", prompt="?")
        state = folded(asked)
        self.assertEqual(state.lifecycle.inputs, {"r": asked})
        state.apply(events.InputReplied(request="r", value="x"))
        self.assertEqual(state.lifecycle.inputs, {})
        began, stopped = events.RunStarted(run="r", executions=1), events.RunStopped(run="r", cause="asked")
        state = folded(began, stopped, events.RunStopped(run="other", cause="asked"))
        self.assertEqual([type(event) for event in state.runs.as_events()], [type(began), type(stopped)])
        for _ in range(2):
            state.apply(events.RunFinished(run="r", status="ok"))
        self.assertEqual(state.runs.as_events(), [])

    def test_the_last_checkpoints_and_losses(self) -> None:
        """So many of each."""
        count = lifecycle.LAST_LOSSES + 1
        state = folded(
            *(events.OutputLost(reason=str(number), count=1) for number in range(count)),
            *(events.CheckpointMade(name=str(number)) for number in range(count)),
        )
        standing = state.lifecycle
        self.assertEqual((len(standing.losses), standing.losses[0].reason), (lifecycle.LAST_LOSSES, "1"))
        self.assertEqual((len(standing.checkpoints), standing.checkpoints[0].name), (lifecycle.LAST_CHECKPOINTS, "1"))
