"""webipy.core.free_names: names for what is made beside something that has the name already."""

from __future__ import annotations

from itertools import islice

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.free_names import MAX_NAMES, free_names


class FreeNames(SynchronousTestCase):
    """In the order in which they are tried."""

    def test_names(self) -> None:
        """A table: what has the name, whether it is a folder, and the next two names."""
        table = {
            ("a.ipynb", False): ["a 2.ipynb", "a 3.ipynb"],
            ("a 7.ipynb", False): ["a 8.ipynb", "a 9.ipynb"],
            ("in/the.folder/a", False): ["in/the.folder/a 2", "in/the.folder/a 3"],
            ("a.b", True): ["a.b 2", "a.b 3"],
            ("a.b 9", True): ["a.b 10", "a.b 11"],
            ("7.txt", False): ["7 2.txt", "7 3.txt"],
            ("a 0.txt", False): ["a 0 2.txt", "a 0 3.txt"],
            ("a 12345678901", False): ["a 12345678901 2", "a 12345678901 3"],
        }
        for (path, is_folder), expected in table.items():
            self.assertEqual(list(islice(free_names(path, is_folder), 3)), [path, *expected])

    def test_there_is_an_end(self) -> None:
        """A folder with more of one name wants another."""
        self.assertEqual(len(list(free_names("a", False))), MAX_NAMES + 1)
