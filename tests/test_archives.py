"""webipy.io.files.archives, and how one goes out: a real folder, read back by zipfile."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path
from unittest import mock

from tests.test_files import open_below
from tests.test_files_resource import BODY, FilesSiteTestCase
from webipy.core import errors
from webipy.io.files import archives
from webipy.io.files.archives import Archive, surveyed
from webipy.io.web.files_resource import POLICY


class Archives(FilesSiteTestCase):
    """Folders with all kinds of things in them."""

    def packed(self, folder: str, *names: str) -> zipfile.ZipFile:
        """An archive, read back."""
        archive = Archive(self.files.tree, surveyed(self.files.tree, folder, names))
        pieces = list(iter(archive.next_piece, b""))
        archive.close()
        found = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
        self.assertIsNone(found.testzip())
        return found

    def test_a_folder_comes_with_all_that_it_holds(self) -> None:
        """Below its own name: nested, empty and executable, in any script; hidden files are not in it."""
        deep = self.path / "data" / "Ж 数据 😀" / "é"
        deep.mkdir(parents=True)
        (deep / "日本.txt").write_text("x" * 200_000)
        (self.path / "data" / "empty").mkdir()
        (self.path / "data" / "run.sh").write_text("#!/bin/sh\n")
        (self.path / "data" / "run.sh").chmod(0o755)
        (self.path / "data" / "old.png").write_bytes(BODY)
        os.utime(self.path / "data" / "old.png", (0, 0))
        (self.path / "data" / ".git").mkdir()
        (self.path / "data" / ".env").write_text("secret")
        found = self.packed("data")
        self.assertEqual(sorted(found.namelist()), sorted([
            "data/", "data/empty/", "data/old.png", "data/run.sh", "data/Ж 数据 😀/", "data/Ж 数据 😀/é/", "data/Ж 数据 😀/é/日本.txt",
        ]))  # fmt: skip
        self.assertEqual(found.read("data/Ж 数据 😀/é/日本.txt"), b"x" * 200_000)
        old, run = found.getinfo("data/old.png"), found.getinfo("data/run.sh")
        self.assertEqual((old.compress_type, found.read(old), old.date_time[0]), (zipfile.ZIP_STORED, BODY, 1980))
        self.assertTrue(run.external_attr >> 16 & stat.S_IXUSR)
        nested = self.packed("data/Ж 数据 😀/é")
        self.assertEqual(nested.namelist(), ["é/", "é/日本.txt"])
        self.assertIn("data/run.sh", self.packed("").namelist())

    def test_several_entries_are_named_as_in_their_folder(self) -> None:
        """And only those that are asked for; what is no entry of it is refused."""
        (self.path / "d" / "in").mkdir(parents=True)
        for name in ("a.txt", "b.txt", "in/c.txt"):
            (self.path / "d" / name).write_text(name)
        self.assertEqual(self.packed("d", "a.txt", "in").namelist(), ["a.txt", "in/", "in/c.txt"])
        self.assertEqual(self.packed("", "a.bin").namelist(), ["a.bin"])
        for name, failure in (("nope", errors.NotFound), (".env", errors.NotFound), ("in/c.txt", errors.InvalidParams),
                              ("..", errors.InvalidParams), ("", errors.InvalidParams)):  # fmt: skip
            self.assertRaises(failure, surveyed, self.files.tree, "d", [name])
        self.assertRaises(errors.FileFault, surveyed, self.files.tree, "a.bin", [])

    def test_what_is_not_packed_is_said(self) -> None:
        """Links out of the root or to folders, devices, names that are no text, and what goes meanwhile; links to files are packed as these."""
        outside = self.path.parent / f"{self.path.name}-outside"
        outside.write_text("secret")
        (self.path / "d" / "sub").mkdir(parents=True)
        (self.path / "d" / "left-out.txt").write_text("mine")
        (self.path / "d" / "gone.txt").write_text("gone")
        (self.path / "d" / "to-file").symlink_to("../a.bin")
        (self.path / "d" / "to-folder").symlink_to("sub")
        (self.path / "d" / "round").symlink_to("..")
        (self.path / "d" / "out").symlink_to(outside)
        (self.path / "d" / "nowhere").symlink_to("nothing")
        os.mkfifo(self.path / "d" / "fifo")
        Path(os.fsdecode(os.fsencode(self.path / "d") + b"/\xff.txt")).write_text("x")
        survey = surveyed(self.files.tree, "d", [])
        (self.path / "d" / "gone.txt").unlink()
        archive = Archive(self.files.tree, survey)
        found = zipfile.ZipFile(io.BytesIO(b"".join(iter(archive.next_piece, b""))))
        self.assertEqual(found.read("d/to-file"), BODY)
        said = found.read(next(name for name in found.namelist() if name.startswith("left-out"))).decode()
        for name in ("gone.txt", "to-folder", "round", "out", "nowhere", "fifo", "\ufffd.txt"):
            self.assertIn(f"d/{name}: ", said)
        self.assertEqual(
            sorted(name for name in found.namelist() if name.startswith("d/")),
            ["d/", "d/left-out.txt", "d/sub/", "d/to-file"],
        )
        self.assertNotIn(b"secret", b"".join(found.read(name) for name in found.namelist()))

    def test_too_many_are_refused_before_anything_is_sent(self) -> None:
        """In words that say what to do."""
        (self.path / "many").mkdir()
        for at in range(12):
            (self.path / "many" / str(at)).touch()
        with mock.patch.object(archives, "MAX_PACKED", 10):
            answer = self.get("many?zip=1")
        self.assertEqual((answer.status, answer.json()["data"]["name"]), (413, "too_large"))
        self.assertIn("download a part", answer.json()["message"])

    def test_an_archive_goes_out_as_an_attachment(self) -> None:
        """Under the policy of files, to whoever may read them; nothing stays open, also when the reader goes away."""
        (self.path / "ö").mkdir()
        (self.path / "ö" / "x.bin").write_bytes(os.urandom(300_000))
        head = self.get("%C3%B6?zip=1", "HEAD")
        self.assertEqual((head.status, head.body, head.headers["content-type"]), (200, b"", "application/zip"))
        answer = self.get("%C3%B6?zip=1&name=x.bin", Connection="close")
        self.assertEqual(
            (answer.status, answer.headers["content-disposition"]), (200, "attachment; filename*=UTF-8''x.bin.zip")
        )
        self.assertEqual(answer.headers["content-security-policy"], POLICY.decode())
        self.assertIn(b"PK\x05\x06", answer.body)
        self.assertEqual(self.ask("GET", "/files/%C3%B6?zip=1", b"").status, 401)
        self.assertEqual(self.get("nope?zip=1").status, 404)
        self.assertEqual(self.get("a.bin?zip=1").status, 409)
        archive = Archive(self.files.tree, surveyed(self.files.tree, "ö", []))
        self.assertTrue(archive.next_piece())
        self.assertEqual(open_below(self.path), [str(self.path / "ö" / "x.bin")])
        archive.close()
        self.assertEqual(open_below(self.path), [])
