"""webipy.server.notebooks.pair_lookup: which files are one document, found without a session."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import RigTestCase
from tests.test_pair_documents import notebook, script
from webipy.core import errors
from webipy.core.ipynb import pairs
from webipy.server.notebooks.pair_lookup import PairLookup


class LookupTestCase(RigTestCase):
    """Some files."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.rig.disk.files
        self.lookup = PairLookup(self.rig.services.world)

    def main_of(self, path: str) -> tuple[str, str | None]:
        """The file of the session of a document."""
        found: tuple[str, str | None] = self.rig.wait(Deferred.fromCoroutine(self.lookup.main_of(path)))
        return found

    def moves(self, path: str, to: str, metadata: bytes | None = None) -> Any:
        """What else is renamed with a file."""
        return self.rig.wait(Deferred.fromCoroutine(self.lookup.moves(path, to, metadata)))


class Mains(LookupTestCase):
    """`PairLookup.main_of`."""

    def test_a_file_by_itself_is_its_own(self) -> None:
        """A notebook, a text without a pair, a text that is not there, what is no notebook."""
        self.files.put("a.ipynb", notebook("1"))
        self.files.put("b.py", script("1", formats=None))
        self.files.put("c.csv", b"1,2")
        for path in ("a.ipynb", "b.py", "none.py", "c.csv"):
            self.assertEqual(self.main_of(path), (path, None))

    def test_a_text_whose_header_names_its_pair(self) -> None:
        """The notebook file, which need not be there; of two texts the first."""
        self.files.put("a.py", script("1"))
        self.assertEqual(self.main_of("a.py"), ("a.ipynb", "ipynb,py:percent"))
        self.files.put("b.md", b"---\njupyter:\n  jupytext:\n    formats: py:percent,md\n---\n\ntext\n")
        self.assertEqual(self.main_of("b.md"), ("b.py", "py:percent,md"))

    def test_a_text_whose_notebook_names_it(self) -> None:
        """In the metadata of the file beside it; one that names others, or cannot be read, does not."""
        self.files.put("a.py", script("1", formats=None))
        for body, main in (
            (notebook("1"), "a.ipynb"),
            (notebook("1", formats="ipynb,md"), "a.py"),
            (notebook("1", formats=None), "a.py"),
            (b'{"formats": "no notebook', "a.py"),
        ):
            self.files.put("a.ipynb", body)
            self.assertEqual(self.main_of("a.py"), (main, None))


class Moves(LookupTestCase):
    """`PairLookup.moves`."""

    METADATA = pairs.with_formats(b"{}", "ipynb,py:percent")

    def setUp(self) -> None:
        super().setUp()
        self.files.put("a.ipynb", notebook("1"))
        self.files.put("a.py", script("1"))

    def test_the_other_file_goes_along(self) -> None:
        """Whichever is named, whether the metadata are known or read."""
        for metadata in (self.METADATA, None):
            self.assertEqual(self.moves("a.ipynb", "b.ipynb", metadata), [("a.py", "b.py")])
            self.assertEqual(self.moves("a.py", "b.py", metadata), [("a.ipynb", "b.ipynb")])
        self.assertEqual(self.moves("a.ipynb", "d/b.ipynb"), [("a.py", "d/b.py")])

    def test_what_is_not_there_or_has_no_place_stays(self) -> None:
        """A pair that was not written yet; a name that is no notebook's; a notebook by itself."""
        self.assertEqual(self.moves("a.ipynb", "b.txt", self.METADATA), [])
        self.files.put("c.ipynb", notebook("1", formats=None))
        self.assertEqual(self.moves("c.ipynb", "b.ipynb"), [])
        del self.files.entries["a.py"]
        self.assertEqual(self.moves("a.ipynb", "b.ipynb"), [])

    def test_nothing_is_replaced(self) -> None:
        """Which file is in the way is said, before anything is renamed."""
        self.files.put("b.py", b"other")
        with self.assertRaises(errors.AlreadyExists) as caught:
            self.moves("a.ipynb", "b.ipynb")
        self.assertEqual(caught.exception.facts["id"], "b.py")
        self.assertIn("a.py is paired with a.ipynb and would become b.py", caught.exception.message)
