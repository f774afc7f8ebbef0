"""Outputs of any size through a real host: text in pieces, and what cannot be kept fails its execution."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.faults import rounds
from tests.kernels import STOCK, HostClient, is_a, is_over, start_host
from webipy.core.kernel import json_pieces

MEBIBYTE = 1024 * 1024
PIECE_CHARACTERS = json_pieces.PART_BYTES + 1024  # a MiB, and the characters that cannot be cut


class LargeText(SynchronousTestCase):
    """Text of any size, however it was printed."""

    def booted(self, argv: list[str] | None = None) -> HostClient:
        """A ready kernel."""
        client = HostClient(self, start_host(self, argv))
        client.ready()
        return client

    def test_prints_that_are_not_flushed_come_whole_and_in_pieces(self) -> None:
        """The kernel joins them into text of any size; it is sent in pieces."""
        prints, client = rounds(12, 200), self.booted()
        came = client.run(f"for i in range({prints}): print('%06d' % i + 'y' * {MEBIBYTE - 7})")
        text = "".join(item.text for item in came)
        self.assertEqual(len(text), prints * MEBIBYTE)
        self.assertEqual([int(text[at : at + 6]) for at in range(0, len(text), MEBIBYTE)], list(range(prints)))
        self.assertLessEqual(max(len(item.text) for item in came), PIECE_CHARACTERS)

    def test_text_of_a_kernel_that_sends_it_whole_comes_in_pieces(self) -> None:
        """Over every limit of the link, and with characters that have several bytes and escapes."""
        client = self.booted(STOCK)
        came = client.run("print('x' * 2**26)\nprint('😀é\\\\\\n' * 2**19)")
        self.assertEqual("".join(item.text for item in came), "x" * 2**26 + "\n" + "😀é\\\n" * 2**19 + "\n")
        self.assertLessEqual(max(len(item.text) for item in came), PIECE_CHARACTERS)

    def test_a_large_prompt_is_shown_and_asked(self) -> None:
        """The text comes before the request."""
        client = self.booted()
        request = client.execute("x = input('p' * 3_000_000 + '? ')", allow_stdin=True)
        came = client.until(is_a("input_request"))
        asked = came[-1].content["prompt"]
        self.assertEqual("".join(item.text for item in came) + asked, "p" * 3_000_000 + "? ")
        client.send("stdin", "input_reply", {"value": "y", "status": "ok"})
        client.until(is_over(request))


class LargeReplies(SynchronousTestCase):
    """Replies of any size."""

    def setUp(self) -> None:
        self.client = HostClient(self, start_host(self))
        self.client.ready()

    def test_a_large_reply_is_cut_to_what_ends_the_execution(self) -> None:
        """An expression of any size, and a traceback of any size."""
        came = self.client.run("x = 'z' * 5_000_000", user_expressions={"x": "x"})
        self.assertEqual(came[-1].content["status"], "ok")
        self.assertEqual(came[-1].content["user_expressions"]["x"]["status"], "error")
        self.assertIn("output_lost", [item.msg_type for item in came])
        came = self.client.run("raise ValueError('w' * 5_000_000)")
        self.assertEqual([came[-1].content["status"], came[-1].content["ename"]], ["error", "ValueError"])
