"""webipy.io.storage.client_cursors: what is noted is there for the next server."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.storage.client_cursors import SLOTS, ClientCursors


class Cursors(SynchronousTestCase):
    """One file."""

    def test_cursors_outlive_the_server(self) -> None:
        """Also when it did not close the file; each client of each kernel has its own."""
        path = Path(self.mktemp())
        first = ClientCursors(path)
        self.addCleanup(first.close)
        self.assertIsNone(first.get("k", "a"))
        first.note("k", "a", 5)
        first.note("k", "b", 2**40)
        first.note("k2", "a", 7)
        first.note("k", "a", 6)
        second = ClientCursors(path)
        self.addCleanup(second.close)
        found = [second.get(*key) for key in (("k", "a"), ("k", "b"), ("k2", "a"), ("k2", "b"))]
        self.assertEqual(found, [6, 2**40, 7, None])
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_the_file_does_not_grow(self) -> None:
        """The oldest slot is given to the next client."""
        path = Path(self.mktemp())
        cursors = ClientCursors(path)
        self.addCleanup(cursors.close)
        size = path.stat().st_size
        for number in range(SLOTS + 2):
            cursors.note("k", str(number), number)
        self.assertEqual([cursors.get("k", str(number)) for number in (0, 1, 2, SLOTS + 1)], [None, None, 2, SLOTS + 1])
        self.assertEqual(path.stat().st_size, size)
