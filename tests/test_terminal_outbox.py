"""webipy.core.terminals.terminal_outbox: a window of output on its way to a server."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.terminals.scrollback import KEPT_BYTES
from webipy.core.terminals.terminal_outbox import PIECE_BYTES, WINDOW_BYTES, TerminalOutbox


class OutboxTests(SynchronousTestCase):
    """What is sent, and what is kept."""

    def test_a_window_goes_out_and_the_rest_waits(self) -> None:
        """Until it is acknowledged."""
        outbox = TerminalOutbox()
        outbox.kept.append(b"x" * (2 * WINDOW_BYTES))
        self.assertFalse(outbox.has_room)
        while outbox.has_unsent:
            self.assertLessEqual(len(outbox.next_piece()), PIECE_BYTES)
            outbox.next_number()
        self.assertEqual(outbox.sent, WINDOW_BYTES)
        outbox.acknowledge(3)
        self.assertEqual(outbox.acknowledged, 3 * PIECE_BYTES)
        self.assertTrue(outbox.has_piece)

    def test_a_new_server_gets_all_that_is_kept(self) -> None:
        """Under numbers that begin behind what it has."""
        outbox = TerminalOutbox()
        outbox.kept.append(b"abc")
        outbox.next_piece()
        outbox.next_number()
        outbox.rewind(7)
        self.assertEqual((outbox.next_piece(), outbox.next_number(), outbox.is_done), (b"abc", 8, False))
        outbox.acknowledge(8)
        self.assertTrue(outbox.is_done)

    def test_without_anybody_the_oldest_goes(self) -> None:
        """And what is sent begins behind it."""
        outbox = TerminalOutbox()
        outbox.kept.append(b"x" * (3 * KEPT_BYTES))
        outbox.trim(is_held=True)
        self.assertEqual(outbox.kept.start, 0)
        outbox.trim(is_held=False)
        self.assertEqual((outbox.sent, outbox.acknowledged), (outbox.kept.start, outbox.kept.start))
        self.assertEqual(outbox.kept.end - outbox.kept.start, KEPT_BYTES)
