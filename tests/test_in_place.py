"""webipy.io.files.in_place: what cannot be replaced is written in place, and whatever a crash leaves of it is mended."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.io.files import in_place
from webipy.io.files.atomic_write import etag_of
from webipy.io.files.file_tree import FileTree
from webipy.io.files.in_place import InPlace
from webipy.io.files.root_folder import RootFolder

NOBODY = 65534


class InPlaceTestCase(SynchronousTestCase):
    """A folder with the file `a`, and a spool."""

    def setUp(self) -> None:
        whole = Path(tempfile.mkdtemp())  # where another user can come to
        self.addCleanup(shutil.rmtree, whole)
        whole.chmod(0o755)
        self.path, self.spool = whole / "root", whole / "spool"
        self.path.mkdir(parents=True)
        root = RootFolder(self.path)
        self.addCleanup(root.close)
        self.in_place = InPlace(self.spool)
        self.tree = FileTree(root, self.in_place)
        self.file = self.path / "a"
        self.file.write_bytes(b"old")

    def mounted(self) -> None:
        """Makes the file a mount point, as containers do with single files."""
        source = self.path.parent / "elsewhere"
        source.write_bytes(self.file.read_bytes())
        if subprocess.run(["mount", "--bind", source, self.file], capture_output=True).returncode:
            raise SkipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.file)], check=True)

    def left(self) -> list[str]:
        """What is in the spool, by kind."""
        return sorted(path.suffix for path in self.spool.iterdir())


class Saved(InPlaceTestCase):
    """By `FileTree.write`, as everything is."""

    def test_a_mount_point_is_written_in_place(self) -> None:
        """That is told; it stays the same file, also when it grows and shrinks, and nothing is left behind."""
        self.mounted()
        inode = self.file.stat().st_ino
        etag = self.tree.stat("a").etag
        for body in (b"new, and longer", b"", b"x" * 3_000_000, b"short"):
            record = self.tree.write("a", body, etag)
            self.assertEqual((self.file.read_bytes(), record.is_in_place, record.size), (body, True, len(body)))
            self.assertEqual(record.etag, self.tree.stat("a").etag)
            etag = record.etag
        self.tree.write("a", b"whatever is there", None)
        self.assertEqual((self.file.stat().st_ino, self.file.read_bytes()), (inode, b"whatever is there"))
        self.assertEqual((self.left(), os.listdir(self.path)), ([], ["a"]))

    def test_a_file_in_a_folder_without_write_right_is_written_in_place(self) -> None:
        """One that may be written itself; others are refused as ever."""
        self.file.chmod(0o666)
        locked = self.path / "locked"
        locked.write_bytes(b"old")
        locked.chmod(0o644)
        self.path.chmod(0o555)
        self.spool.mkdir()
        self.spool.chmod(0o777)
        self.addCleanup(self.path.chmod, 0o755)
        if os.geteuid() == 0:
            os.seteuid(NOBODY)
            self.addCleanup(os.seteuid, 0)
        record = self.tree.write("a", b"new", etag_of(self.file.stat()))
        self.assertEqual((self.file.read_bytes(), record.is_in_place), (b"new", True))
        for name in ("locked", "none"):
            with self.assertRaises(errors.FileFault) as refused:
                self.tree.write(name, b"new", None)
            self.assertEqual(refused.exception.facts["reason"], "denied")
        self.assertEqual(self.left(), [])

    def test_what_can_be_replaced_is(self) -> None:
        """It is another file then, and nothing is said."""
        inode = self.file.stat().st_ino
        record = self.tree.write("a", b"new", None)
        self.assertFalse(record.is_in_place)
        self.assertNotEqual(self.file.stat().st_ino, inode)
        self.assertEqual(record.etag, self.tree.stat("a").etag)

    def test_nobodys_change_is_overwritten(self) -> None:
        """A file that another program has written since is a conflict, with the new etag, and stays."""
        self.mounted()
        etag = self.tree.stat("a").etag
        self.file.write_bytes(b"by another program")
        with self.assertRaises(errors.Conflict) as conflict:
            self.tree.write("a", b"ours", etag)
        self.assertEqual(conflict.exception.facts["etag"], self.tree.stat("a").etag)
        old = self.file.stat()
        self.file.write_bytes(b"again")
        folder = os.open(self.path, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fd, _ = self.in_place.begin()
        self.addCleanup(os.close, fd)
        self.assertRaises(in_place.Changed, self.in_place.write, folder, b"a", fd, old)
        self.assertRaises(in_place.Changed, self.in_place.write, folder, b"none", fd, old)
        self.assertEqual(self.file.read_bytes(), b"again")

    def test_a_failure_in_the_middle_leaves_the_old_file(self) -> None:
        """A disk that is full before, or fails after the first bytes."""
        self.mounted()

        def no_room(fd: int, offset: int, size: int) -> None:
            raise OSError(errno.ENOSPC, "full")

        self.patch(os, "posix_fallocate", no_room)
        self.fails("full")
        pwrite, calls = os.pwrite, []

        def fail_once(fd: int, piece: bytes, at: int) -> int:
            calls.append(at)
            if len(calls) == 2:
                raise OSError(errno.EIO, "broken")
            return pwrite(fd, bytes(piece[:2]), at)

        self.patch(os, "posix_fallocate", lambda *_: None)
        self.patch(os, "pwrite", fail_once)
        self.fails("failed")

    def fails(self, reason: str) -> None:
        """A write fails for that reason and changes nothing."""
        with self.assertRaises(errors.FileFault) as fault:
            self.tree.write("a", b"much longer than it was", None)
        self.assertEqual(fault.exception.facts["reason"], reason)
        self.assertEqual((self.file.read_bytes(), self.left()), (b"old", []))


class Mended(InPlaceTestCase):
    """When a server starts."""

    OLD, NEW = b"o" * 20_000, b"n" * 30_000

    def record(self) -> None:
        """What stands in the spool while the file is being written."""
        self.file.write_bytes(self.OLD)
        fd, path = self.in_place.begin()
        with open(fd, "wb") as new, open(self.file, "rb") as old:
            new.write(self.NEW)
            new.flush()
            sizes = len(self.OLD), len(self.NEW)
            head = in_place._Head(str(self.file), self.file.stat().st_ino, *sizes)
            with open(path, "rb") as reading:
                self.in_place._recorded(head, old.fileno(), reading.fileno())

    def mended(self, found: bytes) -> bytes:
        """What a file that was left like this is after a start."""
        self.record()
        self.file.write_bytes(found)
        InPlace(self.spool).mend()
        return self.file.read_bytes()

    def test_a_torn_file_is_finished(self) -> None:
        """Some blocks of the old one and some of the new, in any order, as far as it had grown."""
        old, new = self.OLD, self.NEW
        for torn in (
            new[:4096] + old[4096:],
            old[:8192] + new[8192:],
            new[:4096] + old[4096:] + bytes(10_000),
            new[:25_000],
            new[:8192] + old[8192:12288] + new[12288:],
        ):
            self.assertEqual(self.mended(torn), new)
            self.assertEqual(self.left(), [])

    def test_a_whole_file_stays(self) -> None:
        """The old one (nothing was written yet) and the new one (the record was not removed yet)."""
        for whole in (self.OLD, self.NEW):
            self.assertEqual(self.mended(whole), whole)
            self.assertEqual(self.left(), [])

    def test_what_another_program_wrote_stays(self) -> None:
        """And what was to be written is kept."""
        for other in (b"another", self.OLD[:-1] + b"x", self.NEW + b"more", b"x" * 4096 + self.NEW[4096:]):
            self.assertEqual(self.mended(other), other)
            (kept,) = self.spool.glob("*.left")
            self.assertTrue(kept.read_bytes().endswith(self.NEW))
            kept.unlink()

    def test_a_record_that_cannot_be_used_harms_nobody(self) -> None:
        """Its file is away: it waits for it. It is no record: it stays. Unfinished ones are removed."""
        self.record()
        self.file.unlink()
        (self.spool / "1.record").write_bytes(b"something")
        (self.spool / "1.draft").write_bytes(b"unfinished")
        InPlace(self.spool).mend()
        self.assertEqual(self.left(), [".record", ".record"])
        self.file.write_bytes(self.NEW[:4096] + self.OLD[4096:])
        InPlace(self.spool).mend()
        self.assertEqual(self.file.read_bytes(), self.NEW)
        InPlace(self.path / "none").mend()
