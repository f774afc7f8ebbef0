"""webipy.core.session.guest_history: what a guest is shown of a session that was closed before."""

from __future__ import annotations

import msgspec
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.session.guest_history import latest

HIDDEN = 10
NOTHING = Raw(b"{}")


def shown(*log: AnyEvent) -> list[int]:
    """Which of the events a guest is shown, by their place."""
    numbered = [msgspec.structs.replace(event, time=str(place)) for place, event in enumerate(log)]
    return [int(event.time) for event in latest(numbered, HIDDEN)]


class Latest(SynchronousTestCase):
    """Events up to seq 10 are of before."""

    def test_what_is_no_part_of_the_document_is_hidden_when_it_is_of_before(self) -> None:
        """Of each such kind the one of before is hidden, and the one after it is shown."""
        for event in (
            events.CheckpointMade(name="n"),
            events.OutputLost(reason="r"),
            events.InputRequested(request="i", prompt="?"),
            events.InputReplied(request="i", value="secret"),
        ):
            before, after = (msgspec.structs.replace(event, seq=seq) for seq in (HIDDEN, HIDDEN + 1))
            self.assertEqual(shown(before, after), [1], event)

    def test_the_document_is_shown_whenever_it_is_of(self) -> None:
        """Cells stand in the file, too."""
        inserted = events.CellInserted(seq=1, cell="a", after=None, cell_type="code", source="x")
        self.assertEqual(shown(inserted, msgspec.structs.replace(inserted, seq=11, cell="b")), [0, 1])

    def test_an_earlier_execution_of_the_command_line_is_hidden_with_all_that_is_of_it(self) -> None:
        """Also what of it comes later."""
        queued = events.ExecutionQueued(seq=HIDDEN, execution="e", code="secret", by="Ada")
        output = events.OutputAdded(seq=12, execution="e", output=NOTHING)
        over = events.ExecutionFinished(seq=9, execution="e", status="ok", duration_s=0)
        self.assertEqual(shown(queued, output, over), [])
        self.assertEqual(shown(msgspec.structs.replace(queued, seq=HIDDEN + 1), output), [0, 1])

    def test_of_an_earlier_execution_under_a_cell_the_outputs_remain(self) -> None:
        """Without its code, who ran it, and what came back with it."""
        log: list[AnyEvent] = [
            events.ExecutionQueued(
                seq=HIDDEN, execution="e", code="secret", cell="a", by="Ada", user_expressions={"x": "secret"}
            ),
            events.OutputAdded(seq=HIDDEN, execution="e", cell="a", output=NOTHING),
            events.ExecutionFinished(
                seq=HIDDEN, execution="e", status="ok", duration_s=0, payload=NOTHING, user_expressions=NOTHING
            ),
        ]
        queued, output, finished = latest(log, HIDDEN)
        assert isinstance(queued, events.ExecutionQueued) and isinstance(finished, events.ExecutionFinished)
        self.assertEqual((queued.code, queued.by, queued.user_expressions, queued.cell), ("", None, {}, "a"))
        self.assertEqual(output, log[1])
        self.assertEqual((finished.payload, finished.user_expressions), (msgspec.UNSET, msgspec.UNSET))
        self.assertEqual(latest([msgspec.structs.replace(event, seq=HIDDEN + 1) for event in log], HIDDEN)[0].by, "Ada")

    def test_a_later_execution_is_shown_whole(self) -> None:
        """With its code and its end."""
        queued = events.ExecutionQueued(seq=11, execution="e", code="x", cell="a", by="Ada")
        over = events.ExecutionFinished(seq=12, execution="e", status="ok", duration_s=0, payload=NOTHING)
        self.assertEqual(latest([queued, over], HIDDEN), [queued, over])

    def test_widgets_of_before_are_hidden_with_their_messages(self) -> None:
        """Also with those that come later; a widget that was opened since is shown."""
        opened = events.CommOpened(seq=HIDDEN, comm="c", target="t", content=NOTHING, metadata=NOTHING)
        message = events.CommMessage(seq=12, comm="c", content=NOTHING, metadata=NOTHING)
        self.assertEqual(shown(opened, message), [])
        self.assertEqual(shown(msgspec.structs.replace(opened, seq=11), message), [0, 1])
