"""webipy.server.sessions.kernel_connection: execute requests in portions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events.events import ExecutionQueued
from webipy.core.kernel.executions import OpenExecution
from webipy.server.sessions.kernel_connection import PORTION, RequestQueue


class Portions(SynchronousTestCase):
    """What goes when, and in which order."""

    def setUp(self) -> None:
        self.sent: list[str] = []
        self.due: list[Callable[[], None]] = []
        self.outgoing = RequestQueue(self.send, self.later)

    def send(self, channel: str, msg_type: str, content: bytes, msg_id: str, *, metadata: bytes) -> None:
        """Takes note of a message."""
        self.assertEqual((channel, msg_type), ("shell", "execute_request"))
        self.sent.append(msg_id)

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """The next turn, in the test's hand."""
        self.due.append(call)
        return lambda: self.due.remove(call)

    def turn(self) -> None:
        """The next turn."""
        self.due.pop(0)()

    def runs(self, first: int, count: int, **more: Any) -> list[OpenExecution]:
        """Executions with the names first, first + 1, ..."""
        return [OpenExecution(ExecutionQueued(execution=str(n), code="1"), **more) for n in range(first, first + count)]

    def names(self, count: int) -> list[str]:
        """Their names."""
        return [str(n) for n in range(count)]

    def test_a_few_go_at_once(self) -> None:
        """And nothing is left for later."""
        self.outgoing.add(self.runs(0, PORTION))
        self.assertEqual((self.sent, self.due), (self.names(PORTION), []))

    def test_many_go_in_portions_and_what_comes_then_goes_after_them(self) -> None:
        """One portion in each turn."""
        self.outgoing.add(self.runs(0, 2 * PORTION + 1))
        self.outgoing.add(self.runs(2 * PORTION + 1, 1))
        self.assertEqual(len(self.sent), PORTION)
        self.turn()
        self.assertEqual(len(self.sent), 2 * PORTION)
        self.turn()
        self.assertEqual((self.sent, self.due), (self.names(2 * PORTION + 2), []))

    def test_a_command_can_have_all_sent_before_it(self) -> None:
        """`flush`."""
        self.outgoing.add(self.runs(0, 3 * PORTION))
        self.outgoing.flush()
        self.assertEqual((self.sent, self.due), (self.names(3 * PORTION), []))

    def test_what_has_ended_is_not_sent(self) -> None:
        """It was cancelled, or its kernel died, while it waited here."""
        self.outgoing.add([*self.runs(0, 1), *self.runs(1, 1, is_over=True), *self.runs(2, 1)])
        self.assertEqual(self.sent, ["0", "2"])

    def test_a_host_that_answers_again_is_sent_everything_again_in_order(self) -> None:
        """And what waited for it does not come a second time."""
        runs = self.runs(0, 2 * PORTION)
        self.outgoing.add(runs)
        self.sent.clear()
        self.outgoing.restart(runs)
        self.turn()
        self.assertEqual((self.sent, self.due), (self.names(2 * PORTION), []))

    def test_without_a_host_nothing_is_kept(self) -> None:
        """`clear`."""
        self.outgoing.add(self.runs(0, 2 * PORTION))
        self.outgoing.clear()
        self.assertEqual((len(self.sent), self.due), (PORTION, []))
