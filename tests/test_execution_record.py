"""webipy.core.session.execution_record: what the journal has of one execution."""

from __future__ import annotations

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events, outputs
from webipy.core.events.events import AnyEvent
from webipy.core.session.execution_record import ExecutionRecord

QUEUED = events.ExecutionQueued(seq=1, execution="e", code="x", cell="a")
STARTED = events.ExecutionStarted(seq=2, time="2026-03-01T09:30:00.000000Z", execution="e", execution_count=3)
FINISHED = events.ExecutionFinished(seq=9, execution="e", status="ok", duration_s=1)
DISPLAY = events.OutputAdded(
    execution="e", output=Raw(b'{"output_type":"display_data","data":{},"metadata":{}}'), display_id="d"
)


def printed(text: str, execution: str | None = "e") -> events.OutputAdded:
    """Text on stdout."""
    return events.OutputAdded(execution=execution, output=outputs.stream("stdout", text))


def record(*log: AnyEvent) -> ExecutionRecord:
    """The record of the execution `e` in a session of these events."""
    made = ExecutionRecord("e")
    for event in log:
        made.apply(event)
    return made


class Records(SynchronousTestCase):
    """`ExecutionRecord`."""

    def test_events_of_others_are_passed_over(self) -> None:
        """Also those of its own that say nothing of it; an update of a display is everybody's."""
        made = record(
            QUEUED,
            STARTED,
            printed("x", "other"),
            printed("x", None),
            DISPLAY,
            events.ExecutionMoved(execution="e", before=None),
            events.OutputUpdated(display_id="d", data=Raw(b'{"text/plain":"new"}'), metadata=Raw(b"{}")),
            FINISHED,
        )
        self.assertEqual((made.queued, made.started, made.finished, made.cell), (QUEUED, STARTED, FINISHED, "a"))
        (shown,) = made.outputs.outputs()
        self.assertIn(b'"new"', bytes(shown))

    def test_outputs_that_are_cleared_are_gone(self) -> None:
        """At once."""
        made = record(QUEUED, printed("x"), events.OutputsCleared(execution="e"))
        self.assertEqual(made.outputs.outputs(), [])

    def test_the_count_is_that_of_the_reply_or_of_the_start(self) -> None:
        """A silent execution has none; before the first event nothing is known."""
        counted = events.ExecutionFinished(execution="e", status="ok", duration_s=1, execution_count=4)
        self.assertEqual(record(QUEUED, STARTED, counted).execution_count, 4)
        self.assertEqual(record(QUEUED, STARTED, FINISHED).execution_count, 3)
        self.assertEqual(record(QUEUED).execution_count, None)
        self.assertEqual((record().cell, record().execution_count), (None, None))

    def test_the_fewest_events(self) -> None:
        """Outputs stand at the start, or where it was queued; they fold to the same."""
        log: list[AnyEvent] = [QUEUED, STARTED, printed("a"), printed("b"), DISPLAY, FINISHED]
        told = record(*log).as_events()
        self.assertEqual(
            [type(event) for event in told], [type(QUEUED), type(STARTED), *2 * [type(DISPLAY)], type(FINISHED)]
        )
        self.assertEqual([(event.seq, event.time) for event in told[2:4]], 2 * [(STARTED.seq, STARTED.time)])
        again = record(*told)
        self.assertEqual(again.outputs.outputs(), record(*log).outputs.outputs())
        (queued, shown) = record(QUEUED, printed("a")).as_events()
        self.assertEqual((queued, shown.seq), (QUEUED, QUEUED.seq))

    def test_its_outputs_under_a_cell_without_it(self) -> None:
        """Text as a terminal shows it, with the count and the version."""
        made = record(QUEUED, STARTED, printed("a\rb"), FINISHED).as_set("c", 7)
        self.assertEqual((made.cell, made.version, made.execution_count), ("c", 7, 3))
        self.assertEqual(list(map(bytes, made.outputs)), [bytes(outputs.stream("stdout", "b"))])
