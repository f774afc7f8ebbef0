"""webipy.server.notebooks.notebook_file: files that other programs change while they are read or written."""

from __future__ import annotations

from typing import Any

from tests.fake_files import FakeFiles
from tests.test_documents import DocumentTestCase, notebook, sources
from webipy.core import errors
from webipy.core.ipynb.blob_folding import Folded
from webipy.server.ports.files import FileRecord


class Unsettled(DocumentTestCase):
    """The file a.ipynb is written again and again."""

    def change_on_read(self, times: int) -> list[int]:
        """Another program writes the file after each read of it, so often; gives the numbers of the reads."""
        reads: list[int] = []
        read_folded = FakeFiles._read_folded

        def read(files: FakeFiles, path: str, limit: int) -> tuple[Folded, FileRecord]:
            found = read_folded(files, path, limit)
            reads.append(len(reads))
            if len(reads) <= times:
                files.put(path, notebook("x = 1", f"theirs = {len(reads)}"))
            return found

        self.patch(FakeFiles, "_read_folded", read)
        self.patch(FakeFiles, "_tell", lambda *_: None)  # what a watch finds is looked at after the save
        return reads

    def test_a_save_waits_until_the_file_settles(self) -> None:
        """Both have what both wrote."""
        self.edit("c0", "mine")
        self.change_on_read(2)
        self.call("notebook.save")
        self.assertEqual(sources(self.files.body("a.ipynb")), ["mine", "theirs = 2"])

    def test_a_file_that_never_settles_is_a_conflict(self) -> None:
        """It is given up after some tries, and what is written there stays; later it is saved."""
        self.edit("c0", "mine")
        reads = self.change_on_read(10_000)
        fault = self.refused("conflict", "notebook.save", session=self.session)
        self.assertIn("is being changed all the time by another program", fault.message)
        self.assertLess(len(reads), 100)
        self.assertEqual(sources(self.files.body("a.ipynb"))[0], "x = 1")
        reads.extend(range(10_000))
        self.call("notebook.save")
        self.assertEqual(sources(self.files.body("a.ipynb"))[0], "mine")

    def test_a_save_that_fails_is_reported_once_for_each_reason(self) -> None:
        """However often it is tried."""
        self.edit("c0", "mine")
        for reason in ("full", "full", "denied"):
            self.files.fault = errors.FileFault(f"The disk says {reason}.", reason=reason, path="a.ipynb")
            self.refused("file_fault", "notebook.save", session=self.session)
        failed = [event["reason"] for event in self.rig.journal.events() if event["type"] == "notebook_save_failed"]
        self.assertEqual(failed, ["The disk says full.", "The disk says denied."])
        self.files.fault = None
        self.call("notebook.save")
        self.assertEqual(sources(self.files.body("a.ipynb"))[0], "mine")

    def test_a_name_that_is_no_notebooks_is_none_to_save_under(self) -> None:
        """And one that is taken."""
        self.files.put("b.ipynb", notebook("z"))
        table: list[tuple[str, str, str]] = [
            ("invalid_params", "a.csv", "is no name of a notebook"),
            ("already_exists", "b.ipynb", "exists already"),
        ]
        for name, path, words in table:
            fault = self.refused(name, "notebook.save", session=self.session, path=path)
            self.assertIn(words, fault.message)
        self.assertEqual(self.files.body("b.ipynb"), notebook("z"))

    def test_a_kernelspec_that_is_malformed_is_replaced(self) -> None:
        """By that of the kernel which runs; other metadata stay."""
        metadata: Any = {"kernelspec": 5, "x": 1}
        self.call("notebook.set_metadata", metadata=metadata)
        self.call("kernel.start", kernelspec="python3")
        self.rig.turn()
        self.rig.host.ready()
        self.rig.turn()
        self.call("notebook.save")
        self.assertIn(b'"name": "python3"', self.files.body("a.ipynb"))
        self.assertIn(b'"x": 1', self.files.body("a.ipynb"))
