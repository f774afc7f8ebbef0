"""webipy.io.files.file_tree: what is read while it changes, notebooks with large values, and folders that are listed in a bad moment.

How files are found, written and listed: tests/test_files.py, with what else `Files` is made of.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.test_files import open_below
from webipy.core import errors
from webipy.core.ipynb.blob_folding import LONG_BYTES, mark_of
from webipy.core.kernel.blobs import Ref
from webipy.io.files import file_tree
from webipy.io.files.file_tree import READ_TRIES, FileTree
from webipy.io.files.root_folder import RootFolder, found
from webipy.server.ports.files import BlobFile

LONG = base64.b64encode(bytes(range(256)) * (2 * LONG_BYTES // 256)).decode()
NOTEBOOK = '{"cells":[{"x":"short","image/png":"%s"}],"y":1}'
AWAY = "[this output is missing: its blob is not on the disk any more]"


class FileTreeTestCase(SynchronousTestCase):
    """A folder on the disk."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()).resolve()
        self.path.mkdir()
        root = RootFolder(self.path)
        self.addCleanup(root.close)
        self.tree = FileTree(root)

    def refused(self, kind: type[errors.Failure], call: Callable[[], object]) -> Any:
        """The failure of a call."""
        with self.assertRaises(kind) as caught:
            call()
        return caught.exception


class Folded(FileTreeTestCase):
    """`read_folded`."""

    def test_long_strings_are_left_out(self) -> None:
        """Marks stand for them, with where they are in the file; a BOM and white space may come first."""
        name = hashlib.sha256(LONG.encode()).hexdigest()
        for start in (b"", b"\xef\xbb\xbf", b"\n \t"):
            (self.path / "a.ipynb").write_bytes(start + (NOTEBOOK % LONG).encode())
            folded, record = self.tree.read_folded("a.ipynb", 1000)
            self.assertEqual(record, self.tree.stat("a.ipynb"))
            self.assertEqual(folded.body, start + (NOTEBOOK % "@").replace('"@"', mark_of(name).decode()).encode())
            value = folded.values[name]
            self.assertEqual(self.tree.read("a.ipynb", value.offset, value.length)[0], LONG.encode())

    def test_the_rest_has_a_limit(self) -> None:
        """At it, and one byte more; long strings are not counted."""
        (self.path / "a.ipynb").write_text(NOTEBOOK % LONG)
        size = len(self.tree.read_folded("a.ipynb", 1000)[0].body)
        self.assertEqual(len(self.tree.read_folded("a.ipynb", size)[0].body), size)
        fault = self.refused(errors.TooLarge, lambda: self.tree.read_folded("a.ipynb", size - 1))
        self.assertEqual(fault.facts["limit_bytes"], size - 1)
        self.assertEqual(open_below(self.path), [])

    def test_what_is_no_json_is_read_as_it_is(self) -> None:
        """A text, an empty file; it has the limit before it is read."""
        for body in (b"", b"x" * 100, b'"' + LONG.encode() + b'"'):
            (self.path / "a.py").write_bytes(body)
            folded, _ = self.tree.read_folded("a.py", len(body))
            self.assertEqual((folded.body, folded.values), (body, {}))
        self.refused(errors.TooLarge, lambda: self.tree.read_folded("a.py", len(body) - 1))

    def test_a_file_that_changes_meanwhile_is_read_again(self) -> None:
        """Until it rests; what never rests is given with the etag that it had before, so that a write of it is a conflict."""
        path = self.path / "a.ipynb"
        path.write_text("{}")
        original, reads = file_tree._folded, list[int]()

        def change(times: int) -> Callable[..., Any]:
            def folded(*arguments: Any) -> Any:
                found = original(*arguments)
                reads.append(1)
                if len(reads) <= times:
                    path.write_text("{" + " " * len(reads) + "}")
                return found

            return folded

        self.patch(file_tree, "_folded", change(2))
        folded, record = self.tree.read_folded("a.ipynb", 1000)
        self.assertEqual((folded.body, record, len(reads)), (b"{  }", self.tree.stat("a.ipynb"), 3))
        reads.clear()
        self.patch(file_tree, "_folded", change(100))
        _, record = self.tree.read_folded("a.ipynb", 1000)
        self.assertEqual(len(reads), READ_TRIES)
        self.assertNotEqual(record.etag, self.tree.stat("a.ipynb").etag)


class Spliced(FileTreeTestCase):
    """`write` with values from blobs."""

    def written(self, *segments: bytes | BlobFile) -> bytes:
        """What stands in the file."""
        record = self.tree.write("a.ipynb", list(segments), None)
        self.assertEqual(record.size, (self.path / "a.ipynb").stat().st_size)
        return (self.path / "a.ipynb").read_bytes()

    def blob(self, body: bytes, is_json: bool = False) -> BlobFile:
        """A blob on the disk."""
        path = Path(self.mktemp())
        path.write_bytes(body)
        return BlobFile(str(path), Ref(hashlib.sha256(body).hexdigest(), len(body), is_json))

    def test_values_stand_between_the_bytes(self) -> None:
        """A text as a JSON string, escaped; JSON as it is; of any size, and nothing stays open."""
        text, json = self.blob(b'a"b\n'), self.blob(b'[1,"x"]', is_json=True)
        self.assertEqual(self.written(b'{"a":', text, b',"b":', json, b"}"), b'{"a":"a\\"b\\n","b":[1,"x"]}')
        self.patch(file_tree, "PIECE_BYTES", 3)
        self.assertEqual(self.written(self.blob("ééé".encode())), '"ééé"'.encode())
        self.assertEqual(open_below(Path(text.path).resolve().parent), [])

    def test_what_is_missing_is_said_in_its_place(self) -> None:
        """The rest of the document is not lost for it."""
        gone = BlobFile("/nonexistent", Ref("0" * 64, 5, False))
        self.assertEqual(self.written(b'{"a":', gone, b"}"), f'{{"a":"{AWAY}"}}'.encode())


class Listing(FileTreeTestCase):
    """`entries`, and what is made."""

    def test_a_file_that_goes_while_its_folder_is_listed(self) -> None:
        """It is left out; the number of entries is that of the names."""
        for name in ("a", "b", "c"):
            (self.path / name).touch()

        def there(folder: int, name: bytes) -> os.stat_result | None:
            return None if name == b"b" else found(folder, name)

        self.patch(file_tree, "found", there)
        entries, count = self.tree.entries("", 0, 10)
        self.assertEqual(([entry.path for entry in entries], count), (["a", "c"], 3))

    def test_the_root_may_go(self) -> None:
        """It is told as not being there, and not as a link that leads nowhere."""
        self.assertEqual(self.tree.stat("").kind, "folder")
        self.assertEqual(self.tree.entries("", 0, 10), ([], 0))

    def test_a_folder_that_may_not_be_written_has_no_place(self) -> None:
        """For a file that is to be made there."""
        self.patch(os, "access", lambda *_, **__: False)
        fault = self.refused(errors.FileFault, lambda: self.tree.check_place("a.ipynb", "b.ipynb"))
        self.assertEqual(fault.facts["reason"], "denied")

    def test_only_some_kinds_can_be_made(self) -> None:
        """No pipe, no device."""
        fault = self.refused(errors.InvalidParams, lambda: self.tree.create("a", "other", b""))
        self.assertEqual(fault.facts["field"], "kind")
        self.assertEqual(os.listdir(self.path), [])
