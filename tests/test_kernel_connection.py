"""webipy.server.sessions.kernel_connection: execute requests in portions; hosts that lose output, and their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import Rig, RigTestCase, message, printed, run_of, status
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


class Hosts(RigTestCase):
    """The link to a kernel host, and its end."""

    def lost(self, rig: Rig) -> list[str]:
        """Why output is missing, as readers are told."""
        return [event["reason"] for event in rig.journal.events() if event["type"] == "output_lost"]

    def test_output_that_a_host_has_no_more_is_said_to_be_lost(self) -> None:
        """The server was away, and the host could not keep all that its kernel printed meanwhile."""
        session = self.rig.session("python3")
        self.rig.me.call("execution.start", session=session, code="1", id="a")
        self.rig.turn()
        host = self.rig.host
        host.link = None
        host.run("a", printed("one", "a"), printed("two", "a"))
        del host.kept[:-2]
        (reason,) = self.lost(self.rig.crashed())
        self.assertIn("no longer had all output", reason)

    def test_a_kernel_is_shut_down_and_what_it_left_is_read(self) -> None:
        """It has ended when the host has ended and its last words are in the journal; what is missing of them is said."""
        session = self.rig.session("python3")
        self.rig.me.call("execution.start", session=session, code="1", id="a")
        self.rig.turn()
        host = self.rig.host
        ended = Deferred.fromCoroutine(self.rig.services.sessions.get(session).kernel_connection.end_kernel())
        self.rig.turn()
        self.assertEqual(host.commands[-1][0], "shut_down")
        self.assertNoResult(ended)
        left = run_of("a", printed("last words", "a"))
        number = host.kept[-1][0] + 2
        host.kept += [(number + at, channel, one) for at, (channel, one) in enumerate(left)]
        host.end()
        self.rig.wait(ended)
        found = self.rig.journal.events()
        self.assertIn("last words", str(found))
        self.assertEqual(self.lost(self.rig), ["Output that the kernel host had not yet sent is missing."])
        self.assertTrue(host.is_removed)

    def test_what_a_server_began_the_next_one_ends(self) -> None:
        """A restart, and an answer to a question: the server ended when both were written, and the host had not heard of them."""
        session = self.rig.session("python3")
        execution = self.rig.me.call("execution.start", session=session, code="input()")["execution"]
        self.rig.turn()
        host = self.rig.host
        host.emit(status("busy", execution), ("stdin", message("input_request", {"prompt": "?"}, parent=execution)))
        self.rig.turn()
        (request,) = (event["request"] for event in self.rig.journal.events() if event["type"] == "input_requested")
        self.rig.me.call("input.reply", session=session, request=request, value="Ada")
        del host.requests[f"input-{request}"]
        after = self.rig.crashed()
        self.assertIn(f"input-{request}", host.requests)
        after.me.call("kernel.restart", session=session)
        host.commands.clear()
        after.crashed()
        self.assertEqual(host.commands, [("restart", {"start": 2, "env": {}})])
