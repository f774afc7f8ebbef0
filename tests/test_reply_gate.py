"""The order between the reply of an execution and its output."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel import wire
from webipy.core.kernel.reply_gate import REMEMBERED_IDLES, ReplyGate


def request(msg_id: str) -> wire.Message:
    """Make a message."""
    return wire.new_message("execute_reply", b"{}", msg_id=msg_id, session="s")


class ReplyGateTests(SynchronousTestCase):
    """One message ends an execution, and everything before it is its output."""

    def test_a_reply_waits_for_idle(self) -> None:
        """The kernel replies before it is done publishing; the reply is passed on after that."""
        gate, reply = ReplyGate(), request("reply")
        self.assertEqual(gate.replied("a", reply), [])
        self.assertEqual((gate.idle("b"), gate.has("a"), gate.has("b")), ([], True, False))
        self.assertEqual((gate.idle("a"), gate.has("a")), ([reply], False))
        self.assertEqual(gate.idle("a"), [])

    def test_a_reply_after_idle_goes_at_once(self) -> None:
        """The two come over different sockets, in any order."""
        gate, reply = ReplyGate(), request("reply")
        self.assertEqual(gate.idle("a"), [])
        self.assertEqual(gate.replied("a", reply), [reply])
        self.assertEqual(gate.replied("a", reply), [], "that `idle` let one reply go")

    def test_what_is_kept_is_given_at_the_end(self) -> None:
        """A kernel that dies, or never says idle, keeps no reply back."""
        gate, reply = ReplyGate(), request("reply")
        gate.replied("a", reply)
        self.assertEqual(gate.release_all(), [reply])
        self.assertEqual(gate.release_all(), [])

    def test_old_idles_are_forgotten(self) -> None:
        """A kernel that says idle without ever replying costs no memory."""
        gate = ReplyGate()
        for number in range(REMEMBERED_IDLES + 1):
            gate.idle(str(number))
        reply = request("reply")
        self.assertEqual(gate.replied("0", reply), [])
        self.assertEqual(gate.replied("1", reply), [reply])
