"""webipy.io.kernels.log_file: the end of a log, and what has come since."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.kernels.log_file import read_log
from webipy.server.ports.kernels import LogPart


class Reading(SynchronousTestCase):
    """One file."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_none_is_empty(self) -> None:
        """A kernel that was never spawned has none."""
        self.assertEqual(read_log(self.path, None, 10), LogPart("", 0))

    def test_the_end_and_what_comes(self) -> None:
        """In parts, whole characters only, and what is no UTF-8 replaced."""
        self.path.write_bytes("0123456789é".encode() + b"\xff.")
        self.assertEqual(read_log(self.path, None, 4), LogPart("é\ufffd.", 14))
        self.assertEqual(read_log(self.path, 0, 11), LogPart("0123456789", 10))
        self.assertEqual(read_log(self.path, 10, 100), LogPart("é\ufffd.", 14))
        self.assertEqual(read_log(self.path, 14, 100), LogPart("", 14))

    def test_one_that_was_cut_is_read_from_its_beginning(self) -> None:
        """The host keeps the last half of a long one."""
        self.path.write_bytes(b"rest")
        self.assertEqual(read_log(self.path, 1000, 100), LogPart("rest", 4))
